//! Durable names: what one was owed waits for it while it is away.
//!
//! The claim of an absent name is an entry among the members that has no session. It holds back
//! what a member would, except that it never stops the publisher (see `room`).

use super::members::{Member, Members};
use super::owed::{Owed, Standing};
use super::prefixes::Prefixes;
use super::report::MemberOutcome;
use super::{Event, Publisher, repair, sync};
use crate::config::{Expected, PublisherConfig};
use crate::id::Nonce;
use crate::marks::SequenceRange;
use crate::secret::Secret;
use crate::wire::{ToSubscriber, TopicRange};
use bytes::Bytes;
use std::time::Instant;

impl Members {
    /// SPEC M7: who is expected is absent from the start.
    pub(super) fn expect(config: &PublisherConfig) -> Self {
        let mut members = Self::default();
        for expected in &config.expected {
            let key = members.next_key();
            members.insert(key, Member::expected(key, expected));
        }
        members
    }
}

impl Member {
    fn expected(key: u64, expected: &Expected) -> Self {
        Self {
            name: expected.name().to_owned(),
            session: None,
            nonce: Nonce::from_u128(0),
            level: expected.level,
            credentials: Secret::default(),
            standing: Standing::Absent,
            ended: MemberOutcome::Absent,
            who: key,
            prefixes: Prefixes::new(expected.prefixes.iter().cloned()),
            changes: super::change::Changes::default(),
            topics: Vec::new(),
            end: None,
            welcomed: None,
            route: Bytes::new(),
            serial: 0,
            acked: 0,
            has_gone: false,
            query: false,
            heard: None,
            since: None,
            spoke: None,
            suspected: false,
            sync: sync::Pace::default(),
            repair: repair::Pace::default(),
        }
    }
}

impl Publisher {
    /// The clock of who is expected begins when the time is first told.
    pub(super) fn begin_clocks(&mut self, now: Instant) {
        if std::mem::take(&mut self.awaits_clock) {
            let absent = self.members.iter_mut().filter(|(_, m)| m.is_absent());
            for (_, member) in absent {
                member.heard.get_or_insert(now);
                member.since.get_or_insert(now);
            }
            self.judge_in_time(now, Standing::Absent);
        }
    }

    /// The claim that a session of this name can take over: what its last session, or the name
    /// itself, is owed.
    pub(super) fn claim_of(&self, name: &str) -> Option<u64> {
        let is_durable = self.config.is_durable(name);
        is_durable.then(|| self.members.holder_of(name)).flatten()
    }

    /// SPEC M8: where a session begins in a topic, and what it can't have of it. After the mark of
    /// the claim, if there is one and all that follows can still be had; or with what comes next.
    pub(super) fn base_of(&self, number: u32, claim: Option<u64>) -> (u64, Vec<SequenceRange>) {
        let Some(topic) = self.topics.get(number) else {
            return (1, Vec::new());
        };
        let claimed = claim.and_then(|claim| topic.owed(claim));
        let claimed = claimed.filter(|owed| match owed.until {
            None => owed.is_live(),
            // A released period ends. What was published after it may not have been kept.
            Some(_) => {
                owed.floor().is_some() && topic.retained.has_all(owed.cleared() + 1, topic.next)
            }
        });
        let Some(claimed) = claimed else {
            return (topic.next, Vec::new());
        };
        let base = claimed.acked() + 1;
        let gone = claimed.gone.iter();
        let gone = gone.filter_map(|lost| SequenceRange::new(lost.first().max(base), lost.last()));
        (base, gone.collect())
    }

    /// The session of a durable name ends, and its claim stays (SPEC M6).
    pub(super) fn leave_claim(&mut self, now: Instant, key: u64, outcome: MemberOutcome) {
        let Some(member) = self.members.get_mut(key) else {
            return;
        };
        member.ended = outcome;
        if let Some(session) = member.session {
            self.departed.note(session, member.nonce, outcome);
        }
        self.stand(now, key, Standing::Absent);
        self.counters.absences += 1;
        if let Some(member) = self.members.get(key) {
            let unacked = self.report_member(key, member, outcome).unacked();
            let name = member.name.clone();
            self.events.push_back(Event::Absent { name, unacked });
        }
    }

    /// Changes what a holder is, with all that it is owed.
    pub(super) fn stand(&mut self, now: Instant, key: u64, standing: Standing) {
        self.members.stand(now, key, standing);
        // What it may be silent for now can be less than before.
        self.judge_in_time(now, standing);
        // What it holds may be let go now, or no more.
        self.relief.try_again();
        let Some(member) = self.members.get(key) else {
            return;
        };
        for &number in &member.topics {
            let topic = self.topics.get_mut(number);
            if let Some(owed) = topic.and_then(|topic| topic.owed_mut(key)) {
                owed.standing = standing;
            }
        }
    }

    /// SPEC M8: a session that has joined takes over what its name was owed before.
    ///
    /// Of each topic that both have, the claim keeps what it acknowledged, and the session owes
    /// the rest. Of the others the claim's debts stay named with it.
    pub(super) fn take_over(&mut self, claim: u64, heir: u64) {
        let Some(member) = self.members.remove(claim) else {
            return;
        };
        let outcome = match member.standing {
            Standing::Member => MemberOutcome::Superseded,
            _ => member.ended,
        };
        if let (Standing::Member, Some(session)) = (member.standing, member.session) {
            self.counters.superseded += 1;
            self.departed.note(session, member.nonce, outcome);
        }
        for &number in &member.topics {
            self.hand_over(number, claim, heir);
        }
        let report = self.report_member(claim, &member, outcome);
        if member.is_joined() || report.unacked() > 0 {
            self.events.push_back(Event::Departed {
                name: report.name.clone(),
                outcome,
                unacked: report.unacked(),
            });
        }
        if member.session.is_some() || !report.topics.is_empty() {
            self.departed.remember(report);
        }
        for &number in &member.topics {
            self.trim(number);
            if let Some(topic) = self.topics.get_mut(number) {
                topic.forget_over();
            }
        }
        self.counters.returned += u64::from(member.session.is_some());
    }

    fn hand_over(&mut self, number: u32, claim: u64, heir: u64) {
        let Some(topic) = self.topics.get_mut(number) else {
            return;
        };
        let next = topic.next;
        let base = topic.owed(heir).map(|owed| owed.base);
        let Some(owed) = topic.owed_mut(claim) else {
            return;
        };
        owed.standing = Standing::Over;
        let mut last = owed.last(next);
        let mut handed = Vec::new();
        if let Some(base) = base {
            last = last.min(owed.acked().max(base - 1));
            for lost in std::mem::take(&mut owed.gone) {
                owed.gone
                    .extend(SequenceRange::new(lost.first(), lost.last().min(last)));
                handed.extend(SequenceRange::new(lost.first().max(last + 1), lost.last()));
            }
        }
        owed.until = Some(last);
        if let Some(owed) = topic.owed_mut(heir) {
            handed.into_iter().for_each(|lost| owed.give_up(lost));
        }
    }

    /// Names what a session that has just joined can't have, before it asks. It has that from the
    /// claim that it was welcomed to, though that may have ended since.
    pub(super) fn tell_gone(&mut self, key: u64) {
        let Some(member) = self.members.get(key) else {
            return;
        };
        let mut gone = Vec::new();
        for &number in &member.topics {
            let owed = self.topics.get(number).and_then(|topic| topic.owed(key));
            let ranges = owed.into_iter().flat_map(|owed: &Owed| &owed.gone);
            gone.extend(ranges.map(|lost| TopicRange {
                number,
                first: lost.first(),
                last: lost.last(),
            }));
        }
        if let (false, Some(member)) = (gone.is_empty(), self.members.get_mut(key)) {
            member.has_gone = true;
        }
        for range in gone {
            self.reply_to(key, &ToSubscriber::Gone(range));
        }
    }
}
