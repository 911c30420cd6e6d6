//! All topics of the epoch: what is retained of each, and to whom it is owed.

use super::order::{Order, Run};
use super::owed::Owed;
use super::retained::Retained;
use crate::planted::{Bug, planted};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound;

/// All topics of the epoch, by number and by name.
#[derive(Debug, Default)]
pub(super) struct Topics {
    by_name: BTreeMap<Bytes, u32>,
    list: Vec<Topic>,
    /// Every topic of which something is retained, and perhaps some of which nothing is any more.
    /// Whoever is here and behind is behind in one of these.
    active: Vec<u32>,
    order: Order,
}

/// One topic: its next sequence, what is retained, and who is owed what.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: Bytes,
    /// The sequence that the next message gets, from 1.
    pub(super) next: u64,
    pub(super) retained: Retained,
    /// In ascending order of the holder's key, and of the base; so the last one of a holder is its
    /// present period.
    pub(super) owed: Vec<Owed>,
    /// Where the acknowledgements of what was let go fell lower than ever before.
    pub(super) lows: Vec<Low>,
    /// It stands in the list of active topics.
    is_listed: bool,
}

/// A message that was let go with fewer acknowledgements than any before it on its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Low {
    pub(super) sequence: u64,
    pub(super) acks: usize,
}

impl Topics {
    pub(super) fn number(&self, name: &[u8]) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Adds a topic and tells its number, from 1; `None` if there are as many as can be numbered.
    pub(super) fn add(&mut self, name: Bytes) -> Option<u32> {
        let number = u32::try_from(self.list.len()).ok()?.checked_add(1)?;
        self.by_name.insert(name.clone(), number);
        self.list.push(Topic {
            name,
            next: 1,
            retained: Retained::default(),
            owed: Vec::new(),
            lows: Vec::new(),
            is_listed: false,
        });
        Some(number)
    }

    /// The topics that begin with a prefix.
    pub(super) fn matching<'a>(&'a self, prefix: &'a [u8]) -> impl Iterator<Item = u32> + 'a {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let names = self.by_name.range::<[u8], _>(from);
        names
            .take_while(move |(name, _)| name.starts_with(prefix))
            .map(|(_, &number)| number)
    }

    /// Keeps a message of a topic, as its newest.
    pub(super) fn retain(&mut self, number: u32, sequence: u64, payload: Bytes) {
        let Some(topic) = self.get_mut(number) else {
            return;
        };
        topic.retained.push(sequence, payload);
        if !std::mem::replace(&mut topic.is_listed, true) {
            self.active.push(number);
        }
        let list = &self.list;
        self.order.push(number, sequence, |run| is_kept(list, run));
    }

    /// The topic and sequence of the oldest message that is retained.
    pub(super) fn oldest(&mut self) -> Option<(u32, u64)> {
        let list = &self.list;
        let run = self.order.oldest(|run| is_kept(list, run))?;
        let topic = self.get(run.number)?;
        let (sequence, _) = topic.retained.from(run.first).next()?;
        Some((run.number, sequence))
    }

    /// What was accepted, oldest first, as runs of which some may be let go already.
    pub(super) fn runs(&self) -> impl Iterator<Item = Run> {
        self.order.runs()
    }

    /// The topics of which something is retained.
    pub(super) fn active(&self) -> impl Iterator<Item = (u32, &Topic)> {
        let topics = self.active.iter();
        topics
            .filter_map(|&number| Some((number, self.get(number)?)))
            .filter(|(_, topic)| !topic.retained.is_empty())
    }

    /// Strikes from the list what is active no more.
    pub(super) fn tidy(&mut self) {
        let list = &mut self.list;
        self.active.retain(|&number| {
            let topic = (number as usize).checked_sub(1);
            let topic = topic.and_then(|at| list.get_mut(at));
            topic.is_some_and(|topic| {
                topic.is_listed = !topic.retained.is_empty();
                topic.is_listed
            })
        });
    }

    pub(super) fn get(&self, number: u32) -> Option<&Topic> {
        self.list.get((number as usize).checked_sub(1)?)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Topic> {
        self.list.get_mut((number as usize).checked_sub(1)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Topic)> {
        (1..).zip(&self.list)
    }
}

fn is_kept(list: &[Topic], run: &Run) -> bool {
    let topic = (run.number as usize).checked_sub(1);
    let topic = topic.and_then(|at| list.get(at));
    let kept = topic.and_then(|topic| topic.retained.from(run.first).next());
    kept.is_some_and(|(sequence, _)| sequence <= run.last)
}

impl Topic {
    /// The lowest sequence that is retained; `next` if none is.
    pub(super) fn first_retained(&self) -> u64 {
        self.retained.first().unwrap_or(self.next)
    }

    /// The present period of a holder.
    pub(super) fn owed(&self, member: u64) -> Option<&Owed> {
        self.owed.get(self.position(member)?)
    }

    pub(super) fn owed_mut(&mut self, member: u64) -> Option<&mut Owed> {
        let at = self.position(member)?;
        self.owed.get_mut(at)
    }

    pub(super) fn remove_owed(&mut self, member: u64) {
        self.owed.retain(|owed| owed.member != member);
    }

    /// Adds a holder, or another period of one.
    pub(super) fn owe(&mut self, owed: Owed) {
        let at = self.owed.partition_point(|o| o.member <= owed.member);
        self.owed.insert(at, owed);
    }

    fn position(&self, member: u64) -> Option<usize> {
        let after = self.owed.partition_point(|owed| owed.member <= member);
        let at = after.checked_sub(1)?;
        (self.owed.get(at)?.member == member).then_some(at)
    }

    /// Whether what is published next is owed to anyone.
    pub(super) fn is_owed(&self) -> bool {
        self.owed.iter().any(Owed::is_open)
    }

    /// Up to where nobody holds anything back.
    pub(super) fn cleared_by_all(&self) -> u64 {
        let floors = self.owed.iter().filter_map(Owed::floor);
        let floor = match planted(Bug::TrimmedByFastest) {
            true => floors.max(),
            false => floors.min(),
        };
        floor.unwrap_or(self.next - 1)
    }

    /// By how many names this sequence was acknowledged, departed ones too.
    pub(super) fn acks_of(&self, sequence: u64) -> usize {
        let acks = |owed: &&Owed| owed.acknowledges(sequence);
        let counts = |&(at, owed): &(usize, &Owed)| {
            // Sessions of one name that lived at once may both have acknowledged it.
            let counted = |first: &Owed| first.who == owed.who && acks(&first);
            acks(&owed) && (owed.who == owed.member || !self.owed[..at].iter().any(counted))
        };
        self.owed.iter().enumerate().filter(counts).count()
    }

    /// Notes how often a message was acknowledged that is let go now; in ascending order.
    pub(super) fn note_acks(&mut self, sequence: u64, acks: usize) {
        if self.lows.last().is_none_or(|low| acks < low.acks) {
            self.lows.push(Low { sequence, acks });
        }
    }

    /// Whether a message below `next` was let go with fewer acknowledgements than that.
    pub(super) fn fell_below(&self, least: usize, next: u64) -> bool {
        let mut lows = self.lows.iter();
        lows.any(|low| low.acks < least && low.sequence < next)
    }

    /// Whether anyone, departed ones included, was owed this sequence.
    pub(super) fn was_owed(&self, sequence: u64) -> bool {
        self.owed.iter().any(|owed| owed.was_owed(sequence))
    }

    /// Forgets those from whom nothing more comes, and who were owed nothing of what is retained.
    pub(super) fn forget_over(&mut self) {
        let first = self.first_retained();
        self.owed.retain(|owed| {
            owed.is_live() || owed.until.is_none_or(|until| until >= owed.base.max(first))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::owed::Standing;
    use super::*;
    use crate::id::Level;

    fn topic(retained: u64) -> Topic {
        let mut topics = Topics::default();
        topics.add(Bytes::from_static(b"T"));
        for sequence in 1..=retained {
            topics.retain(1, sequence, Bytes::new());
        }
        let mut topic = topics.list.remove(0);
        topic.next = retained + 1;
        topic
    }

    fn owed(key: u64, base: u64) -> Owed {
        Owed::new(key, key, Level::Processed, Standing::Member, base)
    }

    #[test]
    fn only_who_was_acknowledged_less_often_than_any_before_is_noted() {
        let mut topic = topic(0);
        for (sequence, acks) in [(1, 3), (2, 3), (3, 4), (4, 2), (5, 2), (6, 0), (7, 5)] {
            topic.note_acks(sequence, acks);
        }
        let lows: Vec<_> = topic
            .lows
            .iter()
            .map(|low| (low.sequence, low.acks))
            .collect();
        assert_eq!(lows, [(1, 3), (4, 2), (6, 0)]);
        assert!(topic.fell_below(3, 5) && !topic.fell_below(3, 4));
        assert!(topic.fell_below(4, 2) && !topic.fell_below(3, 1));
    }

    #[test]
    fn only_topics_with_something_retained_are_active() {
        let mut topics = Topics::default();
        for name in ["a", "b", "c"] {
            topics.add(Bytes::from_static(name.as_bytes()));
        }
        for (number, sequence) in [(3, 1), (1, 1), (3, 2)] {
            topics.retain(number, sequence, Bytes::new());
        }
        let active = |topics: &Topics| topics.active().map(|(n, _)| n).collect::<Vec<_>>();
        assert_eq!(active(&topics), [3, 1]);
        assert_eq!(topics.oldest(), Some((3, 1)));
        topics.get_mut(3).expect("a topic").retained = Retained::default();
        assert_eq!(active(&topics), [1]);
        assert_eq!(topics.oldest(), Some((1, 1)));
        topics.tidy();
        assert_eq!(topics.active, [1]);
        topics.retain(3, 3, Bytes::new());
        assert_eq!(active(&topics), [1, 3]);
    }

    #[test]
    fn topics_are_found_by_their_prefix() {
        let mut topics = Topics::default();
        for name in ["a", "ab", "abc", "b", "b\u{ff}"] {
            topics.add(Bytes::from_static(name.as_bytes()));
        }
        let found = |prefix: &[u8]| topics.matching(prefix).collect::<Vec<_>>();
        assert_eq!(found(b""), [1, 2, 3, 4, 5]);
        assert_eq!(found(b"ab"), [2, 3]);
        assert_eq!(found(b"b"), [4, 5]);
        assert_eq!(found(b"c"), [0; 0]);
    }

    #[test]
    fn sessions_that_come_and_go_beside_a_stuck_one_leave_nothing() {
        let mut topic = topic(4);
        topic.owe(owed(1, 1));
        for key in 2..100 {
            topic.owe(owed(key, topic.next));
            topic.owed[1].until = Some(topic.next - 1);
            topic.owed[1].standing = Standing::Over;
            topic.forget_over();
            assert_eq!(topic.owed.len(), 1, "it was owed nothing");
        }
    }

    #[test]
    fn two_sessions_of_one_name_that_lived_at_once_count_as_one() {
        let mut topic = topic(4);
        for (key, who, base, processed) in [(1, 1, 1, 3), (2, 2, 1, 4), (3, 1, 2, 4)] {
            let mut owed = owed(key, base);
            (owed.who, owed.processed) = (who, processed);
            topic.owe(owed);
        }
        let acks = [1, 2, 3, 4].map(|sequence| topic.acks_of(sequence));
        assert_eq!(acks, [2, 2, 2, 2]);
    }
}
