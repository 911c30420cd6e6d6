//! Runs of sequences: what is true of many takes no more room than what is true of one.

use crate::marks::SequenceRange;
use std::collections::BTreeMap;

/// A set of sequences, as runs from a first to a last; no two of them touch.
#[derive(Debug, Default)]
pub(super) struct Runs(BTreeMap<u64, u64>);

impl Runs {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, sequence: u64) -> bool {
        let before = self.0.range(..=sequence).next_back();
        before.is_some_and(|(_, &last)| sequence <= last)
    }

    /// Adds `first..=last`; some of it may be there already.
    pub(super) fn fill(&mut self, mut first: u64, mut last: u64) {
        let before = self.0.range(..first).next_back();
        if let Some((&start, &end)) = before.filter(|&(_, &end)| end >= first.saturating_sub(1)) {
            first = start;
            last = last.max(end);
        }
        while let Some((&start, &end)) = self.0.range(first..=last.saturating_add(1)).next() {
            self.0.remove(&start);
            last = last.max(end);
        }
        self.0.insert(first, last);
    }

    /// Takes away everything from `first` on.
    pub(super) fn cut_from(&mut self, first: u64) {
        self.0.split_off(&first);
        if let Some((_, end)) = self.0.range_mut(..first).next_back() {
            *end = (*end).min(first.saturating_sub(1));
        }
    }

    /// Takes out the run that begins at `first`; its last sequence.
    pub(super) fn take_run(&mut self, first: u64) -> Option<u64> {
        self.0.remove(&first)
    }

    /// How many of the sequences `first..=last` are in the set.
    pub(super) fn count_in(&self, first: u64, last: u64) -> u64 {
        let before = self.0.range(..first).next_back();
        let within = self.0.range(first..=last.max(first));
        before
            .into_iter()
            .chain(within)
            .filter_map(|(&start, &end)| SequenceRange::new(start.max(first), end.min(last)))
            .fold(0, |sum, range| sum.saturating_add(range.len()))
    }

    /// How many runs there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// All runs, lowest first.
    pub(super) fn ranges(&self) -> Vec<SequenceRange> {
        let runs = self.0.iter();
        runs.filter_map(|(&first, &last)| SequenceRange::new(first, last))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn runs_hold_what_a_set_of_single_sequences_holds() {
        let mut seed: u64 = 7;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..2_000 {
            let (mut runs, mut set) = (Runs::default(), BTreeSet::new());
            for _ in 0..8 {
                let first = 1 + next(20);
                let last = first + next(4);
                if next(5) == 0 {
                    runs.cut_from(first);
                    set.retain(|&n| n < first);
                } else {
                    runs.fill(first, last);
                    set.extend(first..=last);
                }
                let counted = set.range(first..=last).count() as u64;
                assert_eq!(runs.count_in(first, last), counted);
            }
            for sequence in 1..30 {
                assert_eq!(runs.contains(sequence), set.contains(&sequence));
            }
            let starts = set.iter().filter(|&&n| !set.contains(&(n - 1)));
            assert_eq!(runs.len(), starts.count(), "no two runs touch");
        }
    }

    #[test]
    fn the_last_sequence_there_is_does_not_overflow() {
        let mut runs = Runs::default();
        runs.fill(1, u64::MAX);
        assert_eq!(runs.count_in(1, u64::MAX), u64::MAX);
        runs.fill(5, u64::MAX - 1);
        assert_eq!(runs.take_run(1), Some(u64::MAX));
        assert!(runs.is_empty());
    }
}
