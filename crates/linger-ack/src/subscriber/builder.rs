//! Building a subscriber.

use super::Subscriber;
use super::link::Link;
use super::state::{LinkState, Shared, State};
use super::thread::ReceiveThread;
use crate::entropy;
use crate::error::ConnectError;
use crate::place::Place;
use crate::wake::Waker;
use bytes::Bytes;
use linger_ack_proto::{Level, Subscriber as Machine, SubscriberConfig};
use linger_registry::{Registry, Socket, zmq};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a BYE may linger on a closed DEALER.
const LINGER: Duration = Duration::from_millis(500);

/// How many frames wait at most for a publisher that is not connected.
const CONTROL_HIGH_WATER_MARK: i32 = 16;

/// Settings of a [`Subscriber`]; [`connect`](Self::connect) makes it.
#[derive(Clone, Debug)]
#[must_use]
pub struct SubscriberBuilder {
    name: String,
    level: Level,
    prefixes: Vec<Bytes>,
    publishers: Vec<(String, String)>,
    place: Place,
    queue: usize,
    receive_high_water_mark: i32,
}

impl SubscriberBuilder {
    #[track_caller]
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            level: Level::default(),
            prefixes: Vec::new(),
            publishers: Vec::new(),
            place: Place::here(),
            queue: 1_024,
            receive_high_water_mark: 1_000,
        }
    }

    /// Subscribes to all topics that begin with this; the empty prefix is everything.
    pub fn subscribe(mut self, prefix: impl AsRef<[u8]>) -> Self {
        self.prefixes.push(Bytes::copy_from_slice(prefix.as_ref()));
        self
    }

    /// What an acknowledgement asserts; [`Level::Processed`] by default.
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// One more publisher, besides the one that [`connect`](Self::connect) names.
    pub fn publisher(mut self, data: impl Into<String>, control: impl Into<String>) -> Self {
        self.publishers.push((data.into(), control.into()));
        self
    }

    /// How many deliveries of a publisher may wait for the application: 1,024 by default.
    ///
    /// At least 1. When so many wait, nothing more is read from the data connection.
    pub fn queue(mut self, deliveries: usize) -> Self {
        self.queue = deliveries.max(1);
        self
    }

    /// The SUB sockets' RCVHWM, in messages: 1,000 by default, 0 is no limit.
    pub fn receive_high_water_mark(mut self, messages: u16) -> Self {
        self.receive_high_water_mark = messages.into();
        self
    }

    /// Opens the sockets in this registry; otherwise the subscriber has one of its own.
    ///
    /// Close the subscriber before the registry.
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.place.set_registry(registry);
        self
    }

    /// The registry's group that the sockets belong to; by default the registry's own.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.place.set_group(group.into());
        self
    }

    /// Connects, and joins as soon as the publisher is there, now or later.
    ///
    /// # Errors
    ///
    /// If the name or a prefix can't be, an endpoint is bad (it is named), or the system refuses
    /// a thread or a descriptor.
    pub fn connect(mut self, data: &str, control: &str) -> Result<Subscriber, ConnectError> {
        self.publishers.push((data.to_owned(), control.to_owned()));
        let (registry, own_registry) = self.place.registry();
        let mut links = Vec::new();
        let mut states = Vec::new();
        for (at, (data, control)) in self.publishers.iter().enumerate() {
            let (link, state) = self.open_link(&registry, at, data, control)?;
            links.push(link);
            states.push(state);
        }
        let system = |source| ConnectError::System {
            name: self.name.clone(),
            source,
        };
        let shared = Arc::new(Shared {
            name: self.name.clone(),
            endpoints: self
                .publishers
                .iter()
                .map(|(data, _)| data.clone())
                .collect(),
            queue: self.queue,
            state: Mutex::new(State::new(states)),
            change: Condvar::new(),
            waker: Waker::new().map_err(system)?,
        });
        ReceiveThread::spawn(Arc::clone(&shared), links).map_err(system)?;
        Ok(Subscriber {
            shared,
            own_registry,
        })
    }

    fn open_link(
        &self,
        registry: &Registry,
        at: usize,
        data: &str,
        control: &str,
    ) -> Result<(Link, LinkState), ConnectError> {
        let name = &self.name;
        let system = |source| ConnectError::System {
            name: name.clone(),
            source,
        };
        let config = |source| ConnectError::Config {
            name: name.clone(),
            source,
        };
        let option = |source| ConnectError::Option {
            name: name.clone(),
            source,
        };

        let mut settings = SubscriberConfig::new(name.clone()).map_err(config)?;
        settings.level = self.level;
        settings.pending_messages = self.queue;
        for prefix in &self.prefixes {
            settings = settings.subscribe(prefix.clone());
        }
        settings.validate().map_err(config)?;
        let prefixes = settings.prefixes.clone();
        let identity = entropy::identity().map_err(system)?;
        let machine = Machine::new(Instant::now(), settings, identity);
        let private_topic = machine.private_topic();

        let sub = self.open(registry, zmq::SUB, at, "data")?;
        // Beyond its high-water mark a SUB drops subscriptions without a word.
        sub.set_sndhwm(0).map_err(option)?;
        sub.set_rcvhwm(self.receive_high_water_mark)
            .map_err(option)?;
        for prefix in &prefixes {
            sub.set_subscribe(prefix).map_err(option)?;
        }
        sub.set_subscribe(&private_topic).map_err(option)?;
        let dealer = self.open(registry, zmq::DEALER, at, "control")?;
        dealer.set_sndhwm(CONTROL_HIGH_WATER_MARK).map_err(option)?;

        let connect = |source| ConnectError::Connect {
            name: name.clone(),
            source,
        };
        sub.connect(data).map_err(connect)?;
        dealer.connect(control).map_err(connect)?;
        let link = Link::new(data.to_owned(), sub, dealer, private_topic);
        Ok((link, LinkState::new(machine)))
    }

    fn open(
        &self,
        registry: &Registry,
        kind: zmq::SocketType,
        at: usize,
        what: &str,
    ) -> Result<Socket, ConnectError> {
        let name = match at {
            0 => format!("{}.{what}", self.name),
            _ => format!("{}.{what}-{}", self.name, at + 1),
        };
        let socket = self.place.open(registry, kind, name, LINGER);
        let error = |source| ConnectError::Socket {
            name: self.name.clone(),
            source,
        };
        socket.map_err(error)
    }
}
