//! Building a subscriber.

use super::Subscriber;
use super::handover::Handover;
use super::helm::Helm;
use super::herald::{Herald, Hook};
use super::open::Opener;
use super::reader::Reader;
use super::state::Shared;
use super::thread::WatchThread;
use crate::error::ConnectError;
use crate::place::Place;
use crate::security::ClientSecurity;
use crate::wake::Waker;
use bytes::Bytes;
use linger_ack_proto::{ConfigError, Level, SubscriberConfig, SubscriberEvent};
use linger_registry::Registry;
use std::collections::HashSet;
use std::sync::Arc;

/// Settings of a [`Subscriber`]; [`connect`](Self::connect) makes it.
#[derive(Debug)]
#[must_use]
pub struct SubscriberBuilder {
    name: String,
    config: Result<SubscriberConfig, ConfigError>,
    publishers: Vec<(String, String)>,
    place: Place,
    receive_high_water_mark: i32,
    security: ClientSecurity,
    hook: Option<Hook>,
}

impl SubscriberBuilder {
    #[track_caller]
    pub(super) fn new(name: String) -> Self {
        Self {
            config: SubscriberConfig::new(name.clone()),
            name,
            publishers: Vec::new(),
            place: Place::here(),
            receive_high_water_mark: 1_000,
            security: ClientSecurity::None,
            hook: None,
        }
    }

    /// Subscribes to all topics that begin with this; the empty prefix is everything.
    ///
    /// [`Subscriber::subscribe`] does it later.
    pub fn subscribe(self, prefix: impl AsRef<[u8]>) -> Self {
        let prefix = Bytes::copy_from_slice(prefix.as_ref());
        self.configure(|config| config.prefixes.push(prefix))
    }

    /// What an acknowledgement asserts; [`Level::Processed`] by default.
    pub fn level(self, level: Level) -> Self {
        self.configure(|config| config.level = level)
    }

    /// Shown to each publisher's authorizer, as they are: 64 KiB at most; none by default.
    ///
    /// They travel in the clear unless the connection is [encrypted](Self::curve).
    pub fn credentials(self, credentials: impl AsRef<[u8]>) -> Self {
        let credentials = Bytes::copy_from_slice(credentials.as_ref());
        self.configure(|config| config.credentials = credentials)
    }

    /// How many times a delivery that was abandoned is handed out again; 0 by default.
    ///
    /// It comes again before anything new, its [`attempt`](super::Delivery::attempt) one higher.
    /// After the last it is given up for good: it stays unacknowledged, and is named in
    /// [`Link::abandoned`](super::Link::abandoned), in the report, and by the publisher.
    pub fn redeliveries(self, limit: u32) -> Self {
        self.configure(|config| config.redeliveries = limit)
    }

    /// One more publisher, besides the one that [`connect`](Self::connect) names.
    pub fn publisher(mut self, data: impl Into<String>, control: impl Into<String>) -> Self {
        self.publishers.push((data.into(), control.into()));
        self
    }

    /// How many deliveries of a publisher may wait for the application: 1,024 by default.
    ///
    /// At least 1. When so many wait, nothing more is read from the data connection.
    pub fn queue(self, deliveries: usize) -> Self {
        self.configure(|config| config.pending_messages = deliveries)
    }

    /// The SUB sockets' RCVHWM, in messages: 1,000 by default, 0 is no limit.
    pub fn receive_high_water_mark(mut self, messages: u16) -> Self {
        self.receive_high_water_mark = messages.into();
        self
    }

    /// Whatever else the protocol lets one set, such as `max_topics` or `ack_delay`.
    ///
    /// [`connect`](Self::connect) judges it.
    pub fn configure(mut self, change: impl FnOnce(&mut SubscriberConfig)) -> Self {
        if let Ok(config) = &mut self.config {
            change(config);
        }
        self
    }

    /// Encrypts all connections by CURVE: the publisher's public key, and this one's key pair.
    ///
    /// Each key has 32 bytes, or 40 characters of Z85. [`connect`](Self::connect) fails with
    /// [`SecurityError::Unsupported`](crate::SecurityError::Unsupported) where libzmq was built
    /// without CURVE; as the crate `zmq` bundles it, it was.
    pub fn curve(
        mut self,
        server: impl AsRef<[u8]>,
        public: impl AsRef<[u8]>,
        secret: impl AsRef<[u8]>,
    ) -> Self {
        self.security = ClientSecurity::Curve {
            server: server.as_ref().to_vec(),
            public: public.as_ref().to_vec(),
            secret: secret.as_ref().to_vec(),
        };
        self
    }

    /// Names itself to all connections by PLAIN: a user and a password, 1 to 255 bytes each.
    ///
    /// Both travel in the clear.
    pub fn plain(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.security = ClientSecurity::Plain {
            user: user.into(),
            password: password.into(),
        };
        self
    }

    /// Calls this with a publisher's data endpoint and what happened there.
    ///
    /// On the subscriber's own thread, without a lock: whatever it does, except to wait for the
    /// subscriber's end, it may do; but as long as it takes, nothing is received, acknowledged or
    /// beaten, and publishers may take this one for dead. A panic in it is caught, and it is
    /// called again for what happens next. What `Subscribe`, `Unsubscribe` and `Rejoin` ask for
    /// is done already. The last calls may come after [`close_by`](Subscriber::close_by) returned.
    pub fn on_event(mut self, hook: impl FnMut(&str, &SubscriberEvent) + Send + 'static) -> Self {
        self.hook = Some(Hook::new(hook));
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
    /// If the name, a prefix or another setting can't be, libzmq lacks the security that was asked
    /// for, an endpoint is bad or stands there twice (it is named), or the system refuses a thread
    /// or a descriptor.
    pub fn connect(mut self, data: &str, control: &str) -> Result<Subscriber, ConnectError> {
        self.publishers.push((data.to_owned(), control.to_owned()));
        let name = self.name;
        let config = self.config.and_then(|mut config| {
            config.pending_messages = config.pending_messages.max(1);
            // SUB counts: what is subscribed twice would have to be unsubscribed twice.
            config.prefixes.sort_unstable();
            config.prefixes.dedup();
            config.validate().map(|()| config)
        });
        let config = config.map_err(|source| ConnectError::Config {
            name: name.clone(),
            source,
        })?;
        let security = self.security.check();
        security.map_err(|source| ConnectError::Security {
            name: name.clone(),
            source,
        })?;
        if let Some(endpoint) = named_twice(&self.publishers) {
            let endpoint = endpoint.to_owned();
            return Err(ConnectError::Twice { name, endpoint });
        }

        let (registry, own_registry) = self.place.registry();
        let (queue, ack_delay) = (config.pending_messages, config.ack_delay);
        let opener = Opener {
            config,
            place: self.place,
            registry,
            receive_high_water_mark: self.receive_high_water_mark,
            security: self.security,
        };
        let mut sockets = Vec::new();
        let mut links = Vec::new();
        let mut endpoints = Vec::new();
        for (at, (data, control)) in self.publishers.into_iter().enumerate() {
            let (opened, link) = opener.open(at, &data, &control)?;
            sockets.push(opened);
            links.push(link);
            endpoints.push(data);
        }
        let system = |source| ConnectError::System {
            name: name.clone(),
            source,
        };
        let handover = Handover::new(links.len(), queue, ack_delay);
        let waker = Waker::new().map_err(system)?;
        let helm = Helm::new(Reader::new(sockets)).map_err(system)?;
        let shared = Shared::new(name.clone(), endpoints, links, handover, waker, helm);
        let shared = Arc::new(shared);
        let herald = Herald::new(name.clone(), self.hook);
        WatchThread::spawn(Arc::clone(&shared), herald).map_err(system)?;
        Ok(Subscriber {
            shared,
            own_registry,
        })
    }
}

/// An endpoint that stands there more than once.
fn named_twice(publishers: &[(String, String)]) -> Option<&str> {
    let mut seen = HashSet::new();
    let mut endpoints = publishers
        .iter()
        .flat_map(|(data, control)| [data.as_str(), control]);
    endpoints.find(|endpoint| !seen.insert(*endpoint))
}
