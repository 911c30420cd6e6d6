//! The registry: the handle from which sockets come, and which ends them.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Instant;

use crate::adopt::Adoption;
use crate::builder::SocketBuilder;
use crate::context::running;
use crate::context_error::ContextError;
use crate::group::Group;
use crate::info::SocketInfo;
use crate::leaks;
use crate::report::Report;
use crate::shared::Shared;

/// Where all sockets of a service are born, and where they end.
///
/// It owns a libzmq context of its own, which nobody else gets to see (unless it was made by
/// [`shared`](Self::shared)): so every socket on it is known, by name and by the place that opened it, and the context is ended exactly once, after
/// the last of them. Clones are the same registry.
///
/// The first [`open`](SocketBuilder::open) makes the context and starts the closer thread; both
/// are gone when the close has come to its end. A registry that is dropped without
/// [`close_by`](Self::close_by) waits for nothing: its sockets go on working, each ends when it is
/// dropped, and the context in the background after the last.
///
/// # Examples
///
/// ```
/// use linger_registry::{Registry, zmq};
/// use std::time::{Duration, Instant};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = Registry::new();
/// let results = registry.socket(zmq::PULL).name("results").open()?;
/// results.bind("tcp://127.0.0.1:*")?;
/// let out = registry.socket(zmq::PUSH).name("out").linger(Duration::from_secs(2)).open()?;
/// out.connect(&results.last_endpoint().unwrap_or_default())?;
///
/// out.send("done", 0)?;
/// assert_eq!(results.recv_bytes(0)?, b"done");
/// drop((out, results));
///
/// let report = registry.close_by(Instant::now() + Duration::from_secs(5));
/// assert!(report.is_clean(), "{report}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
    /// Counts the handles; sockets don't count.
    _handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.abandon();
    }
}

impl Registry {
    /// An empty registry: no context, no thread, until the first socket is opened.
    #[must_use]
    pub fn new() -> Self {
        Self::over(Shared::new())
    }

    fn over(shared: Shared) -> Self {
        let shared = Arc::new(shared);
        Self {
            _handle: Arc::new(Handle {
                shared: Arc::clone(&shared),
            }),
            shared,
        }
    }

    /// An empty registry whose [context](Self::context) others can have.
    ///
    /// For wrappers that take a [`zmq::Context`]. Where one takes a socket, prefer
    /// [`Socket::into_zmq`](crate::Socket::into_zmq), or [`adopt`](Self::adopt) what it made, as
    /// this promises less than [`new`](Self::new):
    ///
    /// - The context is never ended, only [released](crate::ContextOutcome::Released). So owners
    ///   in a bare `recv` are not woken by `ETERM`: they are reported as
    ///   [`StillOpen`](crate::Outcome::StillOpen), and the context as pending.
    /// - What others make with a clone of it is in no report.
    /// - Dropping a [`Socket`](crate::Socket) of the registry never blocks. But whoever drops the
    ///   last clone of the context *or the last socket that others made with it*, after the
    ///   registry has let go of it, waits in `zmq`'s destructor for all that lingers there.
    #[must_use]
    pub fn shared() -> Self {
        Self::over(Shared::lending())
    }

    /// A clone of the context of a registry made by [`shared`](Self::shared).
    ///
    /// The first call makes the context if no socket has yet. Never call
    /// [`destroy`](zmq::Context::destroy) on it: in `zmq` 0.10 every other clone, the registry's
    /// among them, would be used after it was freed.
    ///
    /// # Errors
    ///
    /// [`ContextError`]: the registry was made by [`new`](Self::new), a close has begun, or the
    /// system refused it.
    pub fn context(&self) -> Result<zmq::Context, ContextError> {
        if !self.shared.lends {
            return Err(ContextError::Private);
        }
        if self.shared.is_forked() {
            return Err(ContextError::Forked {
                made_in: self.shared.maker.pid(),
            });
        }
        self.shared
            .lend(|gate| running(&self.shared, gate).cloned())
            .map_err(|state| ContextError::Closing { state })?
            .map_err(ContextError::from)
    }

    /// Describes a socket to open; the caller's file and line are noted.
    #[track_caller]
    pub fn socket(&self, kind: zmq::SocketType) -> SocketBuilder {
        SocketBuilder::new(self.clone(), kind, Location::caller())
    }

    /// Takes over a socket that was made elsewhere; the caller's file and line are noted.
    ///
    /// See [`Adoption`].
    #[track_caller]
    pub fn adopt(&self, socket: zmq::Socket) -> Adoption {
        Adoption::new(self.clone(), socket, Location::caller())
    }

    /// The group of that name, made if there is none.
    ///
    /// Once the close has begun, a new group is born stopped. In a forked child all are, and none
    /// is the parent's.
    #[must_use]
    pub fn group(&self, name: &str) -> Group {
        self.shared.group(name)
    }

    /// Stops the group of that name, for ever.
    ///
    /// It need not have a socket yet.
    pub fn stop(&self, group: &str) {
        self.group(group).stop();
    }

    /// The groups that a close stops one after another, in this order; the rest stop together after
    /// them.
    ///
    /// Without it, a close stops all groups at once. With it, a group is stopped when all sockets
    /// of the one before have ended, or its time is up: an equal share of what is left at that
    /// moment, so that unused time rolls on. So those who produce end before those who consume, and
    /// what was sent in-process can still be read.
    ///
    /// Called again, the last order counts; called when the close has begun, none of it does. A
    /// group that is named twice stops the first time.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_registry::{Registry, zmq};
    /// use std::{thread, time::{Duration, Instant}};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let registry = Registry::new();
    /// registry.close_order(["intake", "work"]);
    /// let jobs = registry.socket(zmq::PULL).name("jobs").group("work").open()?;
    /// jobs.bind("inproc://jobs")?;
    /// let feed = registry.socket(zmq::PUSH).name("feed").group("intake").open()?;
    /// feed.connect("inproc://jobs")?;
    /// feed.send("one", 0)?;
    /// feed.send("two", 0)?;
    ///
    /// let intake = thread::spawn(move || {
    ///     while !feed.group().is_stopped() {
    ///         thread::park_timeout(Duration::from_millis(1)); // sends what comes in
    ///     }
    /// });
    /// let work = thread::spawn(move || jobs.messages().count());
    /// let report = registry.close_by(Instant::now() + Duration::from_secs(5));
    /// assert_eq!(work.join().unwrap(), 2); // `messages` ended after `feed` had
    /// assert!(report.is_clean());
    /// # intake.join().unwrap();
    /// # Ok(())
    /// # }
    /// ```
    pub fn close_order<G: AsRef<str>>(&self, groups: impl IntoIterator<Item = G>) {
        if self.shared.is_forked() {
            return;
        }
        let order = groups
            .into_iter()
            .map(|name| name.as_ref().into())
            .collect();
        self.shared.table.lock().order = order;
    }

    /// All sockets that are open or linger now, in the order of opening.
    #[must_use]
    pub fn snapshot(&self) -> Vec<SocketInfo> {
        if self.shared.is_forked() {
            return self.shared.inherited_sockets();
        }
        self.shared.table.lock().snapshot(Instant::now())
    }

    /// How far the registry is.
    #[must_use]
    pub fn state(&self) -> RegistryState {
        self.shared.state()
    }

    /// Closes everything by `deadline`, and tells what came of it.
    ///
    /// In this order: new sockets are refused; the groups stop, all at once or in their
    /// [order](Self::close_order); owners have time to drop their
    /// sockets; each is closed with the linger it was opened with, or what the deadline leaves of
    /// it; each end is observed; a short time before the deadline (a tenth of the time there was,
    /// at most 200 ms) whoever holds a socket still is woken by `ETERM`; the context ends. It
    /// returns when all has ended, and never after `deadline` but for the time it takes to make
    /// the report. What has not ended by then ends in the background if it can.
    ///
    /// A socket that was dropped before the close lingers with its own limit: libzmq can't change
    /// it any more. Called again, or by several threads at once, it returns the same report; the
    /// earliest deadline counts. A deadline in the past closes what is there with a linger of 0,
    /// and reports at once.
    ///
    /// In a forked child it returns at once, with the sockets as they were at the fork; see
    /// [`processes`](crate::processes).
    ///
    /// This blocks the calling thread. Don't call it on the thread that holds a socket: the socket
    /// can't be dropped while it waits, and is reported as still open.
    pub fn close_by(&self, deadline: Instant) -> Report {
        if self.shared.is_forked() {
            return self.shared.inherited_report();
        }
        self.shared.begin_close(Instant::now(), deadline);
        self.shared.conclude(leaks::tell)
    }

    pub(crate) fn inner(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("state", &self.state())
            .field("open", &self.shared.owned())
            .finish()
    }
}

/// How far a registry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryState {
    /// It opens sockets.
    Open,
    /// A close has begun: it opens no more sockets.
    Closing,
    /// Its context has ended.
    Closed,
    /// It was made in another process, of which this one is a fork: it opens and ends nothing here.
    Forked,
}

impl fmt::Display for RegistryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Forked => "another process's",
        })
    }
}
