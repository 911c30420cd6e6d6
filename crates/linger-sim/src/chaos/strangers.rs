//! Frames that should never have come: random, broken, replayed, of others, of strangers.

use crate::faults::Fault;
use crate::network::Frame;
use crate::payload::Tag;
use crate::world::World;
use bytes::Bytes;
use linger_ack_proto::wire::{
    Envelope, HEADER_LEN, Header, Hello, Mark, PRIVATE_LEN, ToPublisher, ToSubscriber,
};
use linger_ack_proto::{Epoch, Level, Nonce, SessionId};

/// Where the session stands in a header.
const SESSION: usize = 20;

impl World {
    pub(super) fn send_rubbish(&mut self, at: usize) {
        match self.rng.below(6) {
            0 => {
                let noise = self.noise();
                self.deliver_rubbish(at, noise);
                self.count(Fault::Noise);
            }
            1 | 2 => {
                if let Some(frame) = self.mutated() {
                    self.deliver_rubbish(at, frame);
                    self.count(Fault::Mutated);
                }
            }
            3 => self.replay(),
            4 => self.foreign(at),
            _ => self.stranger(),
        }
    }

    fn noise(&mut self) -> Bytes {
        let len = self.rng.below(80);
        let mut bytes: Vec<u8> = (0..len).map(|_| self.rng.next().to_be_bytes()[0]).collect();
        if self.rng.percent(50) {
            // It begins as a frame does.
            for (byte, good) in bytes.iter_mut().zip(*b"LG\x01") {
                *byte = good;
            }
        }
        bytes.into()
    }

    /// A true frame with something changed. Its session is never left as it was, if the rest could
    /// still be read: that is the secret that nobody knows.
    fn mutated(&mut self) -> Option<Bytes> {
        let is_said = self.rng.percent(50);
        let from = if is_said { &self.said } else { &self.told };
        let frame = from.get(self.rng.index(from.len()))?;
        let mut bytes = frame.to_vec();
        let change = self.rng.below(3);
        let stays_broken = is_said && change < 2;
        let place = SESSION + self.rng.index(16);
        if let (false, Some(byte)) = (stays_broken, bytes.get_mut(place)) {
            *byte ^= 0x5A;
        }
        match change {
            0 => bytes.truncate(self.rng.index(bytes.len())),
            1 => bytes.push(0),
            _ => {
                let place = self.rng.index(bytes.len());
                if !(SESSION..HEADER_LEN).contains(&place) {
                    bytes[place] ^= 1 << self.rng.below(8);
                }
            }
        }
        // Nobody reads a HELLO but its publisher, and a nonce stands in nothing else that is said.
        let frame = Bytes::from(bytes);
        let is_hello = |(_, _, body)| matches!(body, ToPublisher::Hello(_));
        let says_hello = ToPublisher::decode(&frame).is_ok_and(is_hello);
        (!says_hello).then_some(frame)
    }

    /// Puts a frame on any of the ways that lead to a machine.
    fn deliver_rubbish(&mut self, at: usize, frame: Bytes) {
        match self.rng.below(3) {
            0 => {
                let publisher = self.rng.index(self.publishers.len());
                let route = self.stray_route(at);
                self.reach_publisher(publisher, route, frame);
            }
            1 => {
                self.subscribers[at].control.inbox.push_back(frame);
                self.rouse_subscriber(at, self.now);
            }
            _ => self.put_on_data(at, frame),
        }
    }

    /// A route of a stranger, or that of a subscriber.
    fn stray_route(&mut self, at: usize) -> Bytes {
        match self.rng.percent(50) {
            true => Bytes::from_static(b"\x09stranger"),
            false => self.subscribers[at].control.route.clone(),
        }
    }

    fn put_on_data(&mut self, at: usize, first: Bytes) {
        // What reads as a message of this epoch only its publisher can say.
        let epoch = self.publishers[self.subscribers[at].publisher].epoch;
        let tag = self.ledger.epochs[epoch].id.tag();
        if Envelope::decode(&first).is_ok_and(|envelope| envelope.tag == tag) {
            return;
        }
        let tag = Tag {
            epoch: u32::MAX,
            topic: 0,
            sequence: 1,
        };
        let payload = self.rng.percent(70).then(|| tag.encode(0));
        let trailer = self.rng.percent(20).then(|| Bytes::from_static(&[7; 16]));
        self.subscribers[at].data.inbox.push_back(Frame {
            first,
            payload,
            trailer,
        });
        self.rouse_subscriber(at, self.now);
    }

    /// A true frame comes again, over whatever connection.
    fn replay(&mut self) {
        let frame = self.said.get(self.rng.index(self.said.len())).cloned();
        let Some(frame) = frame else {
            return;
        };
        let at = self.rng.index(self.subscribers.len());
        let publisher = self.rng.index(self.publishers.len());
        let route = self.stray_route(at);
        self.count(Fault::Replayed);
        self.reach_publisher(publisher, route, frame);
    }

    /// What is meant for one subscriber comes to another; data of an epoch that is not.
    fn foreign(&mut self, at: usize) {
        self.count(Fault::Foreign);
        if self.rng.percent(50) {
            let frame = self.told.get(self.rng.index(self.told.len())).cloned();
            let own = self.ledger.sessions[self.session_of(at)].id;
            let is_foreign = |frame: &Bytes| {
                ToSubscriber::decode(frame).is_ok_and(|(header, _)| header.session != own)
            };
            if let Some(frame) = frame.filter(is_foreign) {
                self.subscribers[at].control.inbox.push_back(frame);
                self.rouse_subscriber(at, self.now);
            }
            return;
        }
        let epoch = self.publishers[self.subscribers[at].publisher].epoch;
        let tag = self.ledger.epochs[epoch].id.tag() ^ (1 << self.rng.below(32));
        let topic = self.plan.topics[self.rng.index(self.plan.topics.len())].clone();
        let envelope = Envelope {
            topic: &topic,
            tag,
            number: 1,
            sequence: self.rng.between(1, 50),
        };
        let mut first = Vec::new();
        envelope.encode(&mut first);
        self.put_on_data(at, first.into());
    }

    /// One of his own, or one that he has read on the data port: there stand those of members.
    fn nonce_of_a_stranger(&mut self, publisher: usize) -> Nonce {
        let own = Nonce::from_u128(self.rng.bits());
        let at = self.rng.index(self.subscribers.len());
        let machine = &self.subscribers[at].machine;
        let session = &self.ledger.sessions[self.session_of(at)];
        let epoch = session.welcomed.map(|(epoch, _)| epoch);
        let is_read = epoch == Some(self.publishers[publisher].epoch);
        if !machine.is_member() || !is_read || self.rng.percent(50) {
            return own;
        }
        let read = machine
            .private_topic()
            .get(1..PRIVATE_LEN)
            .map(<[u8; 16]>::try_from);
        read.and_then(Result::ok).map_or(own, Nonce::from_bytes)
    }

    /// Someone who has no business here says HELLO and no more, or claims marks.
    fn stranger(&mut self) {
        let at = self.rng.index(self.publishers.len());
        let session = SessionId::from_u128(self.rng.bits() | 1 << 60);
        let epoch = match self.rng.below(3) {
            0 => Epoch::UNKNOWN,
            _ => self.ledger.epochs[self.publishers[at].epoch].id,
        };
        let marks = vec![Mark {
            number: 1,
            received: 1,
            processed: 1,
        }];
        let body = match self.rng.below(4) {
            0 | 1 => ToPublisher::Hello(Hello {
                nonce: self.nonce_of_a_stranger(at),
                level: Level::Processed,
                name: "one".to_owned(),
                credentials: Bytes::new(),
                prefixes: vec![Bytes::new()],
            }),
            2 => ToPublisher::Ack { whole: true, marks },
            _ => ToPublisher::Bye { marks },
        };
        let frame = body.encode(&Header { epoch, session }, 1);
        self.count(Fault::Stranger);
        self.reach_publisher(at, Bytes::from_static(b"\x09stranger"), frame);
    }
}
