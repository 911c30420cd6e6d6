//! Who was a member: how each session ended, and what it left unacknowledged. Bounded.

use super::known::Names;
use super::report::{MemberOutcome, MemberReport, TopicReport};
use crate::id::{Nonce, SessionId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many departed sessions are remembered, to be answered rightly and to be reported.
const REMEMBERED: usize = 1_024;

/// How many topics their reports list at most, all together.
const REMEMBERED_TOPICS: usize = 1 << 18;

/// Sessions that are over.
#[derive(Debug, Default)]
pub(super) struct Departed {
    /// In the order in which they went.
    reports: BTreeMap<u64, MemberReport>,
    /// Which of the reports are of members that left nothing unacknowledged, oldest first.
    settled: VecDeque<u64>,
    count: u64,
    /// How many topics the reports list.
    topics: usize,
    outcomes: BTreeMap<SessionId, MemberOutcome>,
    order: VecDeque<(SessionId, Nonce)>,
    nonces: BTreeSet<Nonce>,
    /// How many departed members left something unacknowledged, remembered or not.
    pub(super) with_unacked: u64,
    /// How many of those are not remembered.
    forgotten: u64,
    /// Their names.
    debtors: Names,
}

impl Departed {
    pub(super) fn outcome(&self, session: SessionId) -> Option<MemberOutcome> {
        self.outcomes.get(&session).copied()
    }

    /// Whether a session had this private topic; it may not know yet that it is over.
    pub(super) fn has_nonce(&self, nonce: Nonce) -> bool {
        self.nonces.contains(&nonce)
    }

    pub(super) fn reports(&self) -> impl Iterator<Item = &MemberReport> {
        self.reports.values()
    }

    /// Whether anyone who went, or anyone of this name, left something of these unacknowledged. Who
    /// is forgotten is taken to have.
    pub(super) fn lack_any_below(&self, next: &[u64], name: Option<&str>) -> bool {
        let next = |number: u32| next.get((number as usize).checked_sub(1)?).copied();
        let lacks = |topic: &TopicReport| {
            let first = topic
                .unacked()
                .into_iter()
                .chain(topic.gone.iter().copied());
            let first = first.map(|range| range.first()).min();
            first.is_some_and(|first| next(topic.number).is_some_and(|next| first < next))
        };
        let is_asked = |report: &&MemberReport| name.is_none_or(|name| report.name == name);
        let reports = self.reports.values().filter(is_asked);
        let mut topics = reports.flat_map(|report| &report.topics);
        let may_lack = match name {
            Some(name) => self.debtors.may_hold(name),
            None => self.forgotten > 0,
        };
        may_lack || (self.with_unacked != 0 && topics.any(lacks))
    }

    /// Keeps how a session ended, so that what comes late from it is answered rightly.
    pub(super) fn note(&mut self, session: SessionId, nonce: Nonce, outcome: MemberOutcome) {
        if self.outcomes.insert(session, outcome).is_none() {
            self.order.push_back((session, nonce));
            self.nonces.insert(nonce);
        }
        if self.order.len() > REMEMBERED {
            if let Some((oldest, nonce)) = self.order.pop_front() {
                self.outcomes.remove(&oldest);
                self.nonces.remove(&nonce);
            }
        }
    }

    pub(super) fn remember(&mut self, report: MemberReport) {
        self.count += 1;
        match report.unacked() > 0 {
            true => self.with_unacked += 1,
            false => self.settled.push_back(self.count),
        }
        self.topics += report.topics.len();
        self.reports.insert(self.count, report);
        while self.reports.len() > REMEMBERED || self.topics > REMEMBERED_TOPICS {
            if !self.forget_one() {
                break;
            }
        }
    }

    /// Who left nothing behind is the first to be forgotten. The last one is kept.
    fn forget_one(&mut self) -> bool {
        if self.reports.len() <= 1 {
            return false;
        }
        let forgotten = match self.settled.pop_front() {
            Some(settled) => self.reports.remove(&settled),
            None => {
                self.forgotten += 1;
                self.reports.pop_first().map(|(_, report)| report)
            }
        };
        if let Some(debtor) = forgotten.as_ref().filter(|report| report.unacked() > 0) {
            self.debtors.note(&debtor.name);
        }
        let topics = forgotten.map_or(0, |report| report.topics.len());
        self.topics = self.topics.saturating_sub(topics);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Level;
    use crate::marks::SequenceRange;
    use bytes::Bytes;

    fn report(number: u128, topics: usize, acked: bool) -> MemberReport {
        let topic = |number| TopicReport {
            topic: Bytes::from_static(b"T"),
            number,
            base: 1,
            last: 9,
            received: 9,
            processed: if acked { 9 } else { 4 },
            level: Level::Processed,
            gone: Vec::new(),
            earlier: 0,
            earlier_ranges: Vec::new(),
        };
        MemberReport {
            name: number.to_string(),
            session: Some(SessionId::from_u128(number)),
            level: Level::Processed,
            outcome: MemberOutcome::Expired,
            topics: (1..).take(topics).map(topic).collect(),
        }
    }

    #[test]
    fn who_left_nothing_behind_is_forgotten_before_who_did() {
        let mut departed = Departed::default();
        departed.remember(report(1, 1, false));
        for number in 2..2_000 {
            departed.remember(report(number, 1, true));
        }
        assert_eq!(departed.reports().count(), REMEMBERED);
        assert_eq!(departed.reports().next().map(|r| r.unacked()), Some(5));
        assert_eq!((departed.with_unacked, departed.forgotten), (1, 0));
        for number in 2_000..4_000 {
            departed.remember(report(number, 1, false));
        }
        assert_eq!(departed.reports().count(), REMEMBERED);
        assert_eq!(departed.with_unacked, 2_001);
        assert_eq!(departed.forgotten, 2_001 - REMEMBERED as u64);
        assert!(departed.lack_any_below(&[1], Some("1")), "it is forgotten");
        assert!(departed.lack_any_below(&[1], None), "so are others");
        assert!(!departed.lack_any_below(&[1], Some("2")), "it left nothing");
    }

    #[test]
    fn so_many_sessions_are_answered_as_they_ended_and_no_more() {
        let mut departed = Departed::default();
        let session = |n: usize| SessionId::from_u128(n as u128);
        let nonce = |n: usize| Nonce::from_u128(n as u128);
        for n in 0..REMEMBERED {
            departed.note(session(n), nonce(n), MemberOutcome::Left);
        }
        departed.note(session(0), nonce(0), MemberOutcome::Expired);
        assert_eq!(departed.outcome(session(0)), Some(MemberOutcome::Expired));
        assert!(departed.has_nonce(nonce(0)));
        departed.note(session(REMEMBERED), nonce(REMEMBERED), MemberOutcome::Left);
        assert_eq!(departed.outcome(session(0)), None);
        assert!(!departed.has_nonce(nonce(0)));
        for kept in [1, REMEMBERED] {
            assert_eq!(departed.outcome(session(kept)), Some(MemberOutcome::Left));
            assert!(departed.has_nonce(nonce(kept)));
        }
    }

    #[test]
    fn their_topics_are_bounded_all_together() {
        let mut departed = Departed::default();
        for number in 0..10 {
            departed.remember(report(number, REMEMBERED_TOPICS / 4, number % 2 == 0));
            assert!(departed.topics <= REMEMBERED_TOPICS);
        }
        assert_eq!(departed.reports().count(), 4, "as many as fit");
        let topics = departed.reports().map(|report| report.topics.len());
        assert_eq!(topics.sum::<usize>(), departed.topics);
        for (more, kept) in [(0, 1), (1, 1)] {
            departed.remember(report(10, REMEMBERED_TOPICS + more, false));
            assert_eq!(departed.reports().count(), kept, "the last one stays");
        }
    }

    #[test]
    fn who_went_bars_only_what_it_left_unacknowledged() {
        let mut departed = Departed::default();
        departed.remember(report(1, 1, false)); // up to 4
        assert!(!departed.lack_any_below(&[5], None));
        assert!(departed.lack_any_below(&[6], None));
        assert!(
            !departed.lack_any_below(&[], None),
            "a topic that is younger"
        );
        assert!(departed.lack_any_below(&[6], Some("1")));
        assert!(!departed.lack_any_below(&[6], Some("2")));
        let mut gone = report(2, 1, true);
        gone.topics[0].gone = SequenceRange::new(2, 2).into_iter().collect();
        departed.remember(gone);
        assert!(departed.lack_any_below(&[5], None));
        assert!(!departed.lack_any_below(&[2], None));
    }
}
