//! ACK and BYE: marks go up, and the window moves.

use super::Publisher;
use super::report::MemberOutcome;
use crate::planted::{Bug, planted};
use crate::wire::{Mark, ToSubscriber};
use std::time::Instant;

impl Publisher {
    /// `ACK`: false, and nothing is taken from it, if it says what can't be (SPEC A4).
    pub(super) fn handle_ack(&mut self, key: u64, whole: bool, marks: &[Mark]) -> bool {
        if !self.are_possible(key, marks) {
            return false;
        }
        if let (true, Some(member)) = (whole, self.members.get_mut(key)) {
            member.query = false;
        }
        self.counters.acks += 1;
        self.apply(key, marks);
        true
    }

    /// `BYE`: the final marks, then the member is gone, and told so (SPEC M2).
    pub(super) fn handle_bye(&mut self, now: Instant, key: u64, marks: &[Mark]) -> bool {
        if !self.handle_ack(key, true, marks) {
            return false;
        }
        self.reply_to(key, &ToSubscriber::ByeOk);
        self.counters.left += 1;
        self.depart(now, key, MemberOutcome::Left);
        true
    }

    /// `BYE` of a candidate: it wants to be none. Its marks count for nothing.
    pub(super) fn withdraw(&mut self, key: u64) -> bool {
        self.reply_to(key, &ToSubscriber::ByeOk);
        self.depart_for_good(key, MemberOutcome::Left);
        true
    }

    /// Whether all marks are of topics that it is owed, and none is beyond what was sent.
    fn are_possible(&self, key: u64, marks: &[Mark]) -> bool {
        marks.iter().all(|mark| {
            let topic = self.topics.get(mark.number);
            topic.is_some_and(|topic| topic.owed(key).is_some() && mark.received < topic.next)
        })
    }

    fn apply(&mut self, key: u64, marks: &[Mark]) {
        for mark in marks {
            let Some(topic) = self.topics.get_mut(mark.number) else {
                continue;
            };
            let next = topic.next;
            let Some(owed) = topic.owed_mut(key) else {
                continue;
            };
            // Until it hears RELEASED, it may have taken what it was not owed any more.
            let last = owed.last(next);
            let (received, processed) = (mark.received.min(last), mark.processed.min(last));
            let before = owed.acked();
            let has_risen = received > owed.received || processed > owed.processed;
            // SPEC A7: marks never go back.
            owed.received = owed.received.max(received);
            owed.processed = owed.processed.max(processed);
            if planted(Bug::MarkTakenBack) {
                (owed.received, owed.processed) = (received, processed);
            }
            let acked = owed.acked();
            if let (true, Some(member)) = (has_risen, self.members.get_mut(key)) {
                member.sync.progressed();
                let by = acked.saturating_sub(before);
                member.acked = member.acked.saturating_add(by);
            }
            if acked != before {
                self.trim(mark.number);
            }
        }
    }
}
