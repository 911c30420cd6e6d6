//! One topic: what is handed out in order, what waits for something earlier, what is missing.

use crate::marks::SequenceRange;
use crate::wire::{Mark, TopicRange};
use bytes::Bytes;
use std::collections::BTreeMap;

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
    /// What is acknowledged, or gone, beyond that: from the first to the last of each run.
    settled: BTreeMap<u64, u64>,
}

impl Topic {
    pub(super) fn new(name: Bytes, base: u64) -> Self {
        Self {
            name,
            next: base,
            sent_below: base,
            held: BTreeMap::new(),
            processed: base - 1,
            settled: BTreeMap::new(),
        }
    }

    pub(super) fn mark(&self, number: u32) -> Mark {
        Mark {
            number,
            received: self.next - 1,
            processed: self.processed,
        }
    }

    #[cfg(test)]
    fn processed(&self) -> u64 {
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
        let before = self.settled.range(..=sequence).next_back();
        if before.is_some_and(|(_, &last)| sequence <= last) {
            return false;
        }
        self.settle_run(sequence, sequence);
        true
    }

    /// Steps over what can't be had, from the next sequence on. Returns what was held of it.
    pub(super) fn step_over(&mut self, lost: SequenceRange) -> BTreeMap<u64, Bytes> {
        self.next = lost.last() + 1;
        self.settle_run(lost.first(), lost.last());
        let later = self.held.split_off(&self.next);
        std::mem::replace(&mut self.held, later)
    }

    /// Marks a run of which nothing was settled, and joins it with its neighbours.
    fn settle_run(&mut self, mut first: u64, mut last: u64) {
        if let Some(beyond) = self.settled.remove(&(last + 1)) {
            last = beyond;
        }
        let before = self.settled.range(..first).next_back();
        if let Some((&start, _)) = before.filter(|&(_, &end)| end + 1 == first) {
            first = start;
        }
        if first == self.processed + 1 {
            self.settled.remove(&first);
            self.processed = last;
        } else {
            self.settled.insert(first, last);
        }
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
        assert!(!topic.settle(8), "twice");
        assert!(topic.settle(7));
        assert_eq!(topic.processed(), 8);
    }

    #[test]
    fn acknowledgements_in_any_order_come_to_the_same() {
        let orders: [[u64; 6]; 4] = [
            [1, 2, 3, 4, 5, 6],
            [6, 5, 4, 3, 2, 1],
            [2, 4, 6, 5, 3, 1],
            [3, 2, 6, 4, 1, 5],
        ];
        for order in orders {
            let mut topic = Topic::new(Bytes::from_static(b"T"), 1);
            topic.next = 7;
            for (at, &sequence) in order.iter().enumerate() {
                assert!(topic.settle(sequence), "{order:?}");
                let done = &order[..=at];
                let mark = (1..=6).take_while(|n| done.contains(n)).count() as u64;
                assert_eq!(topic.processed(), mark, "{order:?} up to {at}");
            }
            assert!(topic.settled.is_empty());
        }
    }

    #[test]
    fn a_gone_range_of_any_length_is_stepped_over_at_once() {
        let mut topic = Topic::new(Bytes::from_static(b"T"), 1);
        topic.next = 3;
        topic.held.insert(5, Bytes::new());
        topic.held.insert(u64::MAX - 1, Bytes::new());
        assert!(topic.settle(2));
        let lost = SequenceRange::new(3, u64::MAX - 2).expect("a range");
        assert_eq!(topic.step_over(lost).into_keys().collect::<Vec<_>>(), [5]);
        assert_eq!((topic.next, topic.held.len()), (u64::MAX - 1, 1));
        assert_eq!(topic.processed(), 0, "the first is not acknowledged");
        assert!(topic.settle(1));
        assert_eq!(topic.processed(), u64::MAX - 2);
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
