//! A publisher, its subscribers, and wires between them that can be cut. Time stands still until
//! a test moves it.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "each test file uses a part of this"
)]

use bytes::Bytes;
use linger_ack_proto::{
    DeliveryId, EndReason, Epoch, Event, Identity, Item, Level, Nonce, Publisher, PublisherConfig,
    SessionId, Subscriber, SubscriberConfig, SubscriberEvent, Transmit,
};
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
    identities: u128,
}

/// A subscriber and what a driver and an application would hold for it.
pub struct Node {
    pub machine: Subscriber,
    pub route: Bytes,
    /// While false, what is sent on that connection is lost.
    pub data: bool,
    pub control: bool,
    /// Whether the application acknowledges what it is given, at once.
    pub acks: bool,
    /// Whether this process runs at all.
    pub runs: bool,
    pub delivered: Vec<(Bytes, Bytes)>,
    pub gone: Vec<(Bytes, u64, u64)>,
    pub unacked: Vec<DeliveryId>,
    pub events: Vec<SubscriberEvent>,
    prefixes: Vec<Bytes>,
    inbox: Vec<(Bytes, Option<Bytes>)>,
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
        self.nodes.push(Node {
            machine: Subscriber::new(self.now, config, identity),
            route: Bytes::from(format!("route {}", self.identities)),
            data: true,
            control: true,
            acks: true,
            runs: true,
            delivered: Vec::new(),
            gone: Vec::new(),
            unacked: Vec::new(),
            events: Vec::new(),
            prefixes,
            inbox: Vec::new(),
        });
        self.nodes.len() - 1
    }

    /// A member from the start.
    pub fn member(&mut self, name: &str, prefix: &'static str) -> usize {
        let at = self.subscriber(name, prefix);
        self.run();
        assert!(self.nodes[at].machine.is_member(), "{name} did not join");
        at
    }

    pub fn publish(&mut self, topic: &'static str, payload: &str) -> u64 {
        self.try_publish(topic, payload).expect("accepted")
    }

    pub fn try_publish(
        &mut self,
        topic: &'static str,
        payload: &str,
    ) -> Result<u64, linger_ack_proto::PublishError> {
        let mut envelope = Vec::new();
        let payload = Bytes::copy_from_slice(payload.as_bytes());
        let topic = topic.as_bytes();
        let sent = self
            .publisher
            .publish(self.now, topic, payload.clone(), &mut envelope)?;
        self.on_data(&Bytes::from(envelope), Some(payload));
        Ok(sent.sequence)
    }

    /// Puts a frame on the data connections, as PUB would.
    pub fn on_data(&mut self, first: &Bytes, payload: Option<Bytes>) {
        for node in self.nodes.iter_mut().filter(|node| node.data) {
            let private = node.machine.private_topic();
            let wanted = node.prefixes.iter().any(|prefix| first.starts_with(prefix));
            if wanted || first.starts_with(&private) {
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
            let next = timers.chain(self.publisher.poll_timeout()).min();
            match next {
                Some(at) if at <= end => {
                    // A timer that is overdue and stays so would never let the time pass.
                    self.now = at.max(self.now + Duration::from_micros(1));
                    self.publisher.handle_timeout(self.now);
                }
                _ => break,
            }
        }
        self.now = end;
        self.run();
    }

    fn turn(&mut self) -> bool {
        let mut spoke = false;
        let mut control = 0;
        while let Some(transmit) = self.publisher.poll_transmit() {
            spoke = true;
            match transmit {
                Transmit::Private { frame } => self.on_data(&frame, None),
                Transmit::Control { route, frame } => {
                    control += 1;
                    if self.control_limit.is_some_and(|limit| control > limit) {
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
        for at in 0..self.nodes.len() {
            spoke |= self.run_node(at);
        }
        spoke
    }

    fn run_node(&mut self, at: usize) -> bool {
        let now = self.now;
        let node = &mut self.nodes[at];
        if !node.runs {
            return false;
        }
        let mut spoke = false;
        for (first, payload) in std::mem::take(&mut node.inbox) {
            spoke = true;
            node.machine.handle_data(now, &first, payload);
        }
        while let Some(item) = node.machine.poll_delivery() {
            spoke = true;
            match item {
                Item::Message(delivery) => {
                    if node.acks {
                        node.machine.acknowledge(now, &delivery.id);
                    } else {
                        node.unacked.push(delivery.id);
                    }
                    node.delivered.push((delivery.topic, delivery.payload));
                }
                Item::Gone { topic, range } => {
                    node.gone.push((topic, range.first(), range.last()));
                }
                _ => {}
            }
        }
        node.machine.handle_timeout(now);
        let mut rejoin = false;
        while let Some(event) = node.machine.poll_event() {
            spoke = true;
            rejoin |= event == SubscriberEvent::Rejoin;
            node.events.push(event);
        }
        while let Some(transmit) = node.machine.poll_transmit() {
            spoke = true;
            if node.control {
                self.publisher
                    .handle_control(now, &node.route, &transmit.frame);
            }
        }
        if rejoin {
            let identity = self.identity();
            self.nodes[at].machine.rejoin(now, identity);
        }
        spoke
    }
}

impl Node {
    pub fn payloads(&self) -> Vec<&str> {
        let payloads = self.delivered.iter().map(|(_, payload)| payload);
        payloads
            .map(|payload| std::str::from_utf8(payload).expect("text"))
            .collect()
    }

    pub fn ended(&self) -> Option<EndReason> {
        self.events.iter().find_map(|event| match event {
            SubscriberEvent::Ended { reason } => Some(*reason),
            _ => None,
        })
    }
}

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
