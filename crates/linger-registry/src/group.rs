//! Groups: what stops together.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use crate::fork::Maker;
use crate::sync::{AtomicBool, Mutex};

/// The group of sockets that were not given one.
pub(crate) const DEFAULT_GROUP: &str = "default";

/// Sockets that stop together: a flag, and a descriptor for a poll.
///
/// Stopping closes nothing. It ends [`messages`](crate::Socket::messages) and makes the descriptor
/// readable, for ever; whoever owns a socket sees it, finishes, and drops the socket. A group
/// never starts again. Clones are the same group.
///
/// An owner in a bare `recv`, `send`, `poll` or `proxy` sees nothing of it: it is woken by
/// `ETERM`, late, when [`close_by`](crate::Registry::close_by) has come to its reserve.
///
/// # Examples
///
/// A poll of one's own, with the descriptor in it, where [`poll_set`](Group::poll_set) won't do:
///
/// ```
/// use linger_registry::{Registry, zmq};
/// use std::os::fd::AsRawFd;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = Registry::new();
/// let intake = registry.group("intake");
/// let feed = registry.socket(zmq::PULL).group("intake").open()?;
/// feed.bind("tcp://127.0.0.1:*")?;
/// intake.stop();
///
/// let stop = intake.descriptor()?.as_raw_fd();
/// let mut items =
///     [feed.as_poll_item(zmq::POLLIN), zmq::PollItem::from_fd(stop, zmq::POLLIN)];
/// zmq::poll(&mut items, -1)?;
/// assert!(items[1].is_readable() && intake.is_stopped());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Group {
    state: Arc<State>,
}

struct State {
    name: Box<str>,
    maker: Maker,
    stopped: AtomicBool,
    /// One end of a pair: end of file, hence readable, once the other end is shut down.
    readable: OnceLock<UnixStream>,
    /// The other end, while the group runs and somebody asked for a descriptor.
    held: Mutex<Option<UnixStream>>,
}

impl Group {
    fn new(name: &str) -> Self {
        Self {
            state: Arc::new(State {
                name: name.into(),
                maker: Maker::this_process(),
                stopped: AtomicBool::new(false),
                readable: OnceLock::new(),
                held: Mutex::new(None),
            }),
        }
    }

    /// Of a registry that can't have any, in a forked child.
    pub(crate) fn stopped_from_birth(name: &str) -> Self {
        let group = Self::new(name);
        group.stop();
        group
    }

    pub(crate) fn maker(&self) -> Maker {
        self.state.maker
    }

    /// The name it was asked for by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// Stops the group, for ever; stopping again changes nothing. Never blocks.
    ///
    /// In a process that was forked from the one that made it, only
    /// [`is_stopped`](Self::is_stopped) sees it, and only there.
    pub fn stop(&self) {
        if self.state.maker.is_other() {
            self.state.stopped.store(true, Ordering::Release);
            return;
        }
        let mut held = self.state.held.lock();
        self.state.stopped.store(true, Ordering::Release);
        if let Some(held) = held.take() {
            // Closing it is not enough: a forked child has it open too.
            drop(held.shutdown(Shutdown::Both));
        }
    }

    /// Whether the group has been stopped: one atomic load.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.state.stopped.load(Ordering::Acquire)
    }

    /// A descriptor that becomes readable when the group stops, and stays so.
    ///
    /// It is for polling alone: reading from it gives end of file, closing it isn't yours. It is
    /// made when it is first asked for, which [`open`](crate::SocketBuilder::open) does.
    ///
    /// # Errors
    ///
    /// If the process is out of file descriptors, or was forked from the one that made the group
    /// before it had one.
    pub fn descriptor(&self) -> io::Result<BorrowedFd<'_>> {
        if let Some(readable) = self.state.readable.get() {
            return Ok(readable.as_fd());
        }
        if self.state.maker.is_other() {
            return Err(io::Error::other("the group is of another process"));
        }
        let mut held = self.state.held.lock();
        if self.state.readable.get().is_none() {
            let (readable, other) = UnixStream::pair()?;
            // Under the lock that `stop` takes: a stop is either seen here, or finds `held`.
            if !self.is_stopped() {
                *held = Some(other);
            }
            return Ok(self.state.readable.get_or_init(|| readable).as_fd());
        }
        drop(held);
        self.descriptor()
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("name", &self.name())
            .field("stopped", &self.is_stopped())
            .finish()
    }
}

/// The groups of one registry, by name.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    // There are a few: comparing their names is faster than hashing one.
    by_name: BTreeMap<Box<str>, Group>,
    all_stopped: bool,
}

impl Groups {
    /// The group of that name, made if need be; born stopped once all were stopped.
    pub(crate) fn named(&mut self, name: &str) -> Group {
        if let Some(group) = self.by_name.get(name) {
            return group.clone();
        }
        let group = Group::new(name);
        if self.all_stopped {
            group.stop();
        }
        self.by_name.insert(name.into(), group.clone());
        group
    }

    pub(crate) fn stop_all(&mut self) {
        self.all_stopped = true;
        self.by_name.values().for_each(Group::stop);
    }
}
