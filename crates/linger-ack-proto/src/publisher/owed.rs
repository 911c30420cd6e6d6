//! What one holder is owed of one topic, and how far it has come.

use crate::id::Level;
use crate::marks::SequenceRange;
use crate::planted::{Bug, planted};

/// How many earlier periods of one topic a report can list.
const EARLIER: usize = 32;

/// Whether a holder may still acknowledge, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has said HELLO, and not yet JOINED.
    Candidate,
    /// It is a member.
    Member,
    /// A durable name without a session.
    Absent,
    /// Nothing more comes from it: its acknowledgements count, and it holds nothing back.
    Over,
}

/// One period of one holder in one topic: from its base until it is released.
#[derive(Debug)]
pub(super) struct Owed {
    pub(super) member: u64,
    /// The same for all sessions of one name that lived at once: they count as one.
    pub(super) who: u64,
    pub(super) level: Level,
    pub(super) standing: Standing,
    /// The first sequence that is owed.
    pub(super) base: u64,
    pub(super) received: u64,
    pub(super) processed: u64,
    /// What can't be had any more: in order, none touching another. Those below the base are of
    /// earlier periods.
    pub(super) gone: Vec<SequenceRange>,
    /// The last sequence that is owed; `None` while more may be.
    pub(super) until: Option<u64>,
    pub(super) earlier: Option<Box<Earlier>>,
}

/// The periods before the present one, all of them acknowledged or gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Earlier {
    /// How many messages were owed.
    pub(super) count: u64,
    /// Which; the last [`EARLIER`] ranges.
    pub(super) ranges: Vec<SequenceRange>,
}

impl Owed {
    pub(super) fn new(member: u64, who: u64, level: Level, standing: Standing, base: u64) -> Self {
        Self {
            member,
            who,
            level,
            standing,
            base,
            received: base - 1,
            processed: base - 1,
            gone: Vec::new(),
            until: None,
            earlier: None,
        }
    }

    /// Whether anything more may come from this holder.
    pub(super) fn is_live(&self) -> bool {
        self.standing != Standing::Over
    }

    /// Whether what is published next is owed to it.
    pub(super) fn is_open(&self) -> bool {
        self.is_live() && self.until.is_none()
    }

    /// The mark that counts: everything from the base up to here was acknowledged, or is gone.
    pub(super) fn acked(&self) -> u64 {
        match self.level {
            Level::Received => self.received,
            Level::Processed => self.processed,
        }
    }

    /// The mark that counts, and what is gone right after it: it holds nothing back up to here.
    pub(super) fn cleared(&self) -> u64 {
        let after = |mark: u64, range: &SequenceRange| match range.first() <= mark + 1 {
            true => mark.max(range.last()),
            false => mark,
        };
        self.gone.iter().fold(self.acked(), after)
    }

    /// The last sequence that is owed; `base - 1` if none is.
    pub(super) fn last(&self, next: u64) -> u64 {
        self.until.unwrap_or(next - 1)
    }

    /// How many messages its mark is below its last.
    pub(super) fn lag(&self, next: u64) -> u64 {
        match self.is_live() {
            true => self.last(next).saturating_sub(self.acked()),
            false => 0,
        }
    }

    /// How many messages it may still acknowledge: those that it can have.
    pub(super) fn left(&self, next: u64) -> u64 {
        match self.is_live() {
            true => self.last(next).saturating_sub(self.cleared()),
            false => 0,
        }
    }

    /// How many of those it has received, in order, and not acknowledged.
    pub(super) fn received_only(&self, next: u64) -> u64 {
        match self.is_live() {
            true => self
                .last(next)
                .min(self.received)
                .saturating_sub(self.cleared()),
            false => 0,
        }
    }

    /// Whether it holds back anything below `below`, which is at most the topic's next sequence.
    pub(super) fn holds_below(&self, below: u64) -> bool {
        self.is_live() && self.cleared() < self.last(below).min(below - 1)
    }

    /// Up to where messages may be let go for its sake; `None` if it holds nothing back.
    pub(super) fn floor(&self) -> Option<u64> {
        let cleared = self.cleared();
        let is_done = self.until.is_some_and(|until| until <= cleared);
        let is_forgotten =
            planted(Bug::CandidateHoldForgotten) && self.standing == Standing::Candidate;
        (self.is_live() && !is_done && !is_forgotten).then_some(cleared)
    }

    /// Whether it is what keeps this message.
    pub(super) fn holds(&self, sequence: u64) -> bool {
        self.was_owed(sequence) && self.is_live() && self.cleared() < sequence
    }

    pub(super) fn was_owed(&self, sequence: u64) -> bool {
        self.base <= sequence && self.until.is_none_or(|until| sequence <= until)
    }

    pub(super) fn acknowledges(&self, sequence: u64) -> bool {
        (self.base..=self.acked()).contains(&sequence)
            && !self.gone.iter().any(|range| range.contains(sequence))
    }

    /// Whether it was told, or is to be told, that something below `next` can't be had.
    pub(super) fn has_gone_below(&self, next: u64) -> bool {
        self.gone.first().is_some_and(|range| range.first() < next)
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

    /// Begins the next period, after one that was released and is acknowledged; what was gone in
    /// it stays named.
    pub(super) fn renew(&mut self, base: u64) -> Self {
        let mut next = Self::new(self.member, self.who, self.level, self.standing, base);
        self.standing = Standing::Over;
        next.gone = self.gone.clone();
        self.gone.retain(|range| range.last() >= self.base);
        let mut earlier = self.earlier.take();
        let last = self.until.unwrap_or(base - 1);
        if let Some(range) = SequenceRange::new(self.base, last) {
            let all = earlier.get_or_insert_default();
            all.count = all.count.saturating_add(range.len());
            all.ranges.push(range);
            if all.ranges.len() > EARLIER {
                all.ranges.remove(0);
            }
        }
        next.earlier = earlier;
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u64, last: u64) -> SequenceRange {
        SequenceRange::new(first, last).expect("a range")
    }

    fn owed(base: u64) -> Owed {
        Owed::new(1, 1, Level::Received, Standing::Member, base)
    }

    #[test]
    fn gone_ranges_are_kept_in_order_and_joined() {
        let mut owed = owed(1);
        for (first, last) in [(7, 8), (1, 2), (3, 3), (2, 3), (8, 9), (1, 1), (20, 20)] {
            owed.give_up(range(first, last));
        }
        assert_eq!(owed.gone, [range(1, 3), range(7, 9), range(20, 20)]);
        assert_eq!((owed.acked(), owed.cleared()), (0, 3));
        owed.received = 6;
        assert_eq!(owed.cleared(), 9);
        assert!(!owed.holds(9) && owed.holds(10));
    }

    #[test]
    fn a_released_period_holds_back_what_is_left_of_it_and_nothing_else() {
        let mut owed = owed(5);
        owed.until = Some(7);
        assert!(owed.holds_below(6) && owed.holds(7) && !owed.holds(8));
        assert_eq!((owed.floor(), owed.lag(100)), (Some(4), 3));
        owed.received = 5;
        assert!(owed.holds_below(7) && !owed.holds_below(6));
        owed.received = 7;
        assert_eq!((owed.floor(), owed.lag(100)), (None, 0));
        assert!(!owed.holds_below(u64::MAX));
    }

    #[test]
    fn sequences_at_the_end_of_their_range_do_not_overflow() {
        let mut owed = owed(u64::MAX - 1);
        assert!(!owed.holds_below(u64::MAX - 1) && owed.holds_below(u64::MAX));
        owed.give_up(range(u64::MAX - 1, u64::MAX - 1));
        assert_eq!(owed.cleared(), u64::MAX - 1);
        assert!(!owed.holds_below(u64::MAX));
    }

    #[test]
    fn earlier_periods_are_counted_and_the_latest_of_them_listed() {
        let mut last = owed(1);
        for period in 0..100 {
            let base = last.base;
            last.until = Some(base + 1);
            last.received = base + 1;
            if period == 3 {
                last.give_up(range(base, base));
            }
            let next = last.renew(base + 10);
            assert_eq!(last.standing, Standing::Over);
            let own: &[_] = if period == 3 { &[range(31, 31)] } else { &[] };
            assert_eq!(last.gone, own, "of the period itself");
            last = next;
        }
        let earlier = last.earlier.expect("there were some");
        assert_eq!((earlier.count, earlier.ranges.len()), (200, EARLIER));
        assert_eq!(earlier.ranges[EARLIER - 1], range(991, 992));
        assert_eq!(last.gone, [range(31, 31)], "named for good");
    }

    #[test]
    fn a_period_that_was_not_released_ends_where_the_next_begins() {
        let next = owed(5).renew(20);
        let earlier = next.earlier.expect("there was one");
        assert_eq!(
            (earlier.count, &earlier.ranges[..]),
            (15, &[range(5, 19)][..])
        );
        assert!(owed(5).renew(5).earlier.is_none(), "it was empty");
    }
}
