//! What is known of one socket from open to end; shared by the socket and the table.

use std::panic::Location;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use tracing::warn;

use crate::endpoint::Endpoint;
use crate::event::Event;
use crate::fork::Maker;
use crate::group::Group;
use crate::info::{SocketInfo, SocketState};
use crate::kind;
use crate::last_use::LastUse;
use crate::linger::Linger;
use crate::live::Place;
use crate::name::Name;
use crate::peers::{PeerCount, Peers};
use crate::trap::{self, Trap};

#[derive(Debug)]
pub(crate) struct Record {
    /// Counts up in the order of opening.
    pub(crate) id: u64,
    pub(crate) place: Place,
    pub(crate) name: Name,
    pub(crate) kind: zmq::SocketType,
    pub(crate) group: Group,
    pub(crate) limit: Linger,
    pub(crate) location: &'static Location<'static>,
    pub(crate) opened: Instant,
    pub(crate) last_use: LastUse,
    endpoints: Mutex<Vec<Endpoint>>,
    /// Adopted: of a context that is not the registry's.
    foreign: bool,
    /// Its end is not to be watched.
    unobserved: bool,
    /// Counted, if it was opened with a monitor for life.
    peers: Option<Mutex<PeerCount>>,
    own_monitor: AtomicBool,
    discarded: AtomicBool,
    ignores_unread: AtomicBool,
    owner_panicked: AtomicBool,
    traps: AtomicU8,
    unread: OnceLock<u64>,
}

impl Record {
    pub(crate) fn new(
        id: u64,
        name: Name,
        kind: zmq::SocketType,
        group: Group,
        limit: Linger,
        location: &'static Location<'static>,
    ) -> Self {
        Self {
            id,
            place: Place::default(),
            name,
            kind,
            last_use: LastUse::here(group.maker()),
            group,
            limit,
            location,
            opened: Instant::now(),
            endpoints: Mutex::new(Vec::new()),
            foreign: false,
            unobserved: false,
            peers: None,
            own_monitor: AtomicBool::new(false),
            discarded: AtomicBool::new(false),
            ignores_unread: AtomicBool::new(false),
            owner_panicked: AtomicBool::new(false),
            traps: AtomicU8::new(0),
            unread: OnceLock::new(),
        }
    }

    /// The process in which it was opened.
    pub(crate) fn maker(&self) -> Maker {
        self.group.maker()
    }

    /// It is of a context that is not the registry's.
    pub(crate) fn foreign(self) -> Self {
        Self {
            foreign: true,
            ..self
        }
    }

    /// No monitor is to be attached to it, not at its close either.
    pub(crate) fn unobserved(self) -> Self {
        Self {
            unobserved: true,
            ..self
        }
    }

    /// A monitor for life counts its peers.
    pub(crate) fn observed(self) -> Self {
        Self {
            peers: Some(Mutex::default()),
            ..self
        }
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.peers.is_some()
    }

    /// What it was bound and connected to; nothing in a forked child.
    pub(crate) fn endpoints(&self) -> Vec<Endpoint> {
        if self.maker().is_other() {
            return Vec::new();
        }
        self.endpoints.lock().clone()
    }

    pub(crate) fn note_endpoint(&self, endpoint: Endpoint) {
        self.endpoints.lock().push(endpoint);
    }

    /// `None` if they are not counted, or no longer; or not here, in a forked child.
    pub(crate) fn peers(&self) -> Option<Peers> {
        let counted = !self.own_monitor.load(Ordering::Relaxed);
        let count = self.peers.as_ref().filter(|_| counted)?;
        if self.maker().is_other() {
            return None;
        }
        Some(count.lock().peers())
    }

    pub(crate) fn note_event(&self, event: Event) {
        if let Some(count) = &self.peers {
            count.lock().on(event);
        }
    }

    /// Whether an end of its queue can mean a loss.
    pub(crate) fn can_lose(&self) -> bool {
        !self.never_sends() && !self.is_inproc_only()
    }

    /// It was bound, and never connected.
    pub(crate) fn is_bound_only(&self) -> bool {
        let endpoints = self.endpoints.lock();
        let bound = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Bound(_));
        !endpoints.is_empty() && endpoints.iter().all(bound)
    }

    pub(crate) fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// The owner attached a monitor, which ours would end: it gets none at close.
    pub(crate) fn note_own_monitor(&self) {
        self.own_monitor.store(true, Ordering::Relaxed);
    }

    /// Whether a monitor may be attached at its close: ours would end its owner's.
    pub(crate) fn is_to_be_watched(&self) -> bool {
        !self.unobserved && !self.own_monitor.load(Ordering::Relaxed)
    }

    /// The owner has said that what is queued is of no use.
    pub(crate) fn note_discarded(&self) {
        self.discarded.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_discarded(&self) -> bool {
        self.limit == Linger::Discard || self.discarded.load(Ordering::Relaxed)
    }

    /// The owner has said that what is received and not read is of no use.
    pub(crate) fn ignore_unread(&self) {
        self.ignores_unread.store(true, Ordering::Relaxed);
    }

    /// Whether it matters how much is left unread.
    pub(crate) fn minds_unread(&self) -> bool {
        !self.is_discarded() && !self.ignores_unread.load(Ordering::Relaxed)
    }

    /// The owner's thread was panicking when it dropped the socket.
    pub(crate) fn note_panic(&self) {
        self.owner_panicked.store(true, Ordering::Relaxed);
    }

    pub(crate) fn owner_panicked(&self) -> bool {
        self.owner_panicked.load(Ordering::Relaxed)
    }

    /// Looks for options that lose messages, and warns of those that are new. May trace, so not
    /// for a destructor.
    pub(crate) fn look_for_traps(&self, socket: &zmq::Socket) {
        let found = trap::Set::on(socket, self.kind);
        let before = self.traps.fetch_or(found.bits(), Ordering::Relaxed);
        for trap in found.without(trap::Set::from_bits(before)).iter() {
            warn!(
                socket = &*self.name,
                opened_at = %self.location,
                trap = %trap,
                "{}",
                trap.advice()
            );
        }
    }

    fn traps(&self) -> Vec<Trap> {
        let bits = self.traps.load(Ordering::Relaxed);
        trap::Set::from_bits(bits).iter().collect()
    }

    /// So many messages were still queued when it was closed, if that could be known.
    pub(crate) fn note_unread(&self, messages: Option<u64>) {
        if let Some(messages) = messages {
            self.unread.get_or_init(|| messages);
        }
    }

    pub(crate) fn unread(&self) -> Option<u64> {
        self.unread.get().copied()
    }

    /// Only a close's deadline ends its linger: so it must not be closed before there is one.
    pub(crate) fn is_kept_for_close(&self) -> bool {
        self.limit_at_close().is_for_ever() && !self.never_sends()
    }

    /// The limit that counts at close.
    pub(crate) fn limit_at_close(&self) -> Linger {
        if self.is_discarded() {
            Linger::Discard
        } else {
            self.limit
        }
    }

    pub(crate) fn never_sends(&self) -> bool {
        kind::never_sends(self.kind)
    }

    /// All its connections stay in the context, where libzmq knows no linger.
    pub(crate) fn is_inproc_only(&self) -> bool {
        let endpoints = self.endpoints.lock();
        // An adopted socket may have others, from before.
        !self.foreign && !endpoints.is_empty() && endpoints.iter().all(Endpoint::is_inproc)
    }

    pub(crate) fn info(&self, now: Instant, state: SocketState) -> SocketInfo {
        SocketInfo {
            name: self.name.to_string(),
            kind: self.kind,
            group: self.group.name().to_owned(),
            linger: self.limit,
            opened_at: self.location,
            age: now.saturating_duration_since(self.opened),
            last_thread: self.last_use.name().as_ref().to_owned(),
            endpoints: self.endpoints(),
            unread: self.unread(),
            owner_panicked: self.owner_panicked(),
            traps: self.traps(),
            adopted: self.foreign,
            peers: self.peers(),
            state,
        }
    }
}
