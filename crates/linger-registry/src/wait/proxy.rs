//! A proxy that stops.

use std::fmt;
use std::time::Instant;

use super::lane::{Lane, Moved};
use super::proxy_error::ProxyError;
use super::until::{REFUSED, Until, stop_descriptor};
use crate::socket::Socket;

/// Passes messages on between two sockets, both ways, until the group of either stops.
///
/// The counterpart of [`zmq::proxy`], which sees no stop. Messages go on whole, with all their
/// frames. Each direction has back-pressure of its own: while one socket has no room the other is
/// not read, but for one message, which is [in hand](Proxy::in_hand) then. A direction in which
/// the sockets can't receive at all, as from a `PUSH`, is passed over. Each frame is copied once,
/// which `zmq::proxy` does not do: what libzmq refuses is otherwise gone.
///
/// What is queued at the stop stays queued, and what is in hand stays in hand:
/// [`finish_by`](Proxy::finish_by) passes it on.
///
/// # Errors
///
/// [`ProxyError`]; the context's end counts as the stop.
///
/// # Examples
///
/// ```
/// use linger_registry::{Registry, proxy_until_stopped, zmq};
/// use std::thread;
/// use std::time::{Duration, Instant};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = Registry::new();
/// let clients = registry.socket(zmq::ROUTER).name("clients").open()?;
/// clients.bind("tcp://127.0.0.1:*")?;
/// let workers = registry.socket(zmq::DEALER).name("workers").open()?;
/// workers.bind("tcp://127.0.0.1:*")?;
///
/// let broker = thread::spawn(move || {
///     let mut proxy = proxy_until_stopped(&clients, &workers)?;
///     proxy.finish_by(Instant::now() + Duration::from_secs(1))
/// });
/// let report = registry.close_by(Instant::now() + Duration::from_secs(5));
/// # let _ = broker.join();
/// # assert!(report.is_clean());
/// # Ok(())
/// # }
/// ```
pub fn proxy_until_stopped<'a>(
    frontend: &'a Socket,
    backend: &'a Socket,
) -> Result<Proxy<'a>, ProxyError> {
    let mut proxy = Proxy::new(frontend, backend);
    proxy.run_until_stopped()?;
    Ok(proxy)
}

/// Two sockets, and the messages between them. See [`proxy_until_stopped`].
///
/// It may hold one message for each direction: dropped with that, it drops the message.
#[must_use = "a proxy does nothing until it is run, and may hold messages when it has run"]
pub struct Proxy<'a> {
    to_backend: Lane<'a>,
    to_frontend: Lane<'a>,
}

impl<'a> Proxy<'a> {
    /// A proxy that is not running yet.
    pub fn new(frontend: &'a Socket, backend: &'a Socket) -> Self {
        Self {
            to_backend: Lane::new(frontend, backend),
            to_frontend: Lane::new(backend, frontend),
        }
    }

    /// Passes messages on until the group of either socket stops.
    ///
    /// # Errors
    ///
    /// As [`proxy_until_stopped`]; it can be run again after one.
    pub fn run_until_stopped(&mut self) -> Result<(), ProxyError> {
        self.run(Until::STOPPED, false)?;
        Ok(())
    }

    /// Passes on what is in hand and what is queued, both ways, stopped or not.
    ///
    /// It ends when nothing is in hand and both queues are empty for a moment. Answers that are
    /// still being worked at are not waited for, as nobody knows of them here.
    ///
    /// # Errors
    ///
    /// [`ProxyError::TimedOut`] if the deadline came before that, or the context's end.
    pub fn finish_by(&mut self, deadline: Instant) -> Result<(), ProxyError> {
        if self.run(Until::past_stop(deadline), true)? {
            return Ok(());
        }
        Err(ProxyError::TimedOut {
            frontend: self.to_backend.from.name().to_owned(),
            backend: self.to_backend.to.name().to_owned(),
            in_hand: self.in_hand(),
        })
    }

    /// How many messages went from the frontend to the backend.
    #[must_use]
    pub fn to_backend(&self) -> u64 {
        self.to_backend.passed
    }

    /// How many messages went from the backend to the frontend.
    #[must_use]
    pub fn to_frontend(&self) -> u64 {
        self.to_frontend.passed
    }

    /// How many messages were taken from one socket, and the other had no room for yet.
    ///
    /// At most one in each direction.
    #[must_use]
    pub fn in_hand(&self) -> usize {
        usize::from(self.to_backend.has_message()) + usize::from(self.to_frontend.has_message())
    }

    /// Whether it ended because nothing is queued and nothing in hand, rather than by `until`.
    fn run(&mut self, until: Until, ends_when_quiet: bool) -> Result<bool, ProxyError> {
        let (frontend, backend) = (self.to_backend.from, self.to_backend.to);
        while !until.is_stopped(frontend.group()) && !until.is_stopped(backend.group()) {
            let there = self.to_backend.pass_on()?;
            let back = self.to_frontend.pass_on()?;
            match (there, back) {
                (Moved::Ended, _) | (_, Moved::Ended) => break,
                (Moved::Some, _) | (_, Moved::Some) => {}
                (Moved::Nothing, Moved::Nothing) if ends_when_quiet => return Ok(true),
                _ => self.wait(until, there, back)?,
            }
            if until.is_over(Instant::now()) {
                break;
            }
        }
        Ok(false)
    }

    /// Until a direction that stood still may go on, the stop, or the deadline.
    fn wait(&mut self, until: Until, there: Moved, back: Moved) -> Result<(), ProxyError> {
        let (frontend, backend) = (self.to_backend.from, self.to_backend.to);
        let stop = |socket: &Socket| {
            let descriptor = stop_descriptor(socket.group());
            descriptor.map_err(|source| ProxyError::receive(socket, source))
        };
        let pause = self.to_backend.was_misled(there) | self.to_frontend.was_misled(back);
        let frontend_events =
            self.to_backend.awaits_message(there) | self.to_frontend.awaits_room(back);
        let backend_events =
            self.to_frontend.awaits_message(back) | self.to_backend.awaits_room(there);
        let mut items = [
            frontend.as_poll_item(frontend_events),
            backend.as_poll_item(backend_events),
            zmq::PollItem::from_fd(stop(frontend)?, zmq::POLLIN),
            zmq::PollItem::from_fd(stop(backend)?, zmq::POLLIN),
        ];
        let watched = match until.sees_stop() {
            true => &mut items[..],
            false => &mut items[..2],
        };
        match zmq::poll(
            watched,
            until.timeout_ms(Instant::now(), pause.then_some(REFUSED)),
        ) {
            // The context's end shows at the next receive.
            Ok(_) | Err(zmq::Error::EINTR | zmq::Error::ETERM) => {}
            Err(source) => return Err(ProxyError::receive(frontend, source)),
        }
        self.to_backend.note_room(items[1].is_writable());
        self.to_frontend.note_room(items[0].is_writable());
        Ok(())
    }
}

impl fmt::Debug for Proxy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("frontend", &self.to_backend.from.name())
            .field("backend", &self.to_backend.to.name())
            .field("to_backend", &self.to_backend())
            .field("to_frontend", &self.to_frontend())
            .field("in_hand", &self.in_hand())
            .finish()
    }
}
