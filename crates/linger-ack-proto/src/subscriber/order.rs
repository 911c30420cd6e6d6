//! One topic: what is handed out in order, what waits for something earlier, what is missing.

use crate::wire::{Mark, TopicRange};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};

/// How many missing ranges of one topic a NACK names at most.
const RANGES: usize = 64;

#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: Bytes,
    /// The next sequence to hand out; everything before it is received.
    pub(super) next: u64,
    /// Evidence: everything below this was sent.
    pub(super) sent_below: u64,
    /// Came too early.
    pub(super) held: BTreeMap<u64, Bytes>,
    /// Everything up to here was acknowledged by the application, or is gone.
    processed: u64,
    /// Which of the sequences after `processed` are acknowledged too.
    settled: VecDeque<bool>,
}

impl Topic {
    pub(super) fn new(name: Bytes, base: u64) -> Self {
        Self {
            name,
            next: base,
            sent_below: base,
            held: BTreeMap::new(),
            processed: base - 1,
            settled: VecDeque::new(),
        }
    }

    pub(super) fn mark(&self, number: u32) -> Mark {
        Mark {
            number,
            received: self.next - 1,
            processed: self.processed,
        }
    }

    pub(super) fn processed(&self) -> u64 {
        self.processed
    }

    /// Notes that everything below `next` was sent.
    pub(super) fn note_sent(&mut self, next: u64) {
        self.sent_below = self.sent_below.max(next);
    }

    pub(super) fn is_missing_any(&self) -> bool {
        self.next < self.sent_below
    }

    /// Marks a sequence as acknowledged. False if it was before, or was never handed out.
    pub(super) fn settle(&mut self, sequence: u64) -> bool {
        if sequence >= self.next || sequence <= self.processed {
            return false;
        }
        let Ok(at) = usize::try_from(sequence - self.processed - 1) else {
            return false;
        };
        if at >= self.settled.len() {
            self.settled.resize(at + 1, false);
        }
        if std::mem::replace(&mut self.settled[at], true) {
            return false;
        }
        while self.settled.front() == Some(&true) {
            self.settled.pop_front();
            self.processed += 1;
        }
        true
    }

    /// What is missing, lowest first: the gaps below what is held, and up to what was sent.
    pub(super) fn missing(&self, number: u32) -> Vec<TopicRange> {
        let mut ranges = Vec::new();
        let mut first = self.next;
        for &held in self.held.keys() {
            if held > first {
                ranges.push(TopicRange {
                    number,
                    first,
                    last: held - 1,
                });
            }
            first = held + 1;
            if ranges.len() >= RANGES {
                return ranges;
            }
        }
        if first < self.sent_below {
            ranges.push(TopicRange {
                number,
                first,
                last: self.sent_below - 1,
            });
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processed_mark_waits_for_the_earliest() {
        let mut topic = Topic::new(Bytes::from_static(b"T"), 5);
        topic.next = 9;
        assert!(topic.settle(6));
        assert_eq!(topic.processed(), 4);
        assert!(topic.settle(5));
        assert_eq!(topic.processed(), 6);
        assert!(!topic.settle(5), "twice");
        assert!(!topic.settle(9), "never handed out");
        assert!(topic.settle(8));
        assert_eq!(topic.processed(), 6);
        assert!(topic.settle(7));
        assert_eq!(topic.processed(), 8);
    }

    #[test]
    fn what_is_missing_lies_between_what_is_held() {
        let mut topic = Topic::new(Bytes::from_static(b"T"), 1);
        topic.held.insert(3, Bytes::new());
        topic.held.insert(4, Bytes::new());
        topic.held.insert(7, Bytes::new());
        topic.note_sent(10);
        let range = |first, last| TopicRange {
            number: 2,
            first,
            last,
        };
        assert_eq!(topic.missing(2), [range(1, 2), range(5, 6), range(8, 9)]);
    }
}
