//! Settings of a publisher.

use super::Publisher;
use super::authorize::Authorizer;
use super::news::OnEvent;
use super::security::{Mechanism, ServerSecurity};
use crate::error::OpenError;
use crate::place::Place;
use linger_ack_proto::{Batching, ConfigError, Event, Expected, PublisherConfig};
use linger_registry::Registry;
use std::fmt;
use std::time::Duration;

/// Settings of a [`Publisher`]; [`bind`](Self::bind) makes it.
#[must_use]
pub struct PublisherBuilder {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) config: PublisherConfig,
    /// What was wrong with an expected name; told by [`bind`](Self::bind).
    pub(super) fault: Option<ConfigError>,
    pub(super) publish_limit: Duration,
    pub(super) send_buffer: Option<i32>,
    pub(super) evict_after: Option<Duration>,
    pub(super) on_event: Option<OnEvent>,
    pub(super) authorizer: Option<Box<dyn Authorizer>>,
    pub(super) security: ServerSecurity,
}

impl PublisherBuilder {
    #[track_caller]
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            place: Place::here(),
            config: PublisherConfig::default(),
            fault: None,
            publish_limit: Duration::from_secs(5),
            send_buffer: None,
            evict_after: None,
            on_event: None,
            authorizer: None,
            security: ServerSecurity::default(),
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

    /// Evicts whoever holds the window full this long; never by default.
    ///
    /// Once a message has waited this long for room, and nothing else that waited has found any
    /// meanwhile, everyone who holds back the oldest message is evicted in one step, and it goes
    /// on. It has to wait at least so long, so let it be less than
    /// [`publish_limit`](Self::publish_limit); [`try_publish`](Publisher::try_publish) never
    /// evicts. Whoever is evicted is told so, may join anew, and is named in the report with what
    /// it left unacknowledged, which bars [`Quorum::All`](crate::Quorum::All).
    pub fn evict_after(mut self, limit: Duration) -> Self {
        self.evict_after = Some(limit);
        self
    }

    /// A durable name: what it is owed waits for it while it is away.
    ///
    /// It is kept for [`durable_for`](Self::durable_for), unless those who are here need the room.
    /// A session that joins under this name gets what the last one had not acknowledged.
    pub fn durable(mut self, name: impl Into<String>) -> Self {
        self.config.durable.push(name.into());
        self
    }

    /// How long what a durable name is owed is kept while it is away: 0 to 30 days.
    ///
    /// 60 s by default; then its claim ends, as expired.
    pub fn durable_for(mut self, limit: Duration) -> Self {
        self.config.durable_for = limit;
        self
    }

    /// A durable name that is owed all of these topics from the start, before it comes.
    ///
    /// It is expected to acknowledge at [`Level::Processed`](crate::Level::Processed). The empty
    /// prefix is everything; a name that can't be is an error of [`bind`](Self::bind).
    pub fn expect<P: AsRef<[u8]>>(
        mut self,
        name: impl Into<String>,
        prefixes: impl IntoIterator<Item = P>,
    ) -> Self {
        match Expected::new(name) {
            Ok(mut expected) => {
                for prefix in prefixes {
                    expected = expected.prefix(prefix.as_ref().to_vec());
                }
                self.expected(expected)
            }
            Err(fault) => {
                self.fault.get_or_insert(fault);
                self
            }
        }
    }

    /// As [`expect`](Self::expect), with everything that can be said of an expected name.
    pub fn expected(mut self, expected: Expected) -> Self {
        self.config.expected.push(expected);
        self
    }

    /// Whether topics stand bare in their frame, for plain readers; false by default.
    ///
    /// Messages then have three frames: the topic, the payload, and 16 bytes that a plain SUB may
    /// ignore. It costs about a tenth of the throughput of small messages, or more.
    pub fn bare_topics(mut self, bare: bool) -> Self {
        self.config.bare_topics = bare;
        self
    }

    /// Has small messages of one topic travel together; off by default.
    ///
    /// A message then waits until so many, or so many bytes, are together, and not longer than
    /// [`delay`](Batching::delay) (and a millisecond, to which timers are rounded up); a close, a
    /// flush, a full window, and whatever is said of what was sent send what waits at once. It is
    /// accepted and retained as any other, and is acknowledged, repaired and reported by itself.
    ///
    /// The order within a topic is kept; the order across topics is not. A plain SUB can't read
    /// batches. A payload that a subscriber holds on to keeps the whole batch in memory.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), linger_ack::OpenError> {
    /// use linger_ack::{Batching, Publisher};
    ///
    /// let ticks = Publisher::builder("ticks")
    ///     .batching(Batching::default().messages(128))
    ///     .bind("tcp://*:5556", "tcp://*:5557")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn batching(mut self, batching: Batching) -> Self {
        self.config.batching = Some(batching);
        self
    }

    /// Changes whatever else the protocol lets one set: limits for strangers, repairs, timers.
    pub fn configure(mut self, change: impl FnOnce(&mut PublisherConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// Every setting of the protocol at once, in place of what was set so far.
    pub fn config(mut self, config: PublisherConfig) -> Self {
        self.config = config;
        self.fault = None;
        self
    }

    /// Has each event told to `tell`: who joined, is silent, left, lost something, was refused.
    ///
    /// It is called on the publisher's own thread, without a lock, in the order of the events, and
    /// may use the publisher. Let it be quick: no member is heard meanwhile. A panic in it is
    /// logged, and the publisher goes on. What happened last may be told after
    /// [`close_by`](Publisher::close_by) has returned. If it holds a clone of the publisher, the
    /// publisher is not dropped before it is closed.
    pub fn on_event(mut self, tell: impl FnMut(Event) + Send + 'static) -> Self {
        self.on_event = Some(Box::new(tell));
        self
    }

    /// Asks this before anyone joins, and before a member gets more prefixes.
    ///
    /// Without one, names are trusted: anybody who reaches the control port can join under any
    /// name. See [`Authorizer`].
    pub fn authorizer(mut self, authorizer: impl Authorizer + 'static) -> Self {
        self.authorizer = Some(Box::new(authorizer));
        self
    }

    /// Has libzmq ask for user and password on both ports (ZMTP's PLAIN, in clear).
    ///
    /// The application answers by a ZAP handler, a REP bound to `inproc://zeromq.zap.01` in the
    /// same [`registry`](Self::registry): without one nobody is let in. It does not apply to
    /// inproc. With [`UserIdIsName`](crate::UserIdIsName), names are bound to users.
    pub fn plain_server(mut self) -> Self {
        self.security.mechanism = Some(Mechanism::Plain);
        self
    }

    /// Encrypts both ports by CURVE; the secret key has 32 bytes, or 40 as Z85.
    ///
    /// Without a ZAP handler in the same [`registry`](Self::registry) whoever knows the public key
    /// is let in. It does not apply to inproc. Not every libzmq has CURVE, and the one that the
    /// crate `zmq` builds by itself has not: then [`bind`](Self::bind) says
    /// [`SecurityError::Unsupported`](crate::SecurityError::Unsupported).
    pub fn curve_server(mut self, secret_key: impl AsRef<[u8]>) -> Self {
        let secret = secret_key.as_ref().to_vec();
        self.security.mechanism = Some(Mechanism::Curve { secret });
        self
    }

    /// The domain that the ZAP handler is told, on both ports: up to 255 bytes without a NUL.
    pub fn zap_domain(mut self, domain: impl Into<String>) -> Self {
        self.security.zap_domain = Some(domain.into());
        self
    }

    /// The kernel's send buffer of each connection, in bytes: ZMQ_SNDBUF, of both sockets.
    ///
    /// By default the system's; it may hold more than it is told, Linux twice as much.
    pub fn send_buffer(mut self, bytes: u32) -> Self {
        self.send_buffer = Some(i32::try_from(bytes).unwrap_or(i32::MAX));
        self
    }

    /// Opens the sockets, binds them and starts the publisher.
    ///
    /// # Errors
    ///
    /// If a setting is outside its range, an endpoint is bad or taken (it is named), libzmq can't do
    /// what is asked of it, or the system refuses a thread or a descriptor.
    pub fn bind(self, data: &str, control: &str) -> Result<Publisher, OpenError> {
        super::bind::bind(self, data, control)
    }
}

impl fmt::Debug for PublisherBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublisherBuilder")
            .field("name", &self.name)
            .field("config", &self.config)
            .field("publish_limit", &self.publish_limit)
            .field("evict_after", &self.evict_after)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}
