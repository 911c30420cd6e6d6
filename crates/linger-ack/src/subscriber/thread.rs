//! The receive thread: it owns the sockets of all links.

use super::herald::Herald;
use super::sockets::Sockets;
use super::state::Shared;
use linger_registry::zmq;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How soon a timer that is past is looked at again while the DEALER takes nothing: what it would
/// say can't be said, but it may also be the one that ends a wait for a publisher that is gone.
const REFUSED: Duration = Duration::from_millis(100);

pub(super) struct ReceiveThread {
    shared: Arc<Shared>,
    links: Vec<Sockets>,
    herald: Herald,
}

impl ReceiveThread {
    pub(super) fn spawn(
        shared: Arc<Shared>,
        links: Vec<Sockets>,
        herald: Herald,
    ) -> io::Result<()> {
        // A thread's name can't hold a NUL.
        let name = format!("linger-ack {}", shared.name).replace('\0', "?");
        let mut thread = Self {
            shared,
            links,
            herald,
        };
        thread::Builder::new()
            .name(name)
            .spawn(move || thread.run())?;
        Ok(())
    }

    fn run(&mut self) {
        // A panic, such as one of the application's log, ends it as a lost context does: whoever
        // waits for deliveries is told.
        let received = panic::catch_unwind(AssertUnwindSafe(|| self.receive()));
        let ends = self.shared.ends();
        let mut news = Vec::new();
        for (mut link, end) in self.links.drain(..).zip(ends) {
            news.push((link.endpoint.clone(), link.take_news()));
            link.end(end);
        }
        self.shared.thread_ended();
        // Told last: nobody waits for this thread any more.
        match received {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(subscriber = %self.shared.name, %error, "the sockets were ended before the subscriber was closed");
            }
            Err(_panic) => return, // the panic hook has told
        }
        for (publisher, events) in news {
            self.herald.tell(&publisher, events);
        }
    }

    /// Goes on until every membership has ended.
    fn receive(&mut self) -> zmq::Result<()> {
        let mut takes_data = vec![true; self.links.len()];
        loop {
            self.shared.waker.take();
            let mut has_more = false;
            for link in &mut self.links {
                has_more |= link.read_control()?;
            }
            let mut state = self.shared.lock();
            // Under the lock: the machines' time never goes back.
            let now = Instant::now();
            let mut has_news = false;
            let mut wake_at = None;
            let mut has_ended = true;
            let is_stopped = state.is_stopped();
            for (at, link) in self.links.iter_mut().enumerate() {
                let state = &mut state.links[at];
                let step = link.step(now, state, takes_data[at] && !is_stopped)?;
                has_news |= step.has_news;
                has_more |= step.has_more;
                has_ended &= state.ended.is_some();
            }
            let mut handover = self.shared.handover.lock();
            for (at, link) in self.links.iter().enumerate() {
                let state = &mut state.links[at];
                has_news |= handover.fill(at, state);
                takes_data[at] = handover.takes_data(at) && !is_stopped;
                let due = state.machine.poll_timeout();
                let due = match link.is_refused() {
                    true => due.map(|due| due.max(now + REFUSED)),
                    false => due,
                };
                wake_at = wake_at.into_iter().chain(due).min();
            }
            handover.note(&state.links);
            drop(handover);
            match has_news {
                true => self.shared.announce(state),
                false => drop(state),
            }
            if has_ended {
                return Ok(());
            }
            for link in &mut self.links {
                let news = link.take_news();
                self.herald.tell(&link.endpoint, news);
            }
            if !has_more && self.shared.handover.sleeps(wake_at) {
                self.sleep(wake_at, &takes_data);
                self.shared.handover.is_awake();
            }
        }
    }

    fn sleep(&self, until: Option<Instant>, takes_data: &[bool]) {
        let mut items = Vec::with_capacity(2 * self.links.len() + 1);
        items.push(zmq::PollItem::from_fd(
            self.shared.waker.descriptor(),
            zmq::POLLIN,
        ));
        for (link, takes_data) in self.links.iter().zip(takes_data) {
            let mut wanted = zmq::POLLIN;
            if link.is_refused() {
                wanted |= zmq::POLLOUT;
            }
            items.push(link.dealer.as_poll_item(wanted));
            if *takes_data {
                items.push(link.sub.as_poll_item(zmq::POLLIN));
            }
        }
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
