//! A subscriber alone, fed with frames that are made by hand.
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
    Change, Changed, Envelope, Header, InBand, Mark, Part, Repair, ToPublisher, ToSubscriber,
    TopicEntry, TopicRange, Welcome,
};
use linger_ack_proto::{
    Delivery, Epoch, Identity, Item, Nonce, SessionId, Subscriber, SubscriberConfig,
    SubscriberEvent,
};
use std::time::{Duration, Instant};

pub const ONE: Part = Part { index: 0, count: 1 };

pub struct Hand {
    pub now: Instant,
    pub machine: Subscriber,
    pub epoch: Epoch,
    pub session: u128,
}

pub fn config(prefixes: &[&'static str]) -> SubscriberConfig {
    let config = SubscriberConfig::new("a").expect("a name");
    let prefixes = prefixes.iter();
    prefixes.fold(config, |config, prefix| config.subscribe(*prefix))
}

pub fn entry(topic: &'static str, number: u32, sequence: u64) -> TopicEntry {
    TopicEntry {
        number,
        sequence,
        topic: Bytes::from_static(topic.as_bytes()),
    }
}

pub fn mark(number: u32, received: u64, processed: u64) -> Mark {
    Mark {
        number,
        received,
        processed,
    }
}

pub fn range(number: u32, first: u64, last: u64) -> TopicRange {
    TopicRange {
        number,
        first,
        last,
    }
}

fn identity(session: u128) -> Identity {
    Identity {
        session: SessionId::from_u128(session << 64),
        nonce: Nonce::from_u128(session),
    }
}

impl Hand {
    pub fn with(config: SubscriberConfig) -> Self {
        let now = Instant::now();
        Self {
            now,
            machine: Subscriber::new(now, config, identity(1)),
            epoch: Epoch::from_u128(77),
            session: 1,
        }
    }

    /// A member that was welcomed with these bases.
    pub fn member(prefixes: &[&'static str], bases: Vec<TopicEntry>) -> Self {
        Self::member_with(config(prefixes), bases)
    }

    pub fn member_with(config: SubscriberConfig, bases: Vec<TopicEntry>) -> Self {
        let mut hand = Self::with(config);
        hand.join(bases);
        assert_eq!(hand.events(), [SubscriberEvent::Joined]);
        hand
    }

    /// HELLO, WELCOME, JOINED, MEMBER.
    pub fn join(&mut self, bases: Vec<TopicEntry>) {
        let said = self.said();
        assert!(matches!(said[..], [ToPublisher::Hello(_)]), "{said:?}");
        self.welcome(bases);
        let said = self.said();
        let joined = ToPublisher::Joined { welcome: 1 };
        assert_eq!(said, [joined]);
        self.control(&ToSubscriber::Member);
        assert!(self.machine.is_member());
    }

    pub fn welcome(&mut self, entries: Vec<TopicEntry>) {
        self.in_band(&InBand::Welcome(Welcome {
            number: 1,
            part: ONE,
            window_messages: 4_096,
            window_bytes: 1 << 20,
            expiry_ms: 5_000,
            entries,
        }));
    }

    /// Takes up a new session, as a driver does on `Rejoin`.
    pub fn rejoin(&mut self) {
        self.session += 1;
        self.machine.rejoin(self.now, identity(self.session));
    }

    fn header(&self) -> Header {
        Header {
            epoch: self.epoch,
            session: identity(self.session).session,
        }
    }

    pub fn in_band(&mut self, body: &InBand) {
        let frame = body.encode(&identity(self.session).nonce, self.epoch);
        self.machine.handle_data(self.now, &frame, None);
    }

    pub fn control(&mut self, body: &ToSubscriber) {
        let frame = body.encode(&self.header());
        self.machine.handle_control(self.now, &frame);
    }

    pub fn granted(&mut self, number: u64, entries: Vec<TopicEntry>) {
        self.granted_part(number, ONE, entries);
    }

    pub fn granted_part(&mut self, number: u64, part: Part, entries: Vec<TopicEntry>) {
        self.in_band(&InBand::Granted(Changed {
            number,
            part,
            entries,
        }));
    }

    pub fn released(&mut self, number: u64, entries: Vec<TopicEntry>) {
        self.released_part(number, ONE, entries);
    }

    pub fn released_part(&mut self, number: u64, part: Part, entries: Vec<TopicEntry>) {
        self.in_band(&InBand::Released(Changed {
            number,
            part,
            entries,
        }));
    }

    pub fn end(&mut self, entries: Vec<TopicEntry>) {
        self.in_band(&InBand::End { part: ONE, entries });
    }

    pub fn sync(&mut self, entries: Vec<TopicEntry>) {
        self.in_band(&InBand::Sync { entries });
    }

    /// A message whose payload says which one it is.
    pub fn data(&mut self, topic: &'static str, number: u32, sequence: u64) {
        let mut frame = Vec::new();
        let envelope = Envelope {
            topic: topic.as_bytes(),
            tag: self.epoch.tag(),
            number,
            sequence,
        };
        envelope.encode(&mut frame);
        let payload = Bytes::from(format!("{topic}{sequence}"));
        self.machine.handle_data(self.now, &frame, Some(payload));
    }

    pub fn repair(&mut self, topic: &'static str, number: u32, sequence: u64, last: bool) {
        self.control(&ToSubscriber::Repair(Repair {
            number,
            sequence,
            last,
            topic: Bytes::from_static(topic.as_bytes()),
            payload: Bytes::from(format!("{topic}{sequence}")),
        }));
    }

    /// What it says now.
    pub fn said(&mut self) -> Vec<ToPublisher> {
        self.machine.handle_timeout(self.now);
        let frames = std::iter::from_fn(|| self.machine.poll_transmit());
        let said = frames.map(|transmit| ToPublisher::decode(&transmit.frame).expect("whole").2);
        said.collect()
    }

    /// What it says from now until then, timer by timer.
    pub fn pass(&mut self, time: Duration) -> Vec<ToPublisher> {
        let end = self.now + time;
        let mut said = self.said();
        while let Some(at) = self.machine.poll_timeout().filter(|&at| at <= end) {
            assert!(at > self.now, "due again at once");
            self.now = at;
            said.extend(self.said());
        }
        self.now = end;
        said
    }

    pub fn events(&mut self) -> Vec<SubscriberEvent> {
        std::iter::from_fn(|| self.machine.poll_event()).collect()
    }

    pub fn items(&mut self) -> Vec<Item> {
        std::iter::from_fn(|| self.machine.poll_delivery()).collect()
    }

    /// The messages that are handed out now.
    pub fn deliveries(&mut self) -> Vec<Delivery> {
        let items = self.items().into_iter();
        items.filter_map(Item::into_message).collect()
    }

    /// Acknowledges all that is handed out now. Its payloads; what is gone stands as a range.
    pub fn take(&mut self) -> Vec<String> {
        let mut taken = Vec::new();
        for item in self.items() {
            taken.push(match item {
                Item::Message(delivery) => {
                    self.machine.acknowledge(self.now, &delivery.id);
                    String::from_utf8(delivery.payload.to_vec()).expect("text")
                }
                Item::Gone { topic, range } => {
                    format!("{}{range} gone", topic.escape_ascii())
                }
                _ => panic!("no such item"),
            });
        }
        taken
    }

    /// The marks of the next ACK.
    pub fn marks(&mut self) -> Vec<Mark> {
        let said = self.pass(ms(10));
        let marks = said.into_iter().filter_map(|frame| match frame {
            ToPublisher::Ack { marks, .. } => Some(marks),
            _ => None,
        });
        marks.flatten().collect()
    }
}

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn prefix(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

pub fn subscribe(number: u64, prefixes: &[&'static str]) -> ToPublisher {
    ToPublisher::Subscribe(change(number, prefixes))
}

pub fn unsubscribe(number: u64, prefixes: &[&'static str]) -> ToPublisher {
    ToPublisher::Unsubscribe(change(number, prefixes))
}

fn change(number: u64, prefixes: &[&'static str]) -> Change {
    Change {
        number,
        prefixes: prefixes.iter().map(|text| prefix(text)).collect(),
    }
}

/// The application subscribes.
pub fn wish(hand: &mut Hand, text: &'static str) -> bool {
    hand.machine.subscribe(hand.now, text).expect("a prefix")
}

/// The application unsubscribes.
pub fn drop_wish(hand: &mut Hand, text: &'static str) -> bool {
    hand.machine.unsubscribe(hand.now, text.as_bytes())
}
