//! Eviction, for whoever would rather lose a subscriber than wait for it (SPEC W4).

use super::Publisher;
use super::report::MemberOutcome;
use crate::wire::ToSubscriber;
use std::time::Instant;

impl Publisher {
    /// Ends everyone who holds back the oldest message that is retained; says how many.
    ///
    /// Each is told, and is named in the report as [`MemberOutcome::Evicted`], with what it has
    /// not acknowledged. The claim of a durable name ends too. The message is let go, and perhaps
    /// others; a driver calls this when nothing else is to make room. 0: nothing is retained.
    pub fn evict(&mut self, _now: Instant) -> usize {
        let Some((number, sequence)) = self.topics.oldest() else {
            return 0;
        };
        let holders: Vec<u64> = self.topics.get(number).map_or_else(Vec::new, |topic| {
            let holders = topic.owed.iter().filter(|owed| owed.holds(sequence));
            holders.map(|owed| owed.member).collect()
        });
        for &key in &holders {
            if !self.members.is_absent(key) {
                self.reply_to(key, &ToSubscriber::Evicted);
            }
            self.counters.evicted += 1;
            self.depart_for_good(key, MemberOutcome::Evicted);
        }
        holders.len()
    }
}
