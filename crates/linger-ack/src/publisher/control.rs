//! The control thread: it owns the ROUTER socket, hears the members and ends the publisher.

use super::authorize::{Gate, Peer};
use super::core::{Core, Shared};
use super::news::{News, OnEvent};
use crate::receive;
use bytes::Bytes;
use linger_ack_proto::wire::ToPublisher;
use linger_registry::Socket;
use linger_registry::zmq::{self, DONTWAIT, SNDMORE};
use parking_lot::MutexGuard;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How many frames are taken in before the members are answered.
const BURST: usize = 256;

/// How many bytes of frames are taken in before the members are answered, and one frame more.
const BURST_BYTES: usize = 1 << 20;

/// After how many bursts in a row the timers are looked at, though there is more to read: whoever
/// floods the control port must not stop the clock.
const BURSTS: usize = 64;

/// How many bursts the last look at the ROUTER takes in at most.
const LAST_BURSTS: usize = 64;

pub(super) struct ControlThread {
    shared: Arc<Shared>,
    router: Socket,
    gate: Option<Gate>,
    frames: Vec<Frame>,
    /// How many bursts in a row left something to read.
    bursts: usize,
    /// What is to be told, once no lock is held.
    news: News,
}

/// A frame as the ROUTER gave it.
struct Frame {
    route: Bytes,
    frame: Bytes,
    /// Where it came from, if an authorizer may want to know.
    peer: Peer,
}

/// Whether the thread goes on.
#[derive(PartialEq, Eq)]
enum Next {
    /// Look again at once: there is more to read.
    Again,
    /// Sleep until this, or until something happens.
    Sleep(Option<Instant>),
    End,
}

impl ControlThread {
    pub(super) fn spawn(
        shared: Arc<Shared>,
        router: Socket,
        gate: Option<Gate>,
        on_event: Option<OnEvent>,
    ) -> io::Result<()> {
        // A thread's name can't hold a NUL.
        let name = format!("linger-ack {}", shared.name).replace('\0', "?");
        let thread = Self {
            shared,
            router,
            gate,
            frames: Vec::with_capacity(BURST),
            bursts: 0,
            news: News::new(on_event),
        };
        thread::Builder::new()
            .name(name)
            .spawn(move || thread.run())?;
        Ok(())
    }

    fn run(mut self) {
        // A panic, such as one of the application's log, ends the publisher as a lost context does:
        // without its thread nothing would be heard or repaired any more.
        let served = panic::catch_unwind(AssertUnwindSafe(|| self.serve()));
        let has_panicked = served.is_err();
        if !matches!(served, Ok(Ok(()))) {
            let mut core = self.shared.core.lock();
            self.shared.conclude(&mut core);
            self.news.gather(&mut core, Instant::now());
            let control = std::mem::take(&mut core.control);
            drop(core);
            // If the context was ended under us, there is nobody left to tell.
            let _ = self.send(control);
            self.news.terminated = served.ok().and_then(Result::err);
        }
        let Self {
            shared,
            router,
            mut news,
            ..
        } = self;
        drop(router);
        shared.core.lock().has_thread_ended = true;
        shared.change.notify_all();
        shared.wake_tasks();
        if !has_panicked {
            news.tell(&shared.name); // otherwise the panic hook has told
        }
    }

    fn serve(&mut self) -> zmq::Result<()> {
        loop {
            let next = self.step()?;
            if next != Next::End {
                self.news.tell(&self.shared.name);
            }
            match next {
                Next::Again => {}
                Next::Sleep(until) => self.sleep(until),
                Next::End => return Ok(()),
            }
        }
    }

    /// Reads a burst, lets the machine think, says what it says.
    fn step(&mut self) -> zmq::Result<Next> {
        self.shared.waker.take();
        let has_more = self.read()?;
        let shared = Arc::clone(&self.shared);
        let mut core = shared.core.lock();
        let now = self.take_in(&mut core);
        if core.report.is_some() {
            // A caller whose deadline came has judged already.
            self.news.gather(&mut core, now);
            let control = std::mem::take(&mut core.control);
            drop(core);
            self.send(control)?;
            return Ok(Next::End);
        }
        let mut end = None;
        self.bursts = if has_more { self.bursts + 1 } else { 0 };
        if !has_more || self.bursts >= BURSTS {
            self.bursts = 0;
            core.machine.handle_timeout(now);
            if let Some(closing) = core.closing.clone() {
                core.machine.begin_close(now);
                end = shared.judge(&core, &closing, now);
            }
        }
        // Who has acknowledged everything needs no END to know what to wait for: FIN says it.
        let needs_end = !matches!(end, Some(End::Now)) || !core.is_settled();
        let has_more = (needs_end && core.transmit()) || has_more;
        self.news.gather(&mut core, now);
        shared.announce();
        let control = std::mem::take(&mut core.control);
        let next = match (has_more, end) {
            (_, Some(End::Now)) => Next::End,
            (true, _) => Next::Again,
            (false, end) => {
                let limit = match end {
                    Some(End::By(at)) => Some(at),
                    _ => None,
                };
                let timers = [core.machine.poll_timeout(), limit, self.news.due()];
                let until = timers.into_iter().flatten().min();
                core.thread_wakes = until;
                Next::Sleep(until)
            }
        };
        drop(core);
        shared.wake_tasks();
        self.send(control)?;
        if next == Next::End {
            self.finish()?;
        }
        Ok(next)
    }

    /// One more, bounded look at what the ROUTER holds, then the report, and FIN.
    fn finish(&mut self) -> zmq::Result<()> {
        for _ in 0..LAST_BURSTS {
            let has_more = self.read()?;
            let shared = Arc::clone(&self.shared);
            let mut core = shared.core.lock();
            let now = self.take_in(&mut core);
            let is_due = core
                .closing
                .as_ref()
                .is_none_or(|closing| closing.deadline <= now);
            if !has_more || is_due {
                break;
            }
        }
        let mut core = self.shared.core.lock();
        self.shared.conclude(&mut core);
        self.news.gather(&mut core, Instant::now());
        let control = std::mem::take(&mut core.control);
        drop(core);
        self.send(control)
    }

    /// Hands what was read to the machine, each frame after the authorizer had its say; tells the
    /// time. It is looked at only with the lock held: for the machine it never goes back.
    fn take_in(&mut self, core: &mut MutexGuard<'_, Core>) -> Instant {
        let mut now = Instant::now();
        for Frame { route, frame, peer } in self.frames.drain(..) {
            match &self.gate {
                None => core.machine.handle_control(now, &route, &frame),
                Some(gate) => {
                    let denial = gate.take_in(core, &mut now, (&route, &frame), &peer);
                    self.news.denials.extend(denial);
                }
            }
        }
        now
    }

    /// Takes in up to a burst of frames. True if there may be more.
    fn read(&mut self) -> zmq::Result<bool> {
        let mut bytes = 0;
        while self.frames.len() < BURST && bytes < BURST_BYTES {
            let Some(route) = receive::frame(&self.router)? else {
                return Ok(false);
            };
            let mut frame = Bytes::new();
            let mut peer = Peer::default();
            let mut parts = 0;
            let mut more = route.get_more();
            while more {
                let Some(mut part) = receive::frame(&self.router)? else {
                    break;
                };
                more = part.get_more();
                parts += 1;
                if parts == 1 {
                    frame = Bytes::copy_from_slice(&part);
                    if self.gate.is_some() && ToPublisher::may_ask(&frame) {
                        peer = Peer::of(&mut part);
                    }
                }
            }
            if parts > 1 {
                // Nobody of ours sends that, nor none: the machine counts it as broken.
                frame = Bytes::new();
            }
            bytes += frame.len();
            let route = Bytes::copy_from_slice(&route);
            self.frames.push(Frame { route, frame, peer });
        }
        Ok(true)
    }

    /// Sends without waiting. What is refused is said again by its timer.
    fn send(&self, frames: Vec<(Bytes, Bytes)>) -> zmq::Result<()> {
        for (route, frame) in frames {
            let sent = retry(|| self.router.send(&route[..], DONTWAIT | SNDMORE));
            match sent.and_then(|()| retry(|| self.router.send(&frame[..], DONTWAIT))) {
                Ok(()) | Err(zmq::Error::EAGAIN | zmq::Error::EHOSTUNREACH) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn sleep(&self, until: Option<Instant>) {
        let mut items = [
            self.router.as_poll_item(zmq::POLLIN),
            zmq::PollItem::from_fd(self.shared.waker.descriptor(), zmq::POLLIN),
        ];
        // Rounded up: to wake before the time is to wake in vain.
        let timeout = until.map_or(-1, |at| {
            let wait = at.saturating_duration_since(Instant::now());
            let wait = wait + Duration::from_micros(999);
            i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
        });
        // An error, if it lasts, shows again at the next read.
        let _ = zmq::poll(&mut items, timeout);
    }
}

/// When a close is to be concluded.
pub(super) enum End {
    Now,
    By(Instant),
}

fn retry(mut send: impl FnMut() -> zmq::Result<()>) -> zmq::Result<()> {
    loop {
        match send() {
            Err(zmq::Error::EINTR) => {}
            result => return result,
        }
    }
}
