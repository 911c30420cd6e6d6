//! From where to where a session is owed each topic: prefixes come and go.

use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// By topic of the plan, the periods in which it is owed, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Periods {
    by_topic: BTreeMap<usize, Vec<Period>>,
    /// Topics whose base a publisher has named.
    named: BTreeSet<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) base: u64,
    /// The last sequence that is owed, once that is fixed.
    pub(crate) last: Option<u64>,
}

impl Periods {
    /// What matches is owed from what comes next.
    pub(crate) fn begin(lens: &[u64], topics: &[Bytes], prefixes: &[Bytes]) -> Self {
        let mut periods = Self::default();
        periods.grant(lens, topics, &[], prefixes);
        periods
    }

    /// What matches now, and did not before, is owed from what comes next.
    pub(crate) fn grant(&mut self, lens: &[u64], topics: &[Bytes], old: &[Bytes], new: &[Bytes]) {
        for (at, (name, len)) in topics.iter().zip(lens).enumerate() {
            if matches(new, name) && !matches(old, name) {
                let periods = self.by_topic.entry(at).or_default();
                periods.push(Period {
                    base: len + 1,
                    last: None,
                });
            }
        }
    }

    /// What matched, and does no more, is owed up to what came last.
    pub(crate) fn release(&mut self, lens: &[u64], topics: &[Bytes], old: &[Bytes], new: &[Bytes]) {
        for (at, (name, len)) in topics.iter().zip(lens).enumerate() {
            if matches(old, name) && !matches(new, name) {
                self.end(at, *len);
            }
        }
    }

    /// A topic is owed up to there, if it was owed further.
    pub(crate) fn end(&mut self, topic: usize, last: u64) {
        let period = self.by_topic.get_mut(&topic);
        if let Some(period) = period.and_then(|periods| periods.last_mut()) {
            period.last = Some(period.last.map_or(last, |before| before.min(last)));
        }
    }

    /// The publisher names a base that is not what came next: that of a claim. False if it has
    /// named another one.
    pub(crate) fn name_base(&mut self, topic: usize, base: u64) -> bool {
        let period = self.by_topic.get_mut(&topic);
        let Some(period) = period.and_then(|periods| periods.last_mut()) else {
            return false;
        };
        let is_first = self.named.insert(topic);
        let was = std::mem::replace(&mut period.base, base);
        is_first || was == base
    }

    /// Whether a publisher has named the base of a topic.
    pub(crate) fn is_named(&self, topic: usize) -> bool {
        self.named.contains(&topic)
    }

    /// The period there is, or the last there was.
    pub(crate) fn current(&self, topic: usize) -> Option<Period> {
        self.by_topic.get(&topic)?.last().copied()
    }

    pub(crate) fn of(&self, topic: usize) -> &[Period] {
        self.by_topic.get(&topic).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &[Period])> {
        self.by_topic
            .iter()
            .map(|(&topic, periods)| (topic, periods.as_slice()))
    }

    /// The base of the last period that begins at or below a sequence; of the first, if none does.
    pub(crate) fn base_at(&self, topic: usize, sequence: u64) -> Option<u64> {
        let mut below = self.of(topic).iter().rev();
        below
            .find(|period| period.base <= sequence)
            .map(|period| period.base)
    }
}

/// Whether any of these prefixes matches.
pub(crate) fn matches(prefixes: &[Bytes], topic: &[u8]) -> bool {
    prefixes.iter().any(|prefix| topic.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_has_a_period_each_time() {
        let topics = ["a", "ab"].map(|name| Bytes::from_static(name.as_bytes()));
        let (a, ab) = (topics[0].clone(), topics[1].clone());
        let (all, less) = (vec![a.clone(), ab.clone()], vec![ab]);
        let mut periods = Periods::begin(&[4, 0], &topics, &all);
        periods.release(&[9, 3], &topics, &all, &less);
        periods.grant(&[20, 9], &topics, &less, &all);
        let period = |base, last| Period { base, last };
        assert_eq!(periods.of(0), [period(5, Some(9)), period(21, None)]);
        assert_eq!(periods.of(1), [period(1, None)]);
        assert_eq!(periods.base_at(0, 20), Some(5));
        assert_eq!(periods.base_at(0, 21), Some(21));
        assert_eq!(periods.base_at(0, 4), None);
    }
}
