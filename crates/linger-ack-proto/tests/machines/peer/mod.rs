//! A publisher, and peers that say frame by frame what a test has them say.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "each test file uses a part of this"
)]

use bytes::Bytes;
use linger_ack_proto::wire::{
    Change, Changed, Header, Hello, InBand, Mark, ToPublisher, ToSubscriber, TopicEntry,
    TopicRange, Welcome, split_private,
};
use linger_ack_proto::{
    Epoch, Event, Level, Nonce, PublishError, Publisher, PublisherConfig, SessionId, Transmit,
};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// GRANTED or RELEASED, the number of the change, the topics with their sequences.
pub type Answer = (&'static str, u64, Vec<(u32, u64)>);

pub struct Bench {
    pub now: Instant,
    pub publisher: Publisher,
    pub events: Vec<Event>,
    control: Vec<(Bytes, ToSubscriber)>,
    in_band: Vec<(Nonce, InBand)>,
    settles: usize,
    sessions: u128,
    numbers: BTreeMap<u32, Bytes>,
}

pub struct Peer {
    pub session: SessionId,
    pub nonce: Nonce,
    pub route: Bytes,
    pub name: String,
    pub level: Level,
    pub serial: u64,
    pub welcome: u64,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(set: impl FnOnce(&mut PublisherConfig)) -> Self {
        let mut config = PublisherConfig::default();
        set(&mut config);
        Self {
            now: Instant::now(),
            publisher: Publisher::new(config, Epoch::from_u128(77)).expect("a valid config"),
            events: Vec::new(),
            control: Vec::new(),
            in_band: Vec::new(),
            settles: 0,
            sessions: 0,
            numbers: BTreeMap::new(),
        }
    }

    pub fn peer(&mut self, name: &str) -> Peer {
        self.sessions += 1;
        Peer {
            session: SessionId::from_u128(self.sessions << 64),
            nonce: Nonce::from_u128(self.sessions),
            route: Bytes::from(format!("route {}", self.sessions)),
            name: name.to_owned(),
            level: Level::Processed,
            serial: 0,
            welcome: 0,
        }
    }

    /// Says HELLO, and keeps the number of the WELCOME; says its entries.
    pub fn hello(&mut self, peer: &mut Peer, prefixes: &[&'static str]) -> Vec<(u32, u64)> {
        let prefixes = prefixes.iter().map(|prefix| (*prefix).into());
        let hello = Hello {
            nonce: peer.nonce,
            level: peer.level,
            name: peer.name.clone(),
            credentials: Bytes::new(),
            prefixes: prefixes.collect(),
        };
        self.say(peer, ToPublisher::Hello(hello));
        let mut entries = Vec::new();
        for said in self.in_band_to(peer) {
            if let InBand::Welcome(Welcome {
                number,
                entries: part,
                ..
            }) = said
            {
                peer.welcome = number;
                entries.extend(part);
            }
        }
        sequences(&entries)
    }

    pub fn joined(&mut self, peer: &mut Peer) {
        let welcome = peer.welcome;
        self.say(peer, ToPublisher::Joined { welcome });
    }

    /// A candidate.
    pub fn candidate(&mut self, name: &str, prefixes: &[&'static str]) -> Peer {
        let mut peer = self.peer(name);
        self.hello(&mut peer, prefixes);
        peer
    }

    /// A member; what it was said is forgotten.
    pub fn member(&mut self, name: &str, prefixes: &[&'static str]) -> Peer {
        let mut peer = self.candidate(name, prefixes);
        self.joined(&mut peer);
        assert_eq!(self.control_to(&peer)[0], ToSubscriber::Member);
        peer
    }

    pub fn say(&mut self, peer: &mut Peer, body: ToPublisher) {
        peer.serial += 1;
        let epoch = match body {
            ToPublisher::Hello(_) => Epoch::UNKNOWN,
            _ => self.publisher.epoch(),
        };
        let session = peer.session;
        let frame = body.encode(&Header { epoch, session }, peer.serial);
        self.hand_over(&peer.route, &frame);
    }

    pub fn hand_over(&mut self, route: &Bytes, frame: &Bytes) {
        self.publisher.handle_control(self.now, route, frame);
        self.gather();
    }

    fn gather(&mut self) {
        while let Some(transmit) = self.publisher.poll_transmit() {
            match transmit {
                Transmit::Control { route, frame } => {
                    let (_, body) = ToSubscriber::decode(&frame).expect("a whole frame");
                    self.control.push((route, body));
                }
                Transmit::Private { frame } => {
                    let (nonce, body) = split_private(&frame).expect("a private frame");
                    let (_, body) = InBand::decode(&body).expect("a whole frame");
                    self.in_band.push((nonce, body));
                }
                Transmit::Settle => self.settles += 1,
                Transmit::Batch(_) => unreachable!("no publisher of these tests batches"),
            }
        }
        while let Some(event) = self.publisher.poll_event() {
            self.events.push(event);
        }
    }

    /// What was said to it over control since the last call.
    pub fn control_to(&mut self, peer: &Peer) -> Vec<ToSubscriber> {
        self.gather();
        let said = extract(&mut self.control, |(route, _)| *route == peer.route);
        said.into_iter().map(|(_, body)| body).collect()
    }

    /// How often PUB was to look for credit since the last call.
    pub fn settles(&mut self) -> usize {
        self.gather();
        std::mem::take(&mut self.settles)
    }

    /// What was said to it in-band since the last call.
    pub fn in_band_to(&mut self, peer: &Peer) -> Vec<InBand> {
        self.gather();
        let said = extract(&mut self.in_band, |(nonce, _)| *nonce == peer.nonce);
        said.into_iter().map(|(_, body)| body).collect()
    }

    pub fn subscribe(&mut self, peer: &mut Peer, number: u64, prefixes: &[&'static str]) {
        self.say(peer, ToPublisher::Subscribe(change(number, prefixes)));
    }

    pub fn unsubscribe(&mut self, peer: &mut Peer, number: u64, prefixes: &[&'static str]) {
        self.say(peer, ToPublisher::Unsubscribe(change(number, prefixes)));
    }

    /// The one GRANTED or RELEASED that was said to it: its number and its entries.
    pub fn changed(&mut self, peer: &Peer) -> Option<Answer> {
        let mut answer = None::<Answer>;
        for said in self.in_band_to(peer) {
            let (kind, changed) = match said {
                InBand::Granted(changed) => ("granted", changed),
                InBand::Released(changed) => ("released", changed),
                _ => continue,
            };
            let Changed {
                number, entries, ..
            } = changed;
            let whole = answer.get_or_insert((kind, number, Vec::new()));
            assert_eq!((whole.0, whole.1), (kind, number), "one answer");
            whole.2.extend(sequences(&entries));
        }
        answer
    }

    /// Acknowledges up to a sequence, on both levels.
    pub fn ack(&mut self, peer: &mut Peer, number: u32, up_to: u64) {
        let marks = vec![mark(number, up_to)];
        self.say(
            peer,
            ToPublisher::Ack {
                whole: false,
                marks,
            },
        );
    }

    pub fn nack(&mut self, peer: &mut Peer, number: u32, first: u64, last: u64) {
        let ranges = vec![TopicRange {
            number,
            first,
            last,
        }];
        self.say(peer, ToPublisher::Nack { ranges });
    }

    pub fn bye(&mut self, peer: &mut Peer, marks: Vec<Mark>) {
        self.say(peer, ToPublisher::Bye { marks });
    }

    pub fn publish(&mut self, topic: &str) -> u64 {
        self.try_publish(topic).expect("accepted")
    }

    pub fn try_publish(&mut self, topic: &str) -> Result<u64, PublishError> {
        let mut envelope = Vec::new();
        let payload = Bytes::from_static(b"payload!");
        let topic = topic.as_bytes();
        let sent = self
            .publisher
            .publish(self.now, topic, payload, &mut envelope);
        self.gather();
        if let Ok(sent) = &sent {
            self.numbers
                .insert(sent.number, Bytes::copy_from_slice(topic));
        }
        sent.map(|sent| sent.sequence)
    }

    /// Moves the time from one of the publisher's timers to the next. Nobody beats.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.publisher.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.publisher.handle_timeout(self.now);
            let again = self.publisher.poll_timeout();
            assert!(again.is_none_or(|at| at > self.now), "due again at once");
        }
        self.now = end;
        self.gather();
    }

    /// As `pass`, with these peers beating.
    pub fn pass_with(&mut self, time: Duration, peers: &mut [&mut Peer]) {
        let end = self.now + time;
        while self.now < end {
            for peer in peers.iter_mut() {
                self.say(peer, ToPublisher::Beat);
            }
            let step = Duration::from_millis(50).min(end - self.now);
            self.pass(step);
        }
    }

    /// The topics that something was published on, by number.
    pub fn numbers(&self) -> &BTreeMap<u32, Bytes> {
        &self.numbers
    }

    pub fn retained(&self) -> u64 {
        self.publisher.progress(self.now).outstanding
    }
}

/// Takes out what is wanted; the rest stays.
fn extract<T>(list: &mut Vec<T>, which: impl Fn(&T) -> bool) -> Vec<T> {
    let (taken, left) = std::mem::take(list).into_iter().partition(which);
    *list = left;
    taken
}

pub fn mark(number: u32, up_to: u64) -> Mark {
    Mark {
        number,
        received: up_to,
        processed: up_to,
    }
}

fn change(number: u64, prefixes: &[&'static str]) -> Change {
    let prefixes = prefixes.iter().map(|prefix| (*prefix).into());
    Change {
        number,
        prefixes: prefixes.collect(),
    }
}

fn sequences(entries: &[TopicEntry]) -> Vec<(u32, u64)> {
    let entries = entries.iter();
    entries
        .map(|entry| (entry.number, entry.sequence))
        .collect()
}

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
