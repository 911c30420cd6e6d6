//! A set of indices as ranges: small as long as they come mostly in order.

use std::collections::BTreeMap;

/// A set of indices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RangeSet {
    /// First to last, both in it; never touching each other.
    ranges: BTreeMap<u64, u64>,
    len: u64,
}

impl RangeSet {
    /// Adds `first` to `last`, both of them too; says how many were in it already.
    pub(crate) fn insert(&mut self, first: u64, last: u64) -> u64 {
        if last < first {
            return 0;
        }
        let (mut low, mut high) = (first, last);
        let mut twice = 0;
        // From the last range that begins at or before the end, downwards, while they touch.
        while let Some((&begin, &end)) = self.ranges.range(..=high.saturating_add(1)).next_back() {
            if end.saturating_add(1) < low {
                break;
            }
            let (overlap_low, overlap_high) = (begin.max(first), end.min(last));
            if overlap_low <= overlap_high {
                twice += overlap_high - overlap_low + 1;
            }
            self.ranges.remove(&begin);
            low = low.min(begin);
            high = high.max(end);
        }
        self.ranges.insert(low, high);
        self.len += last - first + 1 - twice;
        twice
    }

    /// How many indices are in it.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// The highest index in it.
    pub(crate) fn last(&self) -> Option<u64> {
        self.ranges.last_key_value().map(|(_, last)| *last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ranges_that_touch_become_one() {
        let mut set = RangeSet::default();
        assert_eq!(set.insert(0, 4), 0);
        assert_eq!(set.insert(6, 9), 0);
        assert_eq!(set.ranges.len(), 2);
        assert_eq!(set.insert(5, 5), 0);
        assert_eq!(set.ranges, BTreeMap::from([(0, 9)]));
        assert_eq!((set.len(), set.last()), (10, Some(9)));
    }

    #[test]
    fn what_was_in_it_is_counted_as_twice() {
        let mut set = RangeSet::default();
        set.insert(10, 19);
        assert_eq!(set.insert(15, 24), 5);
        assert_eq!(set.insert(0, 100), 15);
        assert_eq!(set.len(), 101);
    }

    #[test]
    fn nothing_is_added_by_a_range_without_indices() {
        let mut set = RangeSet::default();
        assert_eq!(set.insert(5, 4), 0);
        assert_eq!((set.len(), set.last()), (0, None));
    }

    #[test]
    fn it_agrees_with_a_plain_set() {
        let mut random = 1_u64;
        let mut set = RangeSet::default();
        let mut plain = BTreeSet::new();
        for _ in 0..2_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695);
            let first = (random >> 33) % 500;
            let last = first + (random >> 50) % 8;
            let twice = (first..=last).filter(|index| !plain.insert(*index)).count();
            assert_eq!(set.insert(first, last), twice as u64);
            assert_eq!(set.len(), plain.len() as u64);
            assert_eq!(set.last(), plain.last().copied());
        }
    }
}
