//! Polling several sockets and descriptors, and the stop with them.

use std::fmt;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Instant;

use super::until::{Halt, Until, stop_descriptor};
use crate::group::Group;
use crate::socket::Socket;

/// Sockets and descriptors that one thread waits for, and the stop of a group.
///
/// Made by [`Group::poll_set`], filled once, and waited on again and again: a wait allocates
/// nothing as long as the set has at most 15 members (from then on libzmq does). Signals
/// (`EINTR`) don't end a wait, nor do they put its deadline off.
///
/// A socket is writable if it has room for one message *to some peer*. For a mandatory `ROUTER`
/// and a `STREAM` that is not to say that the next message finds room.
///
/// # Examples
///
/// ```
/// use linger_registry::{Polled, Registry, zmq};
/// use std::time::{Duration, Instant};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = Registry::new();
/// let intake = registry.group("intake");
/// let jobs = registry.socket(zmq::PULL).group("intake").open()?;
/// let control = registry.socket(zmq::SUB).group("intake").open()?;
/// # jobs.bind("tcp://127.0.0.1:*")?;
/// # control.connect("tcp://127.0.0.1:1")?;
/// # intake.stop();
///
/// let mut set = intake.poll_set();
/// let job = set.add(&jobs, zmq::POLLIN);
/// let order = set.add(&control, zmq::POLLIN);
/// loop {
///     match set.wait_by(Instant::now() + Duration::from_secs(1))? {
///         Polled::Ready if set.is_readable(order) => drop(control.recv_msg(0)?),
///         Polled::Ready if set.is_readable(job) => drop(jobs.recv_msg(0)?),
///         Polled::Stopped => break,
///         _ => println!("idle for a second"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct PollSet<'a> {
    group: Group,
    /// The stop first, then the members by their slots.
    items: Vec<zmq::PollItem<'a>>,
    /// The first item has its descriptor.
    has_stop: bool,
    /// The last wait ended with [`Polled::Ready`], so what the items say is new.
    is_ready: bool,
}

/// A member of a [`PollSet`]; of no meaning to another set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot(usize);

/// How a wait on a [`PollSet`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Polled {
    /// At least one member is ready; the set says which.
    Ready,
    /// The set's group has stopped, or a context is being ended.
    Stopped,
    /// The deadline came first.
    TimedOut,
}

impl Group {
    /// A set to poll, empty but for the stop of this group.
    ///
    /// Its members may be of any group: it is this group's stop that ends the waits.
    #[must_use]
    pub fn poll_set<'a>(&self) -> PollSet<'a> {
        PollSet {
            group: self.clone(),
            // libzmq and the kernel pass over a negative descriptor.
            items: vec![zmq::PollItem::from_fd(-1, zmq::POLLIN)],
            has_stop: false,
            is_ready: false,
        }
    }
}

impl<'a> PollSet<'a> {
    /// Adds a socket, to be waited for until it is readable or writable, as `events` say.
    pub fn add(&mut self, socket: &'a Socket, events: zmq::PollEvents) -> Slot {
        self.push(socket.as_poll_item(events))
    }

    /// Adds a descriptor of any other kind.
    pub fn add_descriptor(&mut self, descriptor: BorrowedFd<'a>, events: zmq::PollEvents) -> Slot {
        self.push(zmq::PollItem::from_fd(descriptor.as_raw_fd(), events))
    }

    fn push(&mut self, item: zmq::PollItem<'a>) -> Slot {
        self.items.push(item);
        Slot(self.items.len() - 1)
    }

    /// Changes what a member is waited for; with `PollEvents::empty()` it is passed over.
    ///
    /// Errors and the hang-up of a descriptor can't be passed over: the kernel reports them
    /// unasked.
    pub fn set_events(&mut self, slot: Slot, events: zmq::PollEvents) {
        if let Some(item) = self.items.get_mut(slot.0) {
            item.set_events(events);
        }
    }

    /// Waits until a member is ready or the group stops.
    ///
    /// # Errors
    ///
    /// What libzmq said; `EMFILE` if the group had no descriptor yet, and none could be made.
    pub fn wait_until_stopped(&mut self) -> zmq::Result<Polled> {
        self.wait(Until::STOPPED)
    }

    /// Waits until a member is ready, the group stops, or the deadline comes.
    ///
    /// With a deadline that is past it asks without waiting. A stop comes before everything: the
    /// wait ends with [`Polled::Stopped`] then, whether a member is ready or not.
    ///
    /// # Errors
    ///
    /// As [`wait_until_stopped`](Self::wait_until_stopped).
    pub fn wait_by(&mut self, deadline: Instant) -> zmq::Result<Polled> {
        self.wait(Until::stopped_or(deadline))
    }

    /// Waits until a member is ready or the deadline comes, stopped or not.
    ///
    /// For finishing what was accepted before the stop.
    ///
    /// # Errors
    ///
    /// As [`wait_until_stopped`](Self::wait_until_stopped). [`Polled::Stopped`] is returned only
    /// if a context is being ended.
    pub fn wait_past_stop_by(&mut self, deadline: Instant) -> zmq::Result<Polled> {
        self.wait(Until::past_stop(deadline))
    }

    fn wait(&mut self, until: Until) -> zmq::Result<Polled> {
        self.is_ready = false;
        match self.poll(until) {
            Ok(()) => {
                self.is_ready = true;
                Ok(Polled::Ready)
            }
            Err(Halt::Stopped) => Ok(Polled::Stopped),
            Err(Halt::TimedOut) => Ok(Polled::TimedOut),
            Err(Halt::Failed(error)) => Err(error),
        }
    }

    fn poll(&mut self, until: Until) -> Result<(), Halt> {
        if !self.has_stop {
            self.items[0] = zmq::PollItem::from_fd(stop_descriptor(&self.group)?, zmq::POLLIN);
            self.has_stop = true;
        }
        loop {
            if until.is_stopped(&self.group) {
                return Err(Halt::Stopped);
            }
            let watched = match until.sees_stop() {
                true => &mut self.items[..],
                false => &mut self.items[1..],
            };
            let now = Instant::now();
            match zmq::poll(watched, until.timeout_ms(now, None)) {
                Err(zmq::Error::EINTR) => {}
                Err(error) => return Err(error.into()),
                // If it is the stop that is ready, the next round says so.
                Ok(ready) if ready > 0 && !until.is_stopped(&self.group) => return Ok(()),
                // A poll that began before the deadline is followed by a last one.
                Ok(0) if until.is_over(now) => return Err(Halt::TimedOut),
                Ok(_) => {}
            }
        }
    }

    /// Whether there is something to read, as of the last wait.
    #[must_use]
    pub fn is_readable(&self, slot: Slot) -> bool {
        self.said(slot, zmq::PollItem::is_readable)
    }

    /// Whether there is room to write, as of the last wait.
    #[must_use]
    pub fn is_writable(&self, slot: Slot) -> bool {
        self.said(slot, zmq::PollItem::is_writable)
    }

    /// Whether a descriptor has an error or a hang-up, as of the last wait; sockets have none.
    #[must_use]
    pub fn is_error(&self, slot: Slot) -> bool {
        self.said(slot, zmq::PollItem::is_error)
    }

    fn said(&self, slot: Slot, what: impl FnOnce(&zmq::PollItem<'a>) -> bool) -> bool {
        self.is_ready && self.items.get(slot.0).is_some_and(what)
    }
}

impl fmt::Debug for PollSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollSet")
            .field("group", &self.group)
            .field("members", &(self.items.len() - 1))
            .finish()
    }
}
