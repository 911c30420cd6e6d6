//! How much is retained, and how often what is no longer retained was acknowledged.

use super::topics::Topic;
use super::{Event, Publisher, Transmit};
use std::collections::{BTreeMap, VecDeque};

/// What is retained of all topics, against its limits.
#[derive(Debug)]
pub(super) struct Window {
    limit_messages: u64,
    limit_bytes: u64,
    pub(super) messages: u64,
    pub(super) bytes: u64,
    /// Messages sent since the PUB socket last looked for credit.
    pub(super) unsettled: u64,
}

/// How many of the owed messages that were let go had how many acknowledgements.
#[derive(Debug, Default)]
pub(super) struct Tally {
    messages_by_acks: BTreeMap<usize, u64>,
}

impl Window {
    pub(super) fn new(messages: u32, bytes: u64) -> Self {
        Self {
            limit_messages: messages.into(),
            limit_bytes: bytes,
            messages: 0,
            bytes: 0,
            unsettled: 0,
        }
    }

    pub(super) fn has_room(&self, len: u64) -> bool {
        self.messages < self.limit_messages && self.bytes + len <= self.limit_bytes
    }

    /// Counts a send; says whether the PUB socket is to look for credit now.
    ///
    /// libzmq sees freed credit only when it processes commands; without this, a publisher that
    /// never has more than a window unacknowledged still drops at twice that high-water mark.
    pub(super) fn sent(&mut self) -> bool {
        self.unsettled += 1;
        let due = self.unsettled >= self.limit_messages / 2;
        if due {
            self.unsettled = 0;
        }
        due
    }
}

impl Tally {
    fn count(&mut self, acks: usize, messages: u64) {
        if messages > 0 {
            *self.messages_by_acks.entry(acks).or_default() += messages;
        }
    }

    /// The fewest acknowledgements that any of them had; `None` if there was none.
    pub(super) fn fewest(&self) -> Option<usize> {
        self.messages_by_acks.keys().next().copied()
    }
}

impl Publisher {
    /// Lets go of what everyone who is here has acknowledged.
    pub(super) fn trim(&mut self, number: u32) {
        let Some(topic) = self.topics.get_mut(number) else {
            return;
        };
        let first = topic.first_retained();
        let done = topic.acked_by_all().min(topic.next - 1);
        if done < first {
            return;
        }
        self.counters.unowed += count_acks(topic, first, done, &mut self.tally);
        for _ in first..=done {
            if let Some(payload) = topic.retained.pop_front() {
                self.window.messages -= 1;
                self.window.bytes -= payload.len() as u64;
            }
        }
        topic.forget_departed();
        self.window.unsettled = 0;
        push_once(&mut self.outbox, Transmit::Settle);
        push_once(&mut self.events, Event::Room);
    }
}

/// Counts how often each of the sequences `first..=last` was acknowledged, and returns how many
/// of them were kept only for candidates that never joined: those were owed to nobody.
fn count_acks(topic: &Topic, first: u64, last: u64, tally: &mut Tally) -> u64 {
    let by_all = topic
        .owed
        .iter()
        .all(|owed| owed.base <= first && last <= owed.acked() && owed.gone.is_empty());
    if by_all && !topic.owed.is_empty() {
        tally.count(topic.owed.len(), last - first + 1);
        return 0;
    }
    let mut unowed = 0;
    for sequence in first..=last {
        if topic.was_owed(sequence) {
            tally.count(topic.acks_of(sequence), 1);
        } else {
            unowed += 1;
        }
    }
    unowed
}

fn push_once<T: PartialEq>(queue: &mut VecDeque<T>, item: T) {
    if queue.back() != Some(&item) {
        queue.push_back(item);
    }
}
