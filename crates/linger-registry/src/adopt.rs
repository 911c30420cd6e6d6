//! Taking over a socket that was made elsewhere.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use tracing::debug;

use crate::adopt_error::AdoptError;
use crate::context::running;
use crate::failure::guarded;
use crate::kind;
use crate::linger::Linger;
use crate::open_error::OpenError;
use crate::raw::{Home, Raw};
use crate::record::Record;
use crate::registry::Registry;
use crate::socket::Socket;

/// A socket made elsewhere, about to be adopted. Made by [`Registry::adopt`].
///
/// Once it is [taken](Self::take) it has a name, a group, a finite linger and a line in the
/// report, as every [`Socket`] of the registry, and dropping it never blocks: in `zmq` 0.10 the
/// drop of the last owner of a context waits on the spot for all that lingers in it, for ever if
/// need be; here that happens on a thread of its own.
///
/// What stays different, as the registry does not end the context that it belongs to:
///
/// - Without a clone of that [context](Self::context) nobody can watch its end: it is reported as
///   [`Unobserved`](crate::Outcome::Unobserved). If its drop ends the context, and that has not
///   come back by the close's deadline, it is reported as
///   [`Lingering`](crate::Outcome::Lingering).
/// - An owner in a bare `recv` is not woken by the close: there is no `ETERM` from a context that
///   goes on. The socket is reported as [`StillOpen`](crate::Outcome::StillOpen).
/// - Where it was bound or connected before is not known, so
///   [`endpoints`](Socket::endpoints) lists only what comes later.
/// - It takes a thread from its drop to its end.
///
/// Dropping an adoption that was not taken closes the socket, on a thread of its own too.
///
/// # Examples
///
/// ```
/// use linger_registry::{Registry, zmq};
/// use std::time::{Duration, Instant};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let legacy = zmq::Context::new();
/// let socket = legacy.socket(zmq::PUSH)?;
///
/// let registry = Registry::new();
/// let out = registry.adopt(socket).context(&legacy).name("out").take()?;
/// out.bind("tcp://127.0.0.1:*")?;
/// drop(out);
/// let report = registry.close_by(Instant::now() + Duration::from_secs(5));
/// assert!(report.is_clean(), "{report}");
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is adopted before `take`; dropping it closes the socket"]
pub struct Adoption {
    registry: Registry,
    raw: Raw,
    location: &'static Location<'static>,
    name: Option<String>,
    group: Option<String>,
    linger: Option<Linger>,
    unobserved: bool,
}

impl Adoption {
    pub(crate) fn new(
        registry: Registry,
        socket: zmq::Socket,
        location: &'static Location<'static>,
    ) -> Self {
        let maker = registry.inner().maker;
        Self {
            registry,
            raw: Raw::new(socket, Home::Foreign(None), maker),
            location,
            name: None,
            group: None,
            linger: None,
            unobserved: false,
        }
    }

    /// The context that made it, so that its end can be watched.
    ///
    /// The registry keeps a clone until the socket has ended, and lets go of it on a thread of its
    /// own, where it may be the last. Another context than the socket's does no harm: it is
    /// noticed, and the socket reported as [`Unobserved`](crate::Outcome::Unobserved).
    ///
    /// Watching attaches a monitor at close. libzmq allows one for each socket: if the socket came
    /// with one, that one stops then, so say [`unobserved`](Self::unobserved) instead, or attach
    /// it by [`Socket::monitor`] afterwards.
    pub fn context(mut self, context: &zmq::Context) -> Self {
        self.raw.belongs_to(context.clone());
        self
    }

    /// A name for reports, logs and errors; as [`SocketBuilder::name`](crate::SocketBuilder::name).
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The group that stops it; as [`SocketBuilder::group`](crate::SocketBuilder::group).
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// How long it may go on sending after it is dropped; as
    /// [`SocketBuilder::linger`](crate::SocketBuilder::linger).
    ///
    /// The linger that it came with is overwritten.
    pub fn linger(mut self, linger: impl Into<Linger>) -> Self {
        self.linger = Some(linger.into());
        self
    }

    /// Leaves its end unwatched, and a monitor that it came with alone.
    pub fn unobserved(mut self) -> Self {
        self.unobserved = true;
        self
    }

    /// Names another place as the one that adopted it.
    pub fn opened_at(mut self, location: &'static Location<'static>) -> Self {
        self.location = location;
        self
    }

    /// Takes it into the registry.
    ///
    /// # Errors
    ///
    /// [`AdoptError`] says why not, and gives the socket [back](AdoptError::into_socket): the
    /// registry is closing, the name is taken, the socket's own context is being ended.
    pub fn take(self) -> Result<Socket, AdoptError> {
        let Self {
            registry,
            raw,
            location,
            name,
            group,
            linger,
            unobserved,
        } = self;
        let shared = Arc::clone(registry.inner());
        let kind = guarded(|| raw.get_socket_type());
        let prefix = match &kind {
            Ok(kind) => kind::lower(*kind),
            Err(_) => kind::UNKNOWN,
        };
        let taken = shared.open(name.ok_or(prefix), |gate, id, name| {
            let refused =
                |failure| OpenError::from_failure(name.to_string(), shared.owned(), failure);
            let kind = kind.map_err(refused)?;
            let group = shared.group_of_ours(group.as_deref());
            if let Err(source) = group.descriptor() {
                return Err(OpenError::System {
                    socket: name.to_string(),
                    source,
                });
            }
            // Its closer thread is what closes adopted sockets too.
            if let Err(fault) = running(&shared, gate) {
                return Err(OpenError::from_no_context(name.to_string(), fault));
            }
            let limit = linger.unwrap_or(Linger::default_for(kind));
            guarded(|| raw.set_linger(limit.while_open().raw())).map_err(refused)?;
            let mut record = Record::new(id, name.clone(), kind, group, limit, location).foreign();
            if unobserved {
                record = record.unobserved();
            }
            Ok((record, ()))
        });
        match taken {
            Ok((record, ())) => {
                debug!(socket = &*record.name, kind = kind::upper(record.kind), at = %record.location, "adopted");
                Ok(Socket::new(shared, record, raw))
            }
            Err(reason) => Err(AdoptError::new(reason, raw)),
        }
    }
}

impl fmt::Debug for Adoption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adoption")
            .field("name", &self.name)
            .field("group", &self.group)
            .field("linger", &self.linger)
            .finish_non_exhaustive()
    }
}
