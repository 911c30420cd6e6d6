//! One topic: what is handed out in order, what waits for something earlier, what is missing.

use super::runs::Runs;
use crate::marks::SequenceRange;
use crate::planted::{Bug, planted};
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
    /// Evidence: everything below this was sent, and is owed.
    sent_below: u64,
    /// Nothing from here on is owed, once that is known: by RELEASED or by END.
    end: Option<u64>,
    /// RELEASED has named it (SPEC P6), so another base can follow.
    is_released: bool,
    /// Came too early.
    pub(super) held: BTreeMap<u64, Bytes>,
    /// Everything up to here was acknowledged by the application, or is gone.
    processed: u64,
    /// What is acknowledged, or gone, beyond that.
    settled: Runs,
    /// What was given up; the processed mark stays below it (SPEC A6).
    abandoned: Runs,
}

/// What a new base leaves behind.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LeftBehind {
    /// Was still owed, and can't be had any more.
    pub(super) gone: Option<SequenceRange>,
    /// How many messages were handed out without being owed, and are not settled.
    pub(super) unsettled: u64,
}

impl Topic {
    pub(super) fn new(name: Bytes, base: u64) -> Self {
        Self {
            name,
            next: base,
            sent_below: base,
            end: None,
            is_released: false,
            held: BTreeMap::new(),
            processed: base - 1,
            settled: Runs::default(),
            abandoned: Runs::default(),
        }
    }

    pub(super) fn mark(&self, number: u32) -> Mark {
        Mark {
            number,
            received: self.next - 1 + u64::from(planted(Bug::MarkOffByOne)),
            processed: self.processed,
        }
    }

    pub(super) fn processed(&self) -> u64 {
        self.processed
    }

    /// Everything below this was sent, by evidence.
    pub(super) fn sent_below(&self) -> u64 {
        self.sent_below
    }

    /// What comes after the last that is owed, if that is known.
    pub(super) fn end(&self) -> Option<u64> {
        self.end
    }

    /// Whether a sequence is owed, or may be.
    pub(super) fn owes(&self, sequence: u64) -> bool {
        self.end.is_none_or(|end| sequence < end)
    }

    /// Notes that everything below `next` was sent. Nothing beyond the end is missing ever.
    pub(super) fn note_sent(&mut self, next: u64) {
        let next = next.min(self.end.unwrap_or(u64::MAX));
        self.sent_below = self.sent_below.max(next);
    }

    pub(super) fn is_missing_any(&self) -> bool {
        self.next < self.sent_below
    }

    /// Whether RELEASED was the last word on it, so that GRANTED may name another base.
    pub(super) fn is_released(&self) -> bool {
        self.is_released
    }

    /// RELEASED has named it.
    pub(super) fn set_released(&mut self) {
        self.is_released = true;
    }

    /// Nothing from `end` on is owed; what is before it was sent. Returns what was held beyond.
    pub(super) fn end_at(&mut self, end: u64) -> BTreeMap<u64, Bytes> {
        let end = end.min(self.end.unwrap_or(u64::MAX));
        self.end = Some(end);
        self.sent_below = end;
        self.held.split_off(&end)
    }

    /// Owed anew, from a base that is never below what was received already (SPEC A7).
    pub(super) fn grant_again(&mut self, base: u64) -> LeftBehind {
        let Some(end) = self.end.take_if(|_| self.is_released) else {
            return LeftBehind::default();
        };
        self.is_released = false;
        let base = base.max(self.next).max(end);
        let gone = SequenceRange::new(self.next, end - 1);
        let mut left = LeftBehind {
            gone,
            ..LeftBehind::default()
        };
        // What came beyond the end before that was known is not owed, whatever becomes of it.
        if let Some(extra) = SequenceRange::new(end, self.next - 1) {
            left.unsettled = self.open_in(extra);
        }
        self.abandoned.cut_from(end);
        let first = end.min(self.next);
        self.settle_run(first, base - 1);
        self.next = base;
        self.sent_below = base;
        left
    }

    /// How many of these, which were handed out, are neither settled nor abandoned.
    fn open_in(&self, range: SequenceRange) -> u64 {
        let (first, last) = (range.first().max(self.processed + 1), range.last());
        let Some(above) = SequenceRange::new(first, last) else {
            return 0;
        };
        let done = self.settled.count_in(first, last) + self.abandoned.count_in(first, last);
        above.len() - done
    }

    /// Whether a message was handed out, and is neither acknowledged nor given up.
    pub(super) fn is_open(&self, sequence: u64) -> bool {
        sequence < self.next
            && sequence > self.processed
            && !self.settled.contains(sequence)
            && !self.abandoned.contains(sequence)
    }

    /// Marks a sequence as acknowledged. False if it was before, or was never handed out.
    pub(super) fn settle(&mut self, sequence: u64) -> bool {
        if self.settle_next(sequence, sequence) {
            return true;
        }
        let is_open = self.is_open(sequence);
        if is_open {
            self.settle_run(sequence, sequence);
        }
        is_open
    }

    /// The same for a run, if it is what comes next, and nothing after it is settled or given up.
    pub(super) fn settle_next(&mut self, first: u64, last: u64) -> bool {
        let is_next = first == self.processed + 1 && last < self.next;
        let is_alone = self.settled.is_empty() && self.abandoned.is_empty();
        if is_next && is_alone {
            self.processed = last;
        }
        is_next && is_alone
    }

    /// Gives a message up that is open; false if it can only be counted.
    ///
    /// If `may_grow` is false and the mark is held below something abandoned anyway, it is done
    /// with, as if it were acknowledged: what can't be named takes no room.
    pub(super) fn abandon(&mut self, sequence: u64, may_grow: bool) -> bool {
        let is_named = may_grow || self.abandoned.is_empty();
        if is_named {
            self.abandoned.fill(sequence, sequence);
        } else {
            self.settle_run(sequence, sequence);
        }
        is_named
    }

    /// In how many runs lies what was given up.
    pub(super) fn abandoned_runs(&self) -> usize {
        self.abandoned.len()
    }

    /// What was given up, lowest first.
    pub(super) fn abandoned(&self) -> Vec<SequenceRange> {
        self.abandoned.ranges()
    }

    /// Steps over what can't be had, from the next sequence on. Returns what was held of it.
    pub(super) fn step_over(&mut self, lost: SequenceRange) -> BTreeMap<u64, Bytes> {
        self.next = lost.last() + 1;
        self.settle_run(lost.first(), lost.last());
        let later = self.held.split_off(&self.next);
        std::mem::replace(&mut self.held, later)
    }

    /// Adds to what is settled; what reaches the mark moves it.
    fn settle_run(&mut self, first: u64, last: u64) {
        let next = self.processed + 1;
        if last < next.max(first) {
            return;
        }
        self.settled.fill(first.max(next), last);
        if let Some(last) = self.settled.take_run(next) {
            self.processed = last;
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
    fn a_run_is_settled_at_once_only_if_it_is_next_and_alone() {
        let topic = |prepare: fn(&mut Topic)| {
            let mut topic = Topic::new(Bytes::from_static(b"T"), 5);
            topic.next = 9;
            prepare(&mut topic);
            topic
        };
        let mut whole = topic(|_| ());
        assert!(whole.settle_next(5, 8) && whole.processed() == 8);
        for (first, last) in [(6, 8), (4, 8), (5, 9)] {
            assert!(!topic(|_| ()).settle_next(first, last), "{first}..={last}");
        }
        assert!(!topic(|topic| assert!(topic.settle(7))).settle_next(5, 6));
        assert!(!topic(|topic| assert!(topic.abandon(7, true))).settle_next(5, 8));
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
