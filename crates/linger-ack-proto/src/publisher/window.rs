//! How much is retained, and how it is let go.

use super::topics::Topic;
use super::{Event, Publisher, Transmit};
use std::collections::VecDeque;

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
        self.counters.unowed += count_acks(topic, first, done);
        let fewest = topic.lows.last().map(|low| low.acks);
        self.fewest_acks = self.fewest_acks.into_iter().chain(fewest).min();
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
fn count_acks(topic: &mut Topic, first: u64, last: u64) -> u64 {
    let by_all = topic
        .owed
        .iter()
        .all(|owed| owed.base <= first && last <= owed.acked() && owed.gone.is_empty());
    if by_all && !topic.owed.is_empty() {
        topic.note_acks(first, topic.owed.len());
        return 0;
    }
    let mut unowed = 0;
    for sequence in first..=last {
        if topic.was_owed(sequence) {
            topic.note_acks(sequence, topic.acks_of(sequence));
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
