//! The operations: what a byte stands for.

use super::super::input::Input;
use super::super::mangle::mangle;
use super::peer::{NAMES, PEERS};
use super::{EPOCH, Harness, Watched};
use bytes::Bytes;
use linger_ack_proto::wire::{Envelope, Mark, ToPublisher, TopicRange};
use linger_ack_proto::{PublishError, Quorum};

/// The operations that recorded conversations use, by code.
pub mod code {
    pub const PUBLISH: u8 = 0;
    pub const RAW: u8 = 18;
    pub const STEP: u8 = 20;
    pub const BEGIN_CLOSE: u8 = 27;
    pub const FINISH: u8 = 28;
    /// There are fewer operations than that.
    pub const ALL: u8 = 34;
}

pub const TOPICS: [&[u8]; 8] = [b"a", b"ab", b"abc", b"b", b"bc", b"c", b"x", b"a\x01"];
const BAD_TOPICS: [&[u8]; 4] = [b"", b"a\0b", b"\xFFa", &[b'x'; 1_025]];

pub fn quorum(input: &mut Input<'_>) -> Quorum {
    match input.byte() % 4 {
        0 | 1 => Quorum::All,
        2 => Quorum::AtLeast(input.below(4)),
        _ => {
            let choice = input.byte();
            let names = NAMES.iter().enumerate();
            let names = names.filter(|(at, _)| choice & 1 << at != 0);
            Quorum::Named(names.map(|(_, name)| (*name).to_owned()).collect())
        }
    }
}

impl Harness<'_> {
    pub(super) fn operate(&mut self) {
        self.speaker = None;
        let op = self.input.byte() % code::ALL;
        match op {
            0..=4 => self.publish(),
            5..=21 => self.speak(op),
            22 => self.machine.sync_now(self.clock.now),
            23 => self.watch(),
            24..=26 => {
                self.clock.reach(self.machine.poll_timeout());
                self.timeout();
            }
            code::BEGIN_CLOSE => {
                if self.input.rarely(4) || self.input.byte() == 0 {
                    self.machine.begin_close(self.clock.now);
                    self.is_closing = true;
                }
            }
            code::FINISH => {
                let quorum = quorum(&mut self.input);
                if self.input.rarely(4) && !self.is_finished {
                    self.finish(quorum);
                }
            }
            29 => self.clock.slip(&mut self.input),
            30 => self.join(),
            31 => self.acknowledge_all(),
            32 => {
                let before = self.machine.progress(self.clock.now).outstanding;
                let count = self.machine.evict(self.clock.now);
                assert!(count > 0 || before == 0, "somebody holds what is retained");
            }
            _ => {
                let peer = &self.peers[self.input.below(PEERS)];
                self.model.routes.insert(peer.route.clone());
                let frame = peer.bare_hello();
                self.machine.deny(self.clock.now, &peer.route, &frame);
            }
        }
    }

    fn publish(&mut self) {
        let topic = match self.input.byte() {
            255 => self.input.pick(&BAD_TOPICS),
            byte => TOPICS[usize::from(byte) % TOPICS.len()],
        };
        let len = self.input.pick(&[0, 1, 8, 17, 64, 300]);
        let payload = Bytes::from(vec![self.model.accepted as u8; len]);
        let mut envelope = Vec::new();
        let now = self.clock.now;
        match self
            .machine
            .publish(now, topic, payload.clone(), &mut envelope)
        {
            Ok(sent) => {
                assert!(!self.is_closing);
                let (number, sequence) = (sent.number, sent.sequence);
                let tag = EPOCH.tag();
                let expected = Envelope {
                    topic,
                    tag,
                    number,
                    sequence,
                };
                let decoded = match self.config.bare_topics {
                    true => Envelope::decode_bare(topic, &envelope),
                    false => Envelope::decode(&envelope),
                };
                assert_eq!(decoded, Ok(expected));
                self.model.published(topic, payload, number, sequence);
            }
            Err(error) => {
                assert!(envelope.is_empty());
                if matches!(error, PublishError::WindowFull(_)) {
                    self.reached.window_full = true;
                    self.model.begin_topic(topic);
                }
                let message = error.into_message();
                assert_eq!((&message.topic[..], message.payload), (topic, payload));
            }
        }
    }

    /// A peer says something, in its place or out of it.
    fn speak(&mut self, op: u8) {
        let at = self.input.below(PEERS);
        let body = match op {
            5 => {
                self.peers[at].renew(&mut self.input);
                self.peers[at].hello(&mut self.input)
            }
            6 => self.peers[at].hello(&mut self.input),
            7 | 8 => ToPublisher::Joined {
                welcome: match self.input.rarely(8) {
                    true => self.input.number(self.peers[at].welcome),
                    false => self.peers[at].welcome,
                },
            },
            9 | 10 => self.ack_some(at),
            11 => self.ack_anything(),
            12 => self.nack(at),
            13 => ToPublisher::Beat,
            14 => match self.ack_some(at) {
                ToPublisher::Ack { marks, .. } => ToPublisher::Bye { marks },
                body => body,
            },
            15 => ToPublisher::Subscribe(self.peers[at].next_change(&mut self.input)),
            16 => ToPublisher::Unsubscribe(self.peers[at].next_change(&mut self.input)),
            17 => return self.peers[at].reconnect(),
            code::RAW => {
                let frame = Bytes::copy_from_slice(self.input.chunk());
                return self.feed(at, frame);
            }
            19 => return self.say_again(at),
            code::STEP => {
                self.clock.step(&mut self.input);
                if self.input.rarely(2) {
                    self.timeout();
                }
                return;
            }
            _ => {
                self.clock.step(&mut self.input);
                return self.timeout();
            }
        };
        let frame = self.peers[at].frame(EPOCH, &body, &mut self.input);
        self.feed(at, frame);
    }

    /// Becomes a member, without anything in between.
    fn join(&mut self) {
        let at = self.input.below(PEERS);
        let hello = self.peers[at].hello(&mut self.input);
        let frame = self.peers[at].frame(EPOCH, &hello, &mut self.input);
        self.feed(at, frame);
        self.look();
        let welcome = self.peers[at].welcome;
        let joined = ToPublisher::Joined { welcome };
        let frame = self.peers[at].frame(EPOCH, &joined, &mut self.input);
        self.feed(at, frame);
    }

    fn acknowledge_all(&mut self) {
        let at = self.input.below(PEERS);
        let marks = self.marks(at, |next, _| next - 1);
        let ack = ToPublisher::Ack { whole: true, marks };
        let frame = self.peers[at].frame(EPOCH, &ack, &mut self.input);
        self.feed(at, frame);
    }

    /// A mark for each topic that a peer is owed, as far as the model knows.
    fn marks(&mut self, at: usize, pick: impl Fn(u64, &mut Input<'_>) -> u64) -> Vec<Mark> {
        let session = self.peers[at].session();
        let nexts = self.model.target();
        let Some(session) = self.model.session(session) else {
            return Vec::new();
        };
        let mut marks = Vec::new();
        for (&number, owed) in &session.topics {
            let until = owed.periods.last().and_then(|&(_, until)| until);
            let next = until.map_or(nexts[number as usize - 1], |until| until + 1);
            let received = pick(next, &mut self.input);
            let processed = pick(next, &mut self.input).min(received);
            marks.push(Mark {
                number,
                received,
                processed,
            });
        }
        marks
    }

    fn ack_some(&mut self, at: usize) -> ToPublisher {
        let keep = self.input.byte();
        let mut marks = self.marks(at, |next, input| {
            next - 1 - input.below(4).min(next as usize - 1) as u64
        });
        marks.retain(|mark| keep & 1 << (mark.number % 8) != 0 || keep == 0);
        let whole = self.input.rarely(2);
        ToPublisher::Ack { whole, marks }
    }

    fn ack_anything(&mut self) -> ToPublisher {
        let marks = (0..=self.input.below(3)).map(|_| {
            let number = self.input.number(1) as u32;
            let next = self.model.next(number);
            let (one, other) = (self.input.number(next), self.input.number(next - 1));
            let (received, processed) = (one.max(other), one.min(other));
            Mark {
                number,
                received,
                processed,
            }
        });
        let marks = marks.collect();
        ToPublisher::Ack { whole: true, marks }
    }

    fn nack(&mut self, at: usize) -> ToPublisher {
        let session = self.peers[at].session();
        let owed: Vec<u32> = match self.model.session(session) {
            Some(session) => session.topics.keys().copied().collect(),
            None => Vec::new(),
        };
        let ranges = (0..=self.input.below(3)).map(|_| {
            let number = match owed.is_empty() || self.input.rarely(16) {
                true => self.input.number(1) as u32,
                false => self.input.pick(&owed),
            };
            let next = self.model.next(number);
            let back = self.input.below(16) as u64;
            let first = (next - 1).saturating_sub(back).max(1);
            let last = match self.input.rarely(8) {
                true => self.input.number(next),
                false => first + self.input.below(16) as u64,
            };
            let last = last.min(next.saturating_sub(1)).max(first);
            TopicRange {
                number,
                first,
                last,
            }
        });
        let ranges = ranges.collect();
        ToPublisher::Nack { ranges }
    }

    /// A frame that was said before, as it was or changed, by whomever.
    fn say_again(&mut self, at: usize) {
        if self.said.is_empty() {
            return;
        }
        let back = self.input.below(self.said.len().min(16));
        let frame = self.said[self.said.len() - 1 - back].clone();
        let frame = match self.input.rarely(4) {
            true => frame,
            false => mangle(&frame, &mut self.input),
        };
        self.feed(at, frame);
    }

    fn feed(&mut self, at: usize, frame: Bytes) {
        let route = self.peers[at].route.clone();
        self.model.routes.insert(route.clone());
        let fits = frame.len() <= self.config.max_frame as usize;
        self.asked = None;
        if let (true, Ok((header, _, body))) = (fits, ToPublisher::decode(&frame)) {
            self.speaker = Some(header.session);
            match body {
                ToPublisher::Subscribe(change) | ToPublisher::Unsubscribe(change) => {
                    self.asked = Some(change);
                }
                ToPublisher::Hello(hello) => self.model.said_hello(header.session, hello),
                ToPublisher::Ack { marks, .. } | ToPublisher::Bye { marks }
                    if header.epoch == EPOCH =>
                {
                    self.model.marked(header.session, &marks);
                }
                _ => {}
            }
        }
        let is_judged = self.machine.request(&frame).is_some();
        let granted = self.machine.counters().granted;
        self.machine.handle_control(self.clock.now, &route, &frame);
        let is_granted = self.machine.counters().granted > granted;
        assert!(is_judged || !is_granted, "no authorizer was asked");
        self.said.push(frame);
    }

    fn watch(&mut self) {
        if self.watched.len() < 4 {
            let target = self.machine.target();
            let quorum = quorum(&mut self.input);
            self.watched.push(Watched {
                verdict: self.machine.verdict(&target, &quorum),
                target,
                next: self.model.target(),
                quorum,
            });
        }
    }
}
