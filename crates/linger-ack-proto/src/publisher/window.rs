//! How much is retained, and how it is let go (SPEC W1, W2).

use super::topics::Topic;
use super::{Event, Publisher};
use crate::grouped::Grouped;
use std::collections::VecDeque;
use std::fmt;

/// What a publisher retains, and how much it can.
///
/// Its `Display` is such as `1,204 of 32,768 messages, 98,304 of 33,554,432 bytes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Outstanding {
    /// How many messages are retained: somebody has not acknowledged them.
    pub messages: u64,
    /// How many bytes of payload these have.
    pub bytes: u64,
    /// How many messages can be retained.
    pub window_messages: u64,
    /// How many bytes of payload can be retained.
    pub window_bytes: u64,
}

impl Outstanding {
    /// Whether there is no room for another message, unless it is empty.
    ///
    /// One that is published may be accepted all the same: nobody may be owed it, and what is
    /// retained for absent names alone gives way.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.messages >= self.window_messages || self.bytes >= self.window_bytes
    }
}

impl fmt::Display for Outstanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [messages, bytes, window_messages, window_bytes] = [
            self.messages,
            self.bytes,
            self.window_messages,
            self.window_bytes,
        ]
        .map(Grouped);
        write!(
            f,
            "{messages} of {window_messages} messages, {bytes} of {window_bytes} bytes"
        )
    }
}

/// What is retained of all topics, against its limits.
#[derive(Clone, Debug)]
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

    pub(super) fn outstanding(&self) -> Outstanding {
        Outstanding {
            messages: self.messages,
            bytes: self.bytes,
            window_messages: self.limit_messages,
            window_bytes: self.limit_bytes,
        }
    }

    pub(super) fn has_room(&self, len: u64) -> bool {
        self.messages < self.limit_messages && self.bytes + len <= self.limit_bytes
    }

    /// Whether an eighth of it is free, and room for so many bytes.
    pub(super) fn has_slack(&self, len: u64) -> bool {
        let messages = self.limit_messages.saturating_sub(self.messages);
        let bytes = self.limit_bytes.saturating_sub(self.bytes);
        messages >= self.limit_messages / 8 && bytes >= (self.limit_bytes / 8).max(len)
    }

    pub(super) fn retain(&mut self, len: u64) {
        self.messages += 1;
        self.bytes += len;
    }

    pub(super) fn let_go(&mut self, payload: &[u8]) {
        self.messages = self.messages.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(payload.len() as u64);
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
    /// Lets go of what nobody holds back any more.
    pub(super) fn trim(&mut self, number: u32) {
        // More may be had of what only absent names hold.
        self.relief.moved(number);
        let Some(topic) = self.topics.get_mut(number) else {
            return;
        };
        let first = topic.first_retained();
        let done = topic.cleared_by_all();
        if done < first {
            return;
        }
        self.counters.unowed += count_acks(topic, first, done);
        let fewest = topic.lows.last().map(|low| low.acks);
        self.fewest_acks = self.fewest_acks.into_iter().chain(fewest).min();
        while let Some((_, payload)) = topic.retained.pop_to(done) {
            self.window.let_go(&payload);
        }
        topic.forget_over();
        self.made_room();
    }

    pub(super) fn made_room(&mut self) {
        self.window.unsettled = 0;
        self.outbox.settle();
        push_once(&mut self.events, Event::Room);
    }
}

/// Counts how often each retained message up to `last` was acknowledged, and returns how many of
/// them were kept only for candidates that never joined: those were owed to nobody.
fn count_acks(topic: &mut Topic, first: u64, last: u64) -> u64 {
    let by_all = topic
        .owed
        .iter()
        .all(|owed| owed.base <= first && last <= owed.acked() && owed.gone.is_empty());
    if by_all && !topic.owed.is_empty() {
        topic.note_acks(first, topic.acks_of(first));
        return 0;
    }
    let mut unowed = 0;
    let sequences = topic.retained.from(first).map(|(sequence, _)| sequence);
    let sequences: Vec<u64> = sequences.take_while(|&sequence| sequence <= last).collect();
    for sequence in sequences {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_is_looked_for_every_half_window() {
        let mut window = Window::new(8, 100);
        let due: Vec<bool> = (0..10).map(|_| window.sent()).collect();
        let at = |n: usize| (1..=10).map(move |sent| sent % n == 0).collect::<Vec<_>>();
        assert_eq!(due, at(4));
    }

    #[test]
    fn there_is_slack_if_an_eighth_of_both_is_free_and_the_message_fits() {
        let mut window = Window::new(16, 800);
        for _ in 0..14 {
            window.retain(50);
        }
        assert!(window.has_slack(100) && !window.has_slack(101));
        window.retain(0);
        assert!(!window.has_slack(0), "one of sixteen messages");
        window.let_go(&[]);
        window.let_go(&[]);
        window.retain(1);
        assert!(!window.has_slack(0), "99 of 800 bytes");
        window.let_go(&[0]);
        assert!(window.has_slack(0));
    }
}
