//! Describing a socket, and opening it.

use std::panic::Location;
use std::sync::Arc;

use tracing::debug;

use crate::closer::watch;
use crate::context::running;
use crate::event::Event;
use crate::failure::{Failure, guarded};
use crate::kind;
use crate::linger::Linger;
use crate::name::Name;
use crate::open_error::OpenError;
use crate::raw::Raw;
use crate::record::Record;
use crate::registry::{Registry, RegistryState};
use crate::shared::{Gate, Shared};
use crate::socket::Socket;

/// A socket that is not open yet. Made by [`Registry::socket`].
///
/// Options of libzmq that must be set before `bind` or `connect` are set on the
/// [`Socket`], which dereferences to [`zmq::Socket`].
///
/// # Examples
///
/// ```
/// use linger_registry::{Registry, zmq};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = Registry::new();
/// let quotes = registry
///     .socket(zmq::PUB)
///     .name("quotes")
///     .group("outbound")
///     .linger(Duration::from_millis(500))
///     .open()?;
/// quotes.set_sndhwm(10_000)?; // plain zmq, before the bind
/// quotes.bind("tcp://127.0.0.1:*")?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is opened before `open`"]
#[derive(Debug)]
pub struct SocketBuilder {
    registry: Registry,
    kind: zmq::SocketType,
    location: &'static Location<'static>,
    name: Option<String>,
    group: Option<String>,
    limit: Linger,
    ignores_unread: bool,
    observation: Observation,
}

/// When its monitor is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Observation {
    ForLife,
    AtClose,
    Never,
}

impl SocketBuilder {
    pub(crate) fn new(
        registry: Registry,
        kind: zmq::SocketType,
        location: &'static Location<'static>,
    ) -> Self {
        Self {
            registry,
            kind,
            location,
            name: None,
            group: None,
            limit: Linger::default_for(kind),
            ignores_unread: false,
            observation: Observation::AtClose,
        }
    }

    /// A name for reports, logs and errors.
    ///
    /// Without one it is type and number, as `push-3`. No two open sockets have the same name; it is free again when its socket is dropped.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The group that stops it; `"default"` if it is not given one.
    ///
    /// A group that has been stopped already is no error: [`Socket::messages`] ends at once.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// How long it may go on sending after it is dropped: a [`Duration`](std::time::Duration), or another [`Linger`].
    ///
    /// [`DEFAULT_LINGER`](crate::DEFAULT_LINGER) if nothing is said, and 0 for a `SUB`. The registry
    /// sets it right before it closes the socket: what was set by [`zmq::Socket::set_linger`] is
    /// overwritten.
    pub fn linger(mut self, linger: impl Into<Linger>) -> Self {
        self.limit = linger.into();
        self
    }

    /// What it has received and nobody read is of no use when it is closed: it is not counted.
    ///
    /// For what a protocol of your own repeats or accounts for, such as heartbeats. Otherwise what
    /// is known to be [unread](crate::SocketInfo::unread) makes a close unclean.
    pub fn ignore_unread(mut self) -> Self {
        self.ignores_unread = true;
        self
    }

    /// Watches it from its opening to its end, so that lost peers are known.
    ///
    /// Its [`peers`](crate::SocketInfo::peers) are counted, and
    /// [`PeerLost`](crate::Outcome::PeerLost) tells an end that only looks as if the queue was
    /// emptied. It takes two more of the 1,023 sockets of the context, and four descriptors, as long
    /// as it lives. A [monitor](Socket::monitor) of one's own is refused.
    pub fn observe(mut self) -> Self {
        self.observation = Observation::ForLife;
        self
    }

    /// Leaves its end unwatched: it is reported as [`Unobserved`](crate::Outcome::Unobserved).
    ///
    /// For sockets of no consequence that come and go by the thousand: closing one is cheaper so.
    /// The context's end waits for it all the same.
    pub fn unobserved(mut self) -> Self {
        self.observation = Observation::Never;
        self
    }

    /// Names another place as the one that opened it.
    ///
    /// For wrappers that can't be `#[track_caller]`.
    pub fn opened_at(mut self, location: &'static Location<'static>) -> Self {
        self.location = location;
        self
    }

    /// Opens the socket.
    ///
    /// The first one of a registry makes the context and starts the closer thread.
    ///
    /// # Errors
    ///
    /// [`OpenError`] names the socket, and says why: the registry is closing, the name is taken,
    /// there is no room for another.
    pub fn open(mut self) -> Result<Socket, OpenError> {
        let shared = Arc::clone(self.registry.inner());
        let name = self.name.take().ok_or(kind::lower(self.kind));
        let (record, (raw, reader)) =
            shared.open(name, |gate, id, name| self.make(&shared, gate, id, name))?;
        if let Some(reader) = reader {
            shared.watch_open(&record, reader);
        }
        debug!(socket = &*record.name, kind = kind::upper(record.kind), at = %record.location, "opened");
        Ok(Socket::new(shared, record, raw))
    }

    fn make(
        &self,
        shared: &Arc<Shared>,
        gate: &mut Gate<zmq::Context>,
        id: u64,
        name: Name,
    ) -> Result<(Record, (Raw, Option<Raw>)), OpenError> {
        let group = shared.group_of_ours(self.group.as_deref());
        if let Err(source) = group.descriptor() {
            return Err(OpenError::System {
                socket: name.to_string(),
                source,
            });
        }
        let context = match running(shared, gate) {
            Ok(context) => context,
            Err(fault) => return Err(OpenError::from_no_context(name.to_string(), fault)),
        };
        let opened = guarded(|| {
            let socket = context.socket(self.kind)?;
            socket.set_linger(self.limit.while_open().raw())?;
            Ok(socket)
        })
        .and_then(|socket| {
            let reader = match self.observation {
                Observation::ForLife => Some(watch(context, &socket, Event::of_life())?),
                Observation::AtClose | Observation::Never => None,
            };
            Ok((socket, reader))
        });
        let (raw, reader) = match opened {
            Ok(opened) => opened,
            // Only the closer thread ends the context, and it takes it out of the gate before.
            Err(Failure::Zmq(zmq::Error::ETERM)) if !shared.lends => {
                return Err(OpenError::Closing {
                    socket: name.to_string(),
                    state: RegistryState::Closed,
                });
            }
            Err(failure) => {
                return Err({
                    let open = shared.owned();
                    OpenError::from_failure(name.to_string(), open, failure)
                });
            }
        };
        let mut record = Record::new(id, name, self.kind, group, self.limit, self.location);
        record = match self.observation {
            Observation::ForLife => record.observed(),
            Observation::AtClose => record,
            Observation::Never => record.unobserved(),
        };
        if self.ignores_unread {
            record.ignore_unread();
        }
        let at_home = |socket| Raw::new(socket, shared.home(), shared.maker);
        Ok((record, (at_home(raw), reader.map(at_home))))
    }
}
