//! Building a publisher.

use super::Publisher;
use super::control::ControlThread;
use super::core::{Core, Shared};
use crate::entropy;
use crate::error::OpenError;
use crate::place::Place;
use crate::wake::Waker;
use linger_ack_proto::{Publisher as Machine, PublisherConfig};
use linger_registry::{Registry, Socket, zmq};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::Duration;

/// How long what is left on a closed publisher's sockets may linger.
const LINGER: Duration = Duration::from_secs(1);

/// The largest frame that anyone may send to the data port, in bytes: subscriptions, of which ours
/// have 1,025 bytes at most. Without a limit one frame fills the memory, and one long subscription
/// holds up the end of the socket for seconds.
const MAX_SUBSCRIPTION: i64 = 4 << 10;

/// Settings of a [`Publisher`]; [`bind`](Self::bind) makes it.
#[derive(Clone, Debug)]
#[must_use]
pub struct PublisherBuilder {
    name: String,
    place: Place,
    config: PublisherConfig,
    publish_limit: Duration,
}

impl PublisherBuilder {
    #[track_caller]
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            place: Place::here(),
            config: PublisherConfig::default(),
            publish_limit: Duration::from_secs(5),
        }
    }

    /// Opens the sockets in this registry; otherwise the publisher has one of its own.
    ///
    /// Close the publisher before the registry: a registry that closes ends the publisher's
    /// sockets whether members have acknowledged or not.
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.place.set_registry(registry);
        self
    }

    /// The registry's group that the sockets belong to; by default the registry's own.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.place.set_group(group.into());
        self
    }

    /// How much is retained at most: messages (8 to 2^24) and bytes of payload (1 to 2^40).
    ///
    /// 32,768 messages and 32 MiB by default.
    pub fn window(mut self, messages: u32, bytes: u64) -> Self {
        self.config.window_messages = messages;
        self.config.window_bytes = bytes;
        self.config.max_payload = self.config.max_payload.min(bytes);
        self
    }

    /// The largest payload, in bytes, up to the window's bytes; 8 MiB by default.
    pub fn max_payload(mut self, bytes: u64) -> Self {
        self.config.max_payload = bytes;
        self
    }

    /// After how much silence a member expires: 100 ms to 1 h; 5 s by default.
    ///
    /// Members beat five times as often, told so when they join.
    pub fn expiry(mut self, limit: Duration) -> Self {
        self.config.expiry = limit;
        self
    }

    /// How long `publish` waits for room in a full window; 5 s by default, zero is not at all.
    pub fn publish_limit(mut self, limit: Duration) -> Self {
        self.publish_limit = limit;
        self
    }

    /// Every setting of the protocol at once.
    pub fn config(mut self, config: PublisherConfig) -> Self {
        self.config = config;
        self
    }

    /// Opens the sockets, binds them and starts the publisher.
    ///
    /// # Errors
    ///
    /// If a setting is outside its range, an endpoint is bad or taken (it is named), or the
    /// system refuses a thread or a descriptor.
    pub fn bind(self, data: &str, control: &str) -> Result<Publisher, OpenError> {
        let name = self.name.clone();
        let system = |source| OpenError::System {
            name: name.clone(),
            source,
        };
        let config = |source| OpenError::Config {
            name: name.clone(),
            source,
        };
        let option = |source| OpenError::Option {
            name: name.clone(),
            source,
        };

        let epoch = entropy::epoch().map_err(system)?;
        let machine = Machine::new(self.config.clone(), epoch).map_err(config)?;
        let (registry, own_registry) = self.place.registry();

        let pub_socket = self.open(&registry, zmq::PUB, "data")?;
        let high_water_mark = i32::try_from(machine.high_water_mark()).unwrap_or(i32::MAX);
        pub_socket.set_sndhwm(high_water_mark).map_err(option)?;
        pub_socket
            .set_maxmsgsize(MAX_SUBSCRIPTION)
            .map_err(option)?;
        let data_endpoint = self.bind_socket(&pub_socket, data)?;

        let answers = 2 * self.config.repair_messages;
        let router = self.open(&registry, zmq::ROUTER, "control")?;
        router.set_router_mandatory(true).map_err(option)?;
        router
            .set_sndhwm(i32::try_from(answers).unwrap_or(i32::MAX).max(1_000))
            .map_err(option)?;
        router
            .set_maxmsgsize(self.config.max_frame.into())
            .map_err(option)?;
        let control_endpoint = self.bind_socket(&router, control)?;

        tracing::info!(publisher = %self.name, %epoch, data = %data_endpoint, control = %control_endpoint, "publisher bound");
        let shared = Arc::new(Shared {
            name: self.name.clone(),
            data_endpoint,
            control_endpoint,
            core: Mutex::new(Core::new(machine, pub_socket)),
            room: Condvar::new(),
            change: Condvar::new(),
            waker: Waker::new().map_err(system)?,
            own_registry,
        });
        ControlThread::spawn(Arc::clone(&shared), router).map_err(system)?;
        Ok(Publisher::new(shared, self.publish_limit))
    }

    fn open(
        &self,
        registry: &Registry,
        kind: zmq::SocketType,
        what: &str,
    ) -> Result<Socket, OpenError> {
        let name = format!("{}.{what}", self.name);
        let socket = self.place.open(registry, kind, name, LINGER);
        let error = |source| OpenError::Socket {
            name: self.name.clone(),
            source,
        };
        socket.map_err(error)
    }

    fn bind_socket(&self, socket: &Socket, endpoint: &str) -> Result<String, OpenError> {
        let error = |source| OpenError::Bind {
            name: self.name.clone(),
            source,
        };
        socket.bind(endpoint).map_err(error)?;
        Ok(socket
            .last_endpoint()
            .unwrap_or_else(|| endpoint.to_owned()))
    }
}
