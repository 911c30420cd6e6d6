//! Who may join, and with which prefixes: the application decides.

use super::core::Core;
use bytes::Bytes;
use linger_ack_proto::{Level, Request};
use linger_registry::zmq;
use parking_lot::MutexGuard;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;
use thiserror::Error;

/// Decides who may join a publisher, and which prefixes a member may add.
///
/// It is asked before anything of a HELLO is taken in, and again whenever a member asks for more
/// prefixes; what is granted is not asked again. Without one, names are trusted. Closures are
/// authorizers; [`UserIdIsName`] is a ready-made one.
///
/// It runs on the publisher's own thread, without a lock. Let it be quick: no member is heard
/// meanwhile. A panic in it denies.
///
/// # Examples
///
/// ```
/// use linger_ack::{Candidate, Denied, Publisher};
///
/// # fn main() -> Result<(), linger_ack::OpenError> {
/// let ticks = Publisher::builder("ticks")
///     .authorizer(|candidate: &Candidate<'_>| match candidate.name() {
///         "risk-1" | "risk-2" => Ok(()),
///         _ => Err(Denied::new("unknown name")),
///     })
///     .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")?;
/// # Ok(())
/// # }
/// ```
pub trait Authorizer: Send + Sync {
    /// Whether this is granted.
    ///
    /// # Errors
    ///
    /// [`Denied`] if it is not; the candidate is told so, and the reason is logged.
    fn authorize(&self, candidate: &Candidate<'_>) -> Result<(), Denied>;
}

impl<F> Authorizer for F
where
    F: Fn(&Candidate<'_>) -> Result<(), Denied> + Send + Sync,
{
    fn authorize(&self, candidate: &Candidate<'_>) -> Result<(), Denied> {
        self(candidate)
    }
}

/// Grants a name only to the ZAP User-Id that is the same.
///
/// The User-Id is what the ZAP handler of the application's context says of the control
/// connection; see [`plain_server`](crate::PublisherBuilder::plain_server). Without ZAP nobody
/// has one, and everybody is denied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserIdIsName;

impl Authorizer for UserIdIsName {
    fn authorize(&self, candidate: &Candidate<'_>) -> Result<(), Denied> {
        match candidate.user_id() {
            Some(user) if user == candidate.name() => Ok(()),
            Some(user) => Err(Denied::new(format!("its User-Id is {user:?}"))),
            None => Err(Denied::new("it has no User-Id")),
        }
    }
}

/// Why somebody is not let in; for the log, the candidate is told only that it is so.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("denied: {reason}")]
pub struct Denied {
    reason: String,
}

impl Denied {
    /// Denied for this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { reason }
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Who asks to join, or for more prefixes.
pub struct Candidate<'a> {
    request: &'a Request,
    peer: &'a Peer,
}

impl Candidate<'_> {
    /// The name that it would join under, or has joined under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.request.name
    }

    /// What its HELLO brought: 65,535 bytes at most, empty unless it was set.
    #[must_use]
    pub fn credentials(&self) -> &[u8] {
        &self.request.credentials
    }

    /// What its acknowledgements assert.
    #[must_use]
    pub fn level(&self) -> Level {
        self.request.level
    }

    /// The prefixes that it asks for; of a member, those that it asks for besides.
    ///
    /// An empty one is all topics.
    #[must_use]
    pub fn prefixes(&self) -> &[Bytes] {
        &self.request.prefixes
    }

    /// Whether it is a member already, and asks for more prefixes.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.request.is_member
    }

    /// Who its control connection is, by the ZAP handler; `None` without one, and over inproc.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.peer.user_id.as_deref()
    }

    /// The IP address that its control connection comes from; `None` over ipc and inproc.
    #[must_use]
    pub fn peer_address(&self) -> Option<&str> {
        self.peer.address.as_deref()
    }
}

impl fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Credentials are for the authorizer alone.
        f.debug_struct("Candidate")
            .field("name", &self.name())
            .field("level", &self.level())
            .field("prefixes", &self.prefixes())
            .field("is_member", &self.is_member())
            .field("user_id", &self.user_id())
            .field("peer_address", &self.peer_address())
            .finish_non_exhaustive()
    }
}

/// What libzmq knows of the connection that a frame came over.
#[derive(Debug, Default)]
pub(super) struct Peer {
    user_id: Option<String>,
    address: Option<String>,
}

impl Peer {
    pub(super) fn of(frame: &mut zmq::Message) -> Self {
        let mut read = |property| frame.gets(property).map(str::to_owned);
        Self {
            user_id: read("User-Id").filter(|user| !user.is_empty()),
            address: read("Peer-Address").filter(|address| !address.is_empty()),
        }
    }
}

/// The application's authorizer, between the ROUTER and the machine.
pub(super) struct Gate {
    authorizer: Box<dyn Authorizer>,
}

/// Who was denied what, for the log.
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) name: String,
    pub(super) address: Option<String>,
    pub(super) denied: Denied,
}

impl Gate {
    pub(super) fn new(authorizer: Box<dyn Authorizer>) -> Self {
        Self { authorizer }
    }

    /// Hands a frame to the machine, unless it asks for what is denied.
    pub(super) fn take_in(
        &self,
        core: &mut MutexGuard<'_, Core>,
        now: &mut Instant,
        (route, frame): (&Bytes, &Bytes),
        peer: &Peer,
    ) -> Option<Denial> {
        let Some(request) = core.machine.request(frame) else {
            core.machine.handle_control(*now, route, frame);
            return None;
        };
        // It is the application's code: publishers go on meanwhile. Only this thread takes in
        // frames, so what was asked is still what is asked.
        let judged = MutexGuard::unlocked(core, || self.judge(&request, peer));
        *now = Instant::now();
        match judged {
            Ok(()) => {
                core.machine.handle_control(*now, route, frame);
                None
            }
            Err(denied) => {
                core.machine.deny(*now, route, frame);
                Some(Denial {
                    name: request.name,
                    address: peer.address.clone(),
                    denied,
                })
            }
        }
    }

    fn judge(&self, request: &Request, peer: &Peer) -> Result<(), Denied> {
        let candidate = Candidate { request, peer };
        let judged =
            panic::catch_unwind(AssertUnwindSafe(|| self.authorizer.authorize(&candidate)));
        judged.unwrap_or_else(|_| Err(Denied::new("the authorizer panicked")))
    }
}
