//! What a snapshot and a report say of one socket.

use std::panic::Location;
use std::time::Duration;

use crate::endpoint::Endpoint;
use crate::linger::Linger;
use crate::peers::Peers;
use crate::trap::Trap;

/// One socket at one moment: who it is, where from, how far.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SocketInfo {
    pub(crate) name: String,
    #[cfg_attr(
        feature = "serde",
        serde(rename = "type", serialize_with = "crate::serial::kind")
    )]
    pub(crate) kind: zmq::SocketType,
    pub(crate) group: String,
    pub(crate) linger: Linger,
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serial::location"))]
    pub(crate) opened_at: &'static Location<'static>,
    #[cfg_attr(
        feature = "serde",
        serde(rename = "age_ms", serialize_with = "crate::serial::millis")
    )]
    pub(crate) age: Duration,
    pub(crate) last_thread: String,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) unread: Option<u64>,
    pub(crate) owner_panicked: bool,
    pub(crate) traps: Vec<Trap>,
    pub(crate) adopted: bool,
    pub(crate) peers: Option<Peers>,
    pub(crate) state: SocketState,
}

impl SocketInfo {
    /// The name it was given, or the generated one, such as `push-3`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of the socket.
    #[must_use]
    pub fn kind(&self) -> zmq::SocketType {
        self.kind
    }

    /// The group that stops it.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The linger it was opened with.
    #[must_use]
    pub fn linger(&self) -> Linger {
        self.linger
    }

    /// Where it was asked for: file, line and column of the caller.
    #[must_use]
    pub fn opened_at(&self) -> &'static Location<'static> {
        self.opened_at
    }

    /// How long ago it was opened.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age
    }

    /// The name of the thread that last used it, through this crate or through `Deref`.
    #[must_use]
    pub fn last_thread(&self) -> &str {
        &self.last_thread
    }

    /// What it was bound and connected to.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// How many messages nobody read: they were queued still when it was closed, and are gone.
    ///
    /// Known only of a receiver all of whose peers are in the same registry (`inproc://`), once it
    /// has been closed by the closer thread; `None` is unknown.
    #[must_use]
    pub fn unread(&self) -> Option<u64> {
        self.unread
    }

    /// Its peers; `None` unless it was opened with [`observe`](crate::SocketBuilder::observe).
    ///
    /// `None` too once its owner has attached a monitor through `Deref`, which ends that.
    #[must_use]
    pub fn peers(&self) -> Option<Peers> {
        self.peers
    }

    /// Whether it was [adopted](crate::Registry::adopt), so that its context is not the registry's.
    #[must_use]
    pub fn is_adopted(&self) -> bool {
        self.adopted
    }

    /// Whether it was dropped by a thread that was panicking.
    ///
    /// The drop was a close like any other; what the owner had still meant to send was not sent.
    #[must_use]
    pub fn owner_panicked(&self) -> bool {
        self.owner_panicked
    }

    /// The options that were set on it and don't do what they promise.
    #[must_use]
    pub fn traps(&self) -> &[Trap] {
        &self.traps
    }

    /// How far it was.
    #[must_use]
    pub fn state(&self) -> SocketState {
        self.state
    }
}

/// How far a socket is on its way from open to closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SocketState {
    /// Its owner holds it.
    Open,
    /// Its owner dropped it; it is about to be closed, or lingers.
    Closing,
    /// It has ended, or nothing more can be learnt of it.
    Closed,
}
