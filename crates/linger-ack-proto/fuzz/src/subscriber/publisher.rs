//! The publisher that the input plays: it knows what a publisher would know, and can say it.

use super::super::input::Input;
use bytes::Bytes;
use linger_ack_proto::wire::{
    Changed, Envelope, Header, InBand, Part, Repair, TopicEntry, TopicRange, Welcome,
};
use linger_ack_proto::{Epoch, Identity};

const TOPICS: [&[u8]; 6] = [b"a", b"ab", b"abc", b"b", b"bc", b"c"];

pub struct Publisher {
    pub epoch: Epoch,
    /// Of each topic, by number from 1, the next sequence.
    next: Vec<u64>,
    pub welcome: u64,
}

impl Publisher {
    pub fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            next: vec![1; 2],
            welcome: 1,
        }
    }

    /// A new life.
    pub fn restart(&mut self, input: &mut Input<'_>) {
        *self = Self::new(Epoch::from_u128(78 + u128::from(input.byte())));
    }

    pub fn header(&self, identity: &Identity) -> Header {
        Header {
            epoch: self.epoch,
            session: identity.session,
        }
    }

    fn name(number: usize) -> &'static [u8] {
        TOPICS[(number - 1) % TOPICS.len()]
    }

    /// The envelope of the next message of a topic, after leaving out so many.
    pub fn publish(&mut self, input: &mut Input<'_>, left_out: u64) -> Bytes {
        let number = input.below(self.next.len() + 1) + 1;
        if number > self.next.len() && self.next.len() < TOPICS.len() {
            self.next.push(1);
        }
        let number = number.min(self.next.len());
        let sequence = self.next[number - 1] + left_out;
        self.next[number - 1] = sequence + 1;
        self.envelope(number, sequence)
    }

    pub fn envelope(&self, number: usize, sequence: u64) -> Bytes {
        let envelope = Envelope {
            topic: Self::name(number),
            tag: self.epoch.tag(),
            number: number as u32,
            sequence,
        };
        let mut out = Vec::new();
        envelope.encode(&mut out);
        out.into()
    }

    pub fn any_envelope(&self, input: &mut Input<'_>) -> Bytes {
        let number = input.below(8) + 1;
        let next = self.next.get(number - 1).copied().unwrap_or(1);
        self.envelope(number, input.number(next.saturating_sub(1)))
    }

    /// Of each topic the next sequence, most often.
    fn entries(&self, input: &mut Input<'_>) -> Vec<TopicEntry> {
        let odd = input.rarely(8);
        let entries = (1..).zip(&self.next).map(|(number, &next)| TopicEntry {
            number: number as u32,
            sequence: match odd {
                true => input.number(next),
                false => next,
            },
            topic: Bytes::from_static(Self::name(number)),
        });
        entries.collect()
    }

    /// One list as a frame, in parts of one topic or whole; now and then a part is left out.
    fn in_parts(
        &self,
        input: &mut Input<'_>,
        body: impl Fn(Part, Vec<TopicEntry>) -> InBand,
    ) -> Vec<InBand> {
        let entries = self.entries(input);
        let whole = Part { index: 0, count: 1 };
        let choice = input.byte() % 8;
        if choice < 4 {
            return vec![body(whole, entries)];
        }
        let count = entries.len() as u16;
        let parts = (0..).zip(entries);
        let parts = parts.map(|(index, entry)| body(Part { index, count }, vec![entry]));
        parts.skip(usize::from(choice == 7)).collect()
    }

    pub fn welcomes(&mut self, input: &mut Input<'_>) -> Vec<InBand> {
        if input.rarely(4) {
            self.welcome += 1;
        }
        let (window_messages, window_bytes) = (input.pick(&[0, 8, 1_000]), input.number(1 << 20));
        let expiry_ms = input.pick(&[0, 100, 5_000, u32::MAX]);
        let number = self.welcome;
        self.in_parts(input, |part, entries| {
            InBand::Welcome(Welcome {
                number,
                part,
                window_messages,
                window_bytes,
                expiry_ms,
                entries,
            })
        })
    }

    pub fn sync(&self, input: &mut Input<'_>) -> Vec<InBand> {
        self.in_parts(input, |_, entries| InBand::Sync { entries })
    }

    /// GRANTED or RELEASED, most often of the change that was asked for.
    pub fn changed(&self, input: &mut Input<'_>, asked: u64, is_granted: bool) -> Vec<InBand> {
        let number = match input.rarely(8) {
            true => input.number(asked).max(1),
            false => asked.max(1),
        };
        self.in_parts(input, |part, entries| {
            let changed = Changed {
                number,
                part,
                entries,
            };
            match is_granted {
                true => InBand::Granted(changed),
                false => InBand::Released(changed),
            }
        })
    }

    pub fn end(&self, input: &mut Input<'_>) -> Vec<InBand> {
        self.in_parts(input, |part, entries| InBand::End { part, entries })
    }

    /// A repair of something that was asked for, or of anything.
    pub fn repair(&self, input: &mut Input<'_>, wanted: &[TopicRange]) -> Repair {
        let range = self.range(input, wanted);
        let sequence = range.first.saturating_add(input.below(4) as u64);
        Repair {
            number: range.number,
            sequence: sequence.min(range.last),
            last: input.rarely(2),
            topic: Bytes::from_static(Self::name((range.number as usize).max(1))),
            payload: Bytes::from_static(b"repair"),
        }
    }

    /// A range that was asked for, or any.
    pub fn range(&self, input: &mut Input<'_>, wanted: &[TopicRange]) -> TopicRange {
        if !wanted.is_empty() && !input.rarely(8) {
            return input.pick(wanted);
        }
        let number = input.below(8) as u32;
        let (one, other) = (input.number(1), input.number(3));
        let clamp = |sequence: u64| sequence.clamp(1, u64::MAX - 1);
        TopicRange {
            number,
            first: clamp(one.min(other)),
            last: clamp(one.max(other)),
        }
    }
}
