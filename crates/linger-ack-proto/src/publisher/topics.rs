//! What is retained of each topic, and to whom it is owed.

use crate::id::Level;
use crate::marks::SequenceRange;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};

/// All topics of the epoch, by number and by name.
#[derive(Debug, Default)]
pub(super) struct Topics {
    by_name: BTreeMap<Bytes, u32>,
    list: Vec<Topic>,
    /// Every topic of which something is retained, and perhaps some of which nothing is any more.
    /// Whoever is here and behind is behind in one of these.
    active: Vec<u32>,
}

/// One topic: its next sequence, what is retained, and who is owed what.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: Bytes,
    /// The sequence that the next message gets, from 1.
    pub(super) next: u64,
    /// The newest messages; the last one has the sequence `next - 1`.
    pub(super) retained: VecDeque<Bytes>,
    /// In ascending order of the member's key.
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

/// What one member is owed of one topic, and how far it has come.
#[derive(Debug)]
pub(super) struct Owed {
    pub(super) member: u64,
    pub(super) level: Level,
    /// The first sequence that is owed.
    pub(super) base: u64,
    pub(super) received: u64,
    pub(super) processed: u64,
    /// What it was told can't be had: in order, none touching another.
    pub(super) gone: Vec<SequenceRange>,
    /// Who has departed is owed nothing after this sequence, and holds nothing back.
    pub(super) until: Option<u64>,
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
            retained: VecDeque::new(),
            owed: Vec::new(),
            lows: Vec::new(),
            is_listed: false,
        });
        Some(number)
    }

    /// Keeps a message of a topic, as its newest.
    pub(super) fn retain(&mut self, number: u32, payload: Bytes) {
        let Some(topic) = self.get_mut(number) else {
            return;
        };
        topic.retained.push_back(payload);
        if !std::mem::replace(&mut topic.is_listed, true) {
            self.active.push(number);
        }
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

impl Topic {
    /// The lowest sequence that is retained; `next` if none is.
    pub(super) fn first_retained(&self) -> u64 {
        self.next - self.retained.len() as u64
    }

    pub(super) fn owed(&self, member: u64) -> Option<&Owed> {
        let at = self
            .owed
            .binary_search_by_key(&member, |owed| owed.member)
            .ok()?;
        self.owed.get(at)
    }

    pub(super) fn owed_mut(&mut self, member: u64) -> Option<&mut Owed> {
        let at = self
            .owed
            .binary_search_by_key(&member, |owed| owed.member)
            .ok()?;
        self.owed.get_mut(at)
    }

    pub(super) fn is_owed(&self) -> bool {
        self.owed.iter().any(Owed::is_present)
    }

    /// Up to where everyone who is here has acknowledged.
    pub(super) fn acked_by_all(&self) -> u64 {
        let present = self.owed.iter().filter(|owed| owed.is_present());
        present.map(Owed::acked).min().unwrap_or(self.next - 1)
    }

    /// How many members acknowledged this sequence, departed ones too.
    pub(super) fn acks_of(&self, sequence: u64) -> usize {
        self.owed
            .iter()
            .filter(|owed| owed.acknowledges(sequence))
            .count()
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

    /// Whether any member, departed ones included, was owed this sequence.
    pub(super) fn was_owed(&self, sequence: u64) -> bool {
        self.owed
            .iter()
            .any(|owed| owed.base <= sequence && owed.until.is_none_or(|until| sequence <= until))
    }

    /// Forgets the departed who were owed nothing of what is retained.
    pub(super) fn forget_departed(&mut self) {
        let first = self.first_retained();
        self.owed
            .retain(|owed| owed.until.is_none_or(|until| until >= owed.base.max(first)));
    }
}

impl Owed {
    pub(super) fn new(member: u64, level: Level, base: u64) -> Self {
        Self {
            member,
            level,
            base,
            received: base - 1,
            processed: base - 1,
            gone: Vec::new(),
            until: None,
        }
    }

    pub(super) fn is_present(&self) -> bool {
        self.until.is_none()
    }

    /// The mark that counts: everything from the base up to here was acknowledged, or is gone.
    pub(super) fn acked(&self) -> u64 {
        match self.level {
            Level::Received => self.received,
            Level::Processed => self.processed,
        }
    }

    pub(super) fn give_up(&mut self, lost: SequenceRange) {
        self.gone.push(lost);
        self.gone.sort_unstable();
        self.gone.dedup_by(|next, merged| {
            let touches = next.first() <= merged.last() + 1;
            if let (true, Some(both)) = (
                touches,
                SequenceRange::new(merged.first(), merged.last().max(next.last())),
            ) {
                *merged = both;
            }
            touches
        });
    }

    pub(super) fn acknowledges(&self, sequence: u64) -> bool {
        (self.base..=self.acked()).contains(&sequence)
            && !self.gone.iter().any(|range| range.contains(sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(retained: usize) -> Topic {
        Topic {
            name: Bytes::from_static(b"T"),
            next: retained as u64 + 1,
            retained: vec![Bytes::new(); retained].into(),
            owed: Vec::new(),
            lows: Vec::new(),
            is_listed: false,
        }
    }

    #[test]
    fn only_topics_with_something_retained_are_active() {
        let mut topics = Topics::default();
        for name in ["a", "b", "c"] {
            topics.add(Bytes::from_static(name.as_bytes()));
        }
        for number in [3, 1, 3] {
            topics.retain(number, Bytes::new());
        }
        let active = |topics: &Topics| topics.active().map(|(n, _)| n).collect::<Vec<_>>();
        assert_eq!(active(&topics), [3, 1]);
        topics.get_mut(3).expect("a topic").retained.clear();
        assert_eq!(active(&topics), [1]);
        topics.tidy();
        assert_eq!(topics.active, [1]);
        topics.retain(3, Bytes::new());
        assert_eq!(active(&topics), [1, 3]);
    }

    #[test]
    fn sessions_that_come_and_go_beside_a_stuck_one_leave_nothing() {
        let mut topic = topic(4);
        topic.owed.push(Owed::new(1, Level::Processed, 1));
        for key in 2..100 {
            topic
                .owed
                .push(Owed::new(key, Level::Processed, topic.next));
            topic.owed[1].until = Some(topic.next - 1);
            topic.forget_departed();
            assert_eq!(topic.owed.len(), 1, "it was owed nothing");
        }
    }

    #[test]
    fn gone_ranges_are_kept_in_order_and_joined() {
        let mut owed = Owed::new(1, Level::Received, 1);
        let range = |first, last| SequenceRange::new(first, last).expect("a range");
        for (first, last) in [(7, 8), (1, 2), (3, 3), (2, 3), (8, 9), (1, 1), (20, 20)] {
            owed.give_up(range(first, last));
        }
        assert_eq!(owed.gone, [range(1, 3), range(7, 9), range(20, 20)]);
    }
}
