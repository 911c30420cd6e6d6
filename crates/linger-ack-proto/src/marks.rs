//! Ranges of sequences.

use std::fmt;

/// The sequences `first..=last` of one topic in one epoch; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SequenceRange {
    first: u64,
    last: u64,
}

impl SequenceRange {
    /// The range `first..=last`, or `None` if it would be empty.
    #[must_use]
    pub const fn new(first: u64, last: u64) -> Option<Self> {
        if first <= last {
            Some(Self { first, last })
        } else {
            None
        }
    }

    /// The lowest sequence.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The highest sequence.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// How many sequences it holds; at most `u64::MAX`.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a range is never empty")]
    pub const fn len(&self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }

    /// Whether it holds this sequence.
    #[must_use]
    pub const fn contains(&self, sequence: u64) -> bool {
        self.first <= sequence && sequence <= self.last
    }
}

impl fmt::Display for SequenceRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}..={}", self.first, self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_range_cannot_be_made() {
        assert_eq!(SequenceRange::new(5, 4), None);
        let range = SequenceRange::new(4, 4).expect("one sequence");
        assert_eq!((range.len(), range.to_string().as_str()), (1, "4"));
        let range = SequenceRange::new(4, 6).expect("three sequences");
        assert_eq!((range.len(), range.to_string().as_str()), (3, "4..=6"));
        assert!(range.contains(6) && !range.contains(7));
    }
}
