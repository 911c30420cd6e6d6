//! A socket of the registry.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::thread;

use tracing::debug;

use crate::endpoint::Endpoint;
use crate::endpoint_error::{BindError, ConnectError, EndpointFault};
use crate::failure::{Failure, guarded, uninterrupted};
use crate::group::Group;
use crate::ipc;
use crate::kind;
use crate::peers::Peers;
use crate::raw::Raw;
use crate::record::Record;
use crate::shared::Shared;
use crate::wait::{Messages, MultipartMessages};

/// A socket of a [`Registry`](crate::Registry): a [`zmq::Socket`] that has a name and an end.
///
/// It dereferences to [`zmq::Socket`], so sending, receiving, polling and options are `zmq`'s.
/// Its own are [`bind`](Self::bind), [`connect`](Self::connect) and [`monitor`](Self::monitor), so
/// that the registry knows of them, and the waits that see the group's stop:
///
/// | to | until the stop | or a deadline | the deadline, stopped or not |
/// |---|---|---|---|
/// | receive | [`recv_until_stopped`](Self::recv_until_stopped) | [`recv_by`](Self::recv_by) | [`recv_past_stop_by`](Self::recv_past_stop_by) |
/// | send | [`send_until_stopped`](Self::send_until_stopped) | [`send_by`](Self::send_by) | [`send_past_stop_by`](Self::send_past_stop_by) |
/// | poll several | [`PollSet::wait_until_stopped`](crate::PollSet::wait_until_stopped) | [`PollSet::wait_by`](crate::PollSet::wait_by) | [`PollSet::wait_past_stop_by`](crate::PollSet::wait_past_stop_by) |
/// | pass on | [`proxy_until_stopped`](crate::proxy_until_stopped) | | [`Proxy::finish_by`](crate::Proxy::finish_by) |
/// | iterate | [`messages`](Self::messages) | | [`queued`](Self::queued), without waiting |
///
/// All go on after signals (`EINTR`). Messages of several frames have forms of their own, such as
/// [`recv_multipart_by`](Self::recv_multipart_by).
///
/// **Dropping it never blocks.** The closer thread of the registry closes it with its linger, and
/// observes its end. It may be dropped on any thread, in a panic too. Like [`zmq::Socket`] it may
/// move between threads (`Send`), but is used by one at a time (not `Sync`).
///
/// # In a forked child
///
/// It is still the parent's: dropping it there does nothing, to use it harms the parent. See
/// [`processes`](crate::processes).
///
/// # A bare `recv`
///
/// A thread that blocks in `recv`, `send`, `poll` or `proxy` of `zmq` itself sees nothing of a
/// stop. It is woken by [`zmq::Error::ETERM`] when the close has come to its reserve, and
/// from then on nothing can be set or seen: the linger is the one last set, and the report says
/// [`ClosedLate`](crate::Outcome::ClosedLate) at best. So prefer the waits above, or a poll of
/// one's own with the group's [descriptor](Group::descriptor) in it. `zmq` returns
/// [`EINTR`](zmq::Error::EINTR) from bare calls whenever a signal comes: go on.
pub struct Socket {
    shared: Arc<Shared>,
    record: Arc<Record>,
    raw: Raw,
}

impl Socket {
    pub(crate) fn new(shared: Arc<Shared>, record: Arc<Record>, raw: Raw) -> Self {
        Self {
            shared,
            record,
            raw,
        }
    }

    /// The name it was given, or the generated one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// The group that stops it.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.record.group
    }

    /// Binds it, and notes where.
    ///
    /// A port of `*` or 0 lets the kernel choose: [`last_endpoint`](Self::last_endpoint) tells.
    /// Note that libzmq deletes whatever file there is at the path of an `ipc://` endpoint.
    ///
    /// # Errors
    ///
    /// [`BindError`] names socket and endpoint, and tells a port that is taken from an endpoint
    /// that can't be.
    ///
    /// # Panics
    ///
    /// Never; but for errors that `zmq` has no name for (a read-only file system, say) `zmq`
    /// panics, and this turns the panic into an error. The panic hook runs; with
    /// `panic = "abort"` the process ends.
    pub fn bind(&self, endpoint: &str) -> Result<(), BindError> {
        let name = self.name();
        if self.shared.is_forked() {
            return Err(BindError::Forked {
                socket: name.to_owned(),
                endpoint: endpoint.to_owned(),
                opened_in: self.shared.maker.pid(),
            });
        }
        EndpointFault::check(endpoint).map_err(|source| BindError::BadEndpoint {
            socket: name.to_owned(),
            endpoint: endpoint.to_owned(),
            source,
        })?;
        ipc::check_folder(endpoint)
            .map_err(Failure::System)
            .and_then(|()| guarded(|| uninterrupted(|| self.deref().bind(endpoint))))
            .map_err(|failure| BindError::from_failure(name, endpoint, failure))?;
        // The wildcard is known only now.
        let bound = match self.get_last_endpoint() {
            Ok(Ok(bound)) if !bound.is_empty() => bound,
            _ => endpoint.to_owned(),
        };
        debug!(socket = name, endpoint = &*bound, "bound");
        self.record.note_endpoint(Endpoint::Bound(bound));
        self.record.look_for_traps(self);
        Ok(())
    }

    /// Connects it, and notes where; libzmq goes on trying in the background.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] names socket and endpoint. That nobody listens is no error.
    ///
    /// # Panics
    ///
    /// Never, as [`bind`](Self::bind).
    pub fn connect(&self, endpoint: &str) -> Result<(), ConnectError> {
        let name = self.name();
        if self.shared.is_forked() {
            return Err(ConnectError::Forked {
                socket: name.to_owned(),
                endpoint: endpoint.to_owned(),
                opened_in: self.shared.maker.pid(),
            });
        }
        EndpointFault::check(endpoint).map_err(|source| ConnectError::BadEndpoint {
            socket: name.to_owned(),
            endpoint: endpoint.to_owned(),
            source,
        })?;
        guarded(|| uninterrupted(|| self.deref().connect(endpoint)))
            .map_err(|failure| ConnectError::from_failure(name, endpoint, failure))?;
        debug!(socket = name, endpoint, "connected");
        self.record
            .note_endpoint(Endpoint::Connected(endpoint.to_owned()));
        self.record.look_for_traps(self);
        Ok(())
    }

    /// What it was bound and connected to, in that order of calls.
    ///
    /// `unbind` and `disconnect` are `zmq`'s, and take nothing out.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.record.endpoints()
    }

    /// The address of the last successful `bind` or `connect`, with the port that it got.
    #[must_use]
    pub fn last_endpoint(&self) -> Option<String> {
        self.record
            .endpoints()
            .last()
            .map(|endpoint| endpoint.address().to_owned())
    }

    /// Attaches a monitor of your own, as [`zmq::Socket::monitor`].
    ///
    /// libzmq allows one for each socket. So the registry attaches none of its own when it closes
    /// this socket: yours goes on to the end, and the socket is reported as
    /// [`Unobserved`](crate::Outcome::Unobserved). Read it to the end: libzmq blocks the thread
    /// that does all its closing while an event finds no reader.
    ///
    /// One that is attached through `Deref`, as `(*socket).monitor(…)`, is not known to the
    /// registry, whose own ends it at the close; and it ends that of an observed socket.
    ///
    /// # Errors
    ///
    /// What libzmq said; `EPROTONOSUPPORT` if the endpoint is not `inproc://`. `EBUSY` if it was
    /// opened with [`observe`](crate::SocketBuilder::observe). `ETERM` in a forked child.
    pub fn monitor(&self, endpoint: &str, events: i32) -> zmq::Result<()> {
        if endpoint.contains('\0') {
            return Err(zmq::Error::EINVAL);
        }
        if self.record.is_observed() {
            return Err(zmq::Error::EBUSY);
        }
        if self.shared.is_forked() {
            return Err(zmq::Error::ETERM);
        }
        uninterrupted(|| self.deref().monitor(endpoint, events))?;
        self.record.note_own_monitor();
        Ok(())
    }

    /// The frames that arrive, one by one, until the socket's group stops.
    ///
    /// See [`Messages`].
    pub fn messages(&self) -> Messages<'_> {
        Messages::new(self)
    }

    /// The messages that arrive, each with all its frames, until the socket's group stops.
    ///
    /// See [`MultipartMessages`].
    pub fn multipart_messages(&self) -> MultipartMessages<'_> {
        MultipartMessages::new(self)
    }
}

impl Deref for Socket {
    type Target = zmq::Socket;

    #[inline]
    fn deref(&self) -> &zmq::Socket {
        self.record.last_use.touch();
        &self.raw
    }
}

impl Socket {
    /// Gives the [`zmq::Socket`] away, to a wrapper that wants one of its own.
    ///
    /// For `tmq` and the like. Whoever has it may drop it on any thread, an async worker too, and
    /// never waits there: a private registry's context is not ended by a destructor. (With
    /// [`Registry::shared`](crate::Registry::shared) it is, by the very last.) The name stays
    /// taken, and the end is still seen:
    ///
    /// - Dropped by its new owner, it is reported as [`Ended`](crate::Outcome::Ended). Its linger
    ///   is the one that it was opened with, or [`DEFAULT_LINGER`](crate::DEFAULT_LINGER) if that
    ///   hangs on a close; a close can't cut it, and its new owner may set another.
    /// - Held still at the reserve of a close, it is closed by `ETERM` as others are
    ///   ([`ClosedLate`](crate::Outcome::ClosedLate)), or reported as
    ///   [`StillOpen`](crate::Outcome::StillOpen).
    /// - If its end can't be watched, as there was no room for a monitor or it has one, it is
    ///   [`Unobserved`](crate::Outcome::Unobserved), and a close gives it until the reserve. A
    ///   monitor that its new owner attaches ends ours: then it is taken to have ended.
    ///
    /// Its new owner sees nothing of the group's stop: keep a clone of the [`group`](Self::group).
    /// What was [adopted](crate::Registry::adopt) leaves the registry for good, as
    /// [`Unobserved`](crate::Outcome::Unobserved).
    ///
    /// In a forked child the registry does nothing, and what is given must be forgotten
    /// ([`mem::forget`](std::mem::forget)): its drop would close the parent's socket.
    ///
    /// # Panics
    ///
    /// Never: a socket that was not dropped is there to be given.
    #[must_use = "dropping it closes the socket"]
    #[expect(
        clippy::expect_used,
        reason = "only this and `drop` take it, and both end it"
    )]
    pub fn into_zmq(mut self) -> zmq::Socket {
        self.raw
            .take()
            .and_then(|raw| self.shared.give_away(&self.record, raw))
            .expect("a socket that was not dropped")
    }

    /// Its peers; `None` unless it was opened with [`observe`](crate::SocketBuilder::observe).
    ///
    /// As the closer thread has seen them: a little later than libzmq.
    #[must_use]
    pub fn peers(&self) -> Option<Peers> {
        self.record.peers()
    }

    /// Drops it, and with it whatever is still queued: a linger of 0, by the owner's own word.
    ///
    /// For what is of no use any more, such as the repeats of an answer that has arrived. The
    /// report says [`Discarded`](crate::Outcome::Discarded), which counts as clean.
    pub fn discard(self) {
        self.record.note_discarded();
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(raw) = self.raw.take() {
            if self.shared.is_forked() {
                // Which forgets it: it is the parent's.
                drop(raw);
                return;
            }
            if thread::panicking() {
                self.record.note_panic();
            }
            if let Some(raw) = self.shared.hand_over(&self.record, raw) {
                drop(raw);
                self.shared.closed_here();
            }
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("name", &self.name())
            .field("kind", &kind::upper(self.record.kind))
            .field("group", &self.group().name())
            .field("endpoints", &self.endpoints())
            .finish()
    }
}
