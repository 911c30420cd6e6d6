//! Close: no more messages, no more members, and what became of everything.

use super::Publisher;
use super::owed::Standing;
use super::quorum::{Quorum, Verdict};
use super::report::{Outcome, PublisherReport};
use crate::wire::ToSubscriber;
use std::time::Instant;

/// Marks that the publisher takes no more messages and no more members.
#[derive(Debug)]
pub(super) struct Closing;

impl Publisher {
    /// No more messages, no more members; END goes to everyone (SPEC C1). Again: no effect.
    ///
    /// Whoever has not said JOINED by now was never a member. Only durable names that are owed
    /// something may still come back for it.
    pub fn begin_close(&mut self, now: Instant) {
        if self.closing.is_some() {
            return;
        }
        self.begin_clocks(now);
        self.close_batches();
        self.closing = Some(Closing);
        self.drop_candidates(|publisher, name| publisher.claim_of(name).is_none());
        self.begin_end(now);
    }

    /// Whoever is a candidate will not be a member; what was kept for it was owed to nobody.
    fn drop_candidates(&mut self, which: impl Fn(&Self, &str) -> bool) {
        for key in self.members.keys(Standing::Candidate) {
            let candidate = self.members.get(key);
            if candidate.is_some_and(|candidate| which(self, &candidate.name)) {
                self.reply_to(key, &ToSubscriber::Closing);
                self.drop_candidate(key);
            }
        }
    }

    /// What became of everything; FIN goes to whoever is here (SPEC C3, C4).
    ///
    /// Call it once, after [`begin_close`](Self::begin_close) (otherwise it closes at once).
    pub fn finish(&mut self, quorum: Quorum) -> PublisherReport {
        self.close_batches();
        self.closing = Some(Closing);
        self.outbox.drop_lists();
        self.drop_candidates(|_, _| true);
        let target = self.target();
        let is_owed = self.counters.accepted > self.counters.unowed;
        let outcome = if !is_owed {
            match self.members.ever_joined {
                true => Outcome::NothingOwed,
                false => Outcome::NoMembers,
            }
        } else if self.verdict(&target, &quorum) == Verdict::Met {
            Outcome::Drained
        } else {
            Outcome::Behind
        };
        let report = self.report(quorum, outcome);
        for key in self.members.keys(Standing::Member) {
            let session = self.members.get(key).and_then(|member| member.session);
            let mut members = report.members.iter();
            let acked = members.any(|m| m.session == session && m.unacked() == 0);
            self.reply_to(key, &ToSubscriber::Fin { acked });
        }
        report
    }
}
