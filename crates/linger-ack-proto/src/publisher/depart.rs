//! The end of a session: what it leaves, and to whom.

use super::members::Member;
use super::owed::Standing;
use super::report::{MemberOutcome, MemberReport, TopicReport};
use super::{Event, Publisher};
use crate::planted::{Bug, planted};
use std::time::Instant;

impl Publisher {
    /// Ends a session. Of a durable name the claim stays (SPEC M6).
    pub(super) fn depart(&mut self, now: Instant, key: u64, outcome: MemberOutcome) {
        let Some(member) = self.members.get(key) else {
            return;
        };
        let may_return = match outcome {
            MemberOutcome::Expired => true,
            MemberOutcome::Left => self.closing.is_none(),
            _ => false,
        };
        if member.is_joined() && may_return && self.config.is_durable(&member.name) {
            return self.leave_claim(now, key, outcome);
        }
        match member.is_candidate() {
            true => self.drop_candidate(key),
            false => self.depart_for_good(key, outcome),
        }
    }

    /// Ends a session, or a claim, for good: whatever still comes from it is answered by that end.
    /// Of who was a member it is kept what it left unacknowledged.
    pub(super) fn depart_for_good(&mut self, key: u64, outcome: MemberOutcome) {
        let Some(member) = self.members.get(key) else {
            return;
        };
        if let (false, Some(session)) = (member.is_absent(), member.session) {
            self.departed.note(session, member.nonce, outcome);
        }
        if member.is_candidate() {
            return self.drop_candidate(key);
        }
        let Some(member) = self.members.remove(key) else {
            return;
        };
        if !(planted(Bug::EvictedNotNamed) && outcome == MemberOutcome::Evicted) {
            self.remember(key, &member, outcome);
        }
        for &number in &member.topics {
            if let Some(topic) = self.topics.get_mut(number) {
                let next = topic.next;
                if let Some(owed) = topic.owed_mut(key) {
                    owed.until = Some(owed.last(next));
                    owed.standing = Standing::Over;
                }
            }
            self.trim(number);
            if let Some(topic) = self.topics.get_mut(number) {
                topic.forget_over();
            }
        }
    }

    /// Says that somebody departed, and keeps the report.
    fn remember(&mut self, key: u64, member: &Member, outcome: MemberOutcome) {
        let report = self.report_member(key, member, outcome);
        self.events.push_back(Event::Departed {
            name: report.name.clone(),
            outcome,
            unacked: report.unacked(),
        });
        self.departed.remember(report);
    }

    /// Forgets a candidate without a trace: the same session may say HELLO anew.
    pub(super) fn drop_candidate(&mut self, key: u64) {
        let Some(member) = self.members.remove(key) else {
            return;
        };
        for &number in &member.topics {
            let Some(topic) = self.topics.get_mut(number) else {
                continue;
            };
            topic.remove_owed(key);
            self.trim(number);
            self.drop_unowed(number);
        }
    }

    /// What was kept for a candidate alone may stand behind what a released period holds back.
    fn drop_unowed(&mut self, number: u32) {
        let Some(topic) = self.topics.get_mut(number) else {
            return;
        };
        if !topic.owed.iter().any(|owed| owed.until.is_some()) {
            return;
        }
        let owed = &topic.owed;
        let is_owed = |sequence| owed.iter().any(|owed| owed.was_owed(sequence));
        let let_go = topic.retained.sift(is_owed);
        for (_, payload) in &let_go {
            self.counters.unowed += 1;
            self.window.let_go(payload);
        }
        if !let_go.is_empty() {
            self.made_room();
        }
    }

    pub(super) fn report_member(
        &self,
        key: u64,
        member: &Member,
        outcome: MemberOutcome,
    ) -> MemberReport {
        let topics = member.topics.iter().filter_map(|&number| {
            let topic = self.topics.get(number)?;
            let owed = topic.owed(key)?;
            let earlier = owed.earlier.as_deref();
            let last = owed.last(topic.next);
            Some(TopicReport {
                topic: topic.name.clone(),
                number,
                base: owed.base,
                last,
                // The rest may be owed to a later session of its name, which has to receive it.
                received: owed.received.min(last),
                processed: owed.processed,
                level: member.level,
                gone: owed.gone.clone(),
                earlier: earlier.map_or(0, |earlier| earlier.count),
                earlier_ranges: earlier.map_or_else(Vec::new, |earlier| earlier.ranges.clone()),
            })
        });
        MemberReport {
            name: member.name.clone(),
            session: member.session,
            level: member.level,
            outcome,
            topics: topics.filter(|topic| topic.owed() > 0).collect(),
        }
    }
}
