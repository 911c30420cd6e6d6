//! Sequences without a gap.

use std::collections::BTreeSet;

/// What was seen from a base on: how far without a gap, and what beyond it.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    to: u64,
    early: BTreeSet<u64>,
}

impl Run {
    /// Nothing was seen yet.
    pub(crate) fn from(base: u64) -> Self {
        Self {
            to: base - 1,
            early: BTreeSet::new(),
        }
    }

    pub(crate) fn add(&mut self, sequence: u64) {
        if sequence == self.to + 1 {
            self.to = sequence;
            while self.early.remove(&(self.to + 1)) {
                self.to += 1;
            }
        } else if sequence > self.to {
            self.early.insert(sequence);
        }
    }

    /// Up to where nothing lacks.
    pub(crate) fn to(&self) -> u64 {
        self.to
    }

    pub(crate) fn has(&self, sequence: u64) -> bool {
        sequence <= self.to || self.early.contains(&sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_once_the_gap_is_filled() {
        let mut run = Run::from(3);
        run.add(5);
        run.add(4);
        assert_eq!((run.to(), run.has(5), run.has(6)), (2, true, false));
        run.add(3);
        assert_eq!(run.to(), 5);
    }
}
