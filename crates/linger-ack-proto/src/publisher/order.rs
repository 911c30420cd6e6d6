//! In which order messages were accepted, over all topics.

use std::collections::VecDeque;

/// Messages of one topic that were accepted one after another, none of another topic between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) number: u32,
    pub(super) first: u64,
    pub(super) last: u64,
}

/// What was retained, oldest first. What is let go is struck off later, all at once, so that
/// each message costs a constant on average.
#[derive(Debug, Default)]
pub(super) struct Order {
    runs: VecDeque<Run>,
    /// With how many runs it is next looked which of them are over.
    tidy_at: usize,
}

/// Below this many runs it is not worth a look.
const FEW: usize = 64;

impl Order {
    /// Notes a message that is retained; `is_kept` says whether a run still holds anything.
    pub(super) fn push(&mut self, number: u32, sequence: u64, is_kept: impl Fn(&Run) -> bool) {
        match self.runs.back_mut() {
            Some(run) if run.number == number && run.last + 1 == sequence => run.last = sequence,
            _ => self.runs.push_back(Run {
                number,
                first: sequence,
                last: sequence,
            }),
        }
        if self.runs.len() > self.tidy_at.max(FEW) {
            self.runs.retain(is_kept);
            self.tidy_at = 2 * self.runs.len();
        }
    }

    /// The run with the oldest message that is retained.
    pub(super) fn oldest(&mut self, is_kept: impl Fn(&Run) -> bool) -> Option<Run> {
        while self.runs.front().is_some_and(|run| !is_kept(run)) {
            self.runs.pop_front();
        }
        self.runs.front().copied()
    }

    /// All runs, oldest first, those that are over among them.
    pub(super) fn runs(&self) -> impl Iterator<Item = Run> {
        self.runs.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn it_holds_no_more_than_twice_what_is_kept() {
        let mut order = Order::default();
        for sequence in 1..=100_000 {
            let first_kept = sequence - sequence.min(50) + 1;
            order.push(1 + u32::from(sequence % 2 == 0), sequence, |run| {
                run.last >= first_kept
            });
            assert!(order.runs.len() <= 2 * 50 + FEW);
        }
        let oldest = order.oldest(|run| run.last >= 99_990);
        assert_eq!(oldest.map(|run| (run.number, run.first)), Some((2, 99_990)));
        assert_eq!(order.oldest(|_| false), None);
    }

    #[test]
    fn it_is_looked_over_at_every_doubling_and_not_before() {
        let (mut order, looks) = (Order::default(), Cell::new(0));
        let mut looked_at = Vec::new();
        for sequence in 1..=300 {
            let before = looks.get();
            order.push(1 + u32::from(sequence % 2 == 0), sequence, |_| {
                looks.set(looks.get() + 1);
                true
            });
            looked_at.extend((looks.get() > before).then_some(sequence));
        }
        let few = FEW as u64;
        assert_eq!(looked_at, [few + 1, 2 * few + 3, 4 * few + 7]);
    }

    #[test]
    fn a_burst_of_one_topic_is_one_run() {
        let mut order = Order::default();
        for (number, sequence) in [(1, 1), (1, 2), (2, 1), (1, 3), (1, 5)] {
            order.push(number, sequence, |_| true);
        }
        let runs = order.runs().map(|run| (run.number, run.first, run.last));
        let expected = [(1, 1, 2), (2, 1, 1), (1, 3, 3), (1, 5, 5)];
        assert_eq!(runs.collect::<Vec<_>>(), expected);
    }
}
