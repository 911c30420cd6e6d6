//! A publisher, its subscribers, and wires between them that can be cut. Time stands still until
//! a test moves it.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "each test file uses a part of this"
)]

mod faults;
mod node;
mod witness;

pub use faults::{Faults, Rng};
pub use node::Node;
pub use witness::Seen;

use bytes::Bytes;
use linger_ack_proto::{
    Epoch, Event, Frames, Identity, Level, Nonce, Publisher, PublisherConfig, SessionId,
    Subscriber, SubscriberConfig, SubscriberEvent, Transmit,
};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub struct World {
    pub now: Instant,
    pub publisher: Publisher,
    pub events: Vec<Event>,
    pub nodes: Vec<Node>,
    /// Frames that the publisher could not hand to anyone.
    pub undeliverable: usize,
    /// How many control frames get through in one turn; the rest is lost.
    pub control_limit: Option<usize>,
    pub faults: Faults,
    /// Whether the publisher's process runs; while it does not, what is sent to it waits.
    pub publishes: bool,
    waiting: Vec<(Bytes, Bytes)>,
    /// What was accepted, by epoch and topic, in order.
    pub published: BTreeMap<(Epoch, Bytes), Vec<Bytes>>,
    identities: u128,
}

impl World {
    pub fn new() -> Self {
        Self::with(PublisherConfig::default())
    }

    pub fn with(config: PublisherConfig) -> Self {
        Self {
            now: Instant::now(),
            publisher: Publisher::new(config, Epoch::from_u128(77)).expect("a valid config"),
            events: Vec::new(),
            nodes: Vec::new(),
            undeliverable: 0,
            control_limit: None,
            faults: Faults::default(),
            publishes: true,
            waiting: Vec::new(),
            published: BTreeMap::new(),
            identities: 0,
        }
    }

    fn identity(&mut self) -> Identity {
        self.identities += 1;
        Identity {
            session: SessionId::from_u128(self.identities << 64),
            nonce: Nonce::from_u128(self.identities),
        }
    }

    /// Adds a subscriber; it joins at the next `run`.
    pub fn subscriber(&mut self, name: &str, prefix: &'static str) -> usize {
        self.subscriber_with(
            SubscriberConfig::new(name)
                .expect("a name")
                .subscribe(prefix),
        )
    }

    pub fn received_level(&mut self, name: &str, prefix: &'static str) -> usize {
        let mut config = SubscriberConfig::new(name)
            .expect("a name")
            .subscribe(prefix);
        config.level = Level::Received;
        self.subscriber_with(config)
    }

    pub fn subscriber_with(&mut self, config: SubscriberConfig) -> usize {
        let identity = self.identity();
        let prefixes = config.prefixes.clone();
        let machine = Subscriber::new(self.now, config, identity);
        let route = Bytes::from(format!("route {}", self.identities));
        self.nodes
            .push(Node::new(machine, route, prefixes, identity));
        self.nodes.len() - 1
    }

    /// A member from the start.
    pub fn member(&mut self, name: &str, prefix: &'static str) -> usize {
        let at = self.subscriber(name, prefix);
        self.run();
        assert!(self.nodes[at].machine.is_member(), "{name} did not join");
        at
    }

    pub fn publish(&mut self, topic: &str, payload: &str) -> u64 {
        self.try_publish(topic, payload).expect("accepted")
    }

    pub fn try_publish(
        &mut self,
        topic: &str,
        payload: &str,
    ) -> Result<u64, linger_ack_proto::PublishError> {
        let mut envelope = Vec::new();
        let payload = Bytes::copy_from_slice(payload.as_bytes());
        let topic = topic.as_bytes();
        let sent = self
            .publisher
            .publish(self.now, topic, payload.clone(), &mut envelope)?;
        let key = (self.publisher.epoch(), Bytes::copy_from_slice(topic));
        let published = self.published.entry(key).or_default();
        published.push(payload.clone());
        assert_eq!(
            sent.sequence,
            published.len() as u64,
            "without gaps, from 1"
        );
        self.on_data(&Bytes::from(envelope), Some(payload));
        Ok(sent.sequence)
    }

    /// Puts a frame on the data connections, as PUB would.
    pub fn on_data(&mut self, first: &Bytes, payload: Option<Bytes>) {
        for node in self.nodes.iter_mut().filter(|node| node.data) {
            let private = node.machine.private_topic();
            let wanted = node.prefixes.iter().any(|prefix| first.starts_with(prefix));
            if (wanted || first.starts_with(&private)) && !self.faults.lose_data() {
                node.inbox.push((first.clone(), payload.clone()));
            }
        }
    }

    /// A new DEALER connection: another routing id.
    pub fn reconnect_control(&mut self, at: usize) {
        self.identities += 1;
        self.nodes[at].route = Bytes::from(format!("route {}", self.identities));
        self.nodes[at].control = true;
    }

    /// Lets everyone speak until nobody has anything to say. Time stands still.
    pub fn run(&mut self) {
        for _ in 0..10_000 {
            if !self.turn() {
                return;
            }
        }
        panic!("they never fall silent");
    }

    /// Moves the time, from one timer to the next.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.run();
            let running = self.nodes.iter().filter(|node| node.runs);
            let timers = running.filter_map(|node| node.machine.poll_timeout());
            let publisher = self.publishes.then(|| self.publisher.poll_timeout());
            match timers.chain(publisher.flatten()).min() {
                Some(at) if at <= end => {
                    assert!(
                        at > self.now,
                        "a timer that was served is due again at once"
                    );
                    self.now = at;
                    self.tick();
                }
                _ => break,
            }
        }
        self.now = end;
        self.run();
    }

    /// The time has moved: the publisher first takes in what waits for it, then looks.
    pub fn tick(&mut self) {
        if self.publishes {
            for (route, frame) in std::mem::take(&mut self.waiting) {
                self.publisher.handle_control(self.now, &route, &frame);
            }
            self.publisher.handle_timeout(self.now);
        }
    }

    /// Hands the publisher a frame of a node, or leaves it in its socket while it is suspended.
    pub fn tell_publisher(&mut self, route: Bytes, frame: Bytes) {
        match self.publishes {
            true => self.publisher.handle_control(self.now, &route, &frame),
            false => self.waiting.push((route, frame)),
        }
    }

    fn turn(&mut self) -> bool {
        let mut spoke = self.publishes && self.publisher_turn();
        for at in 0..self.nodes.len() {
            spoke |= self.nodes[at].runs && self.node_turn(at);
        }
        spoke
    }

    pub fn publisher_turn(&mut self) -> bool {
        let mut spoke = false;
        let mut control = 0;
        while let Some(transmit) = self.publisher.poll_transmit() {
            spoke = true;
            match transmit {
                Transmit::Private { frame } => self.on_data(&frame, None),
                Transmit::Batch(Frames {
                    envelope, payload, ..
                }) => self.on_data(&envelope.into(), Some(payload.into())),
                Transmit::Control { route, frame } => {
                    control += 1;
                    let limited = self.control_limit.is_some_and(|limit| control > limit);
                    if limited || self.faults.lose_down() {
                        continue;
                    }
                    let now = self.now;
                    let mut nodes = self.nodes.iter_mut();
                    match nodes.find(|node| node.route == route && node.control && node.runs) {
                        Some(node) => node.machine.handle_control(now, &frame),
                        None => self.undeliverable += 1,
                    }
                }
                Transmit::Settle => {}
            }
        }
        while let Some(event) = self.publisher.poll_event() {
            self.events.push(event);
        }
        spoke
    }

    /// Lets one node speak once, and nobody else.
    pub fn run_node(&mut self, at: usize) {
        self.node_turn(at);
    }

    /// What the publisher would put on private topics now; the rest of what it says is lost.
    pub fn private_frames(&mut self) -> Vec<Bytes> {
        let said = std::iter::from_fn(|| self.publisher.poll_transmit());
        said.filter_map(|transmit| match transmit {
            Transmit::Private { frame } => Some(frame),
            _ => None,
        })
        .collect()
    }

    fn node_turn(&mut self, at: usize) -> bool {
        let now = self.now;
        let node = &mut self.nodes[at];
        let (said, mut spoke) = node.turn(now);
        let mut rejoin = false;
        while let Some(event) = node.machine.poll_event() {
            spoke = true;
            rejoin |= event == SubscriberEvent::Rejoin;
            node.obey(&event);
            node.events.push(event);
        }
        for frame in said {
            let node = &mut self.nodes[at];
            let route = node.route.clone();
            if !node.control {
                if node.dawdles {
                    node.late.push((route, frame));
                }
            } else if !self.faults.lose_up() {
                self.tell_publisher(route, frame);
            }
        }
        if rejoin {
            let identity = self.identity();
            let node = &mut self.nodes[at];
            node.machine.rejoin(now, identity);
            node.witness.session(identity.session);
        }
        spoke
    }
}

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
