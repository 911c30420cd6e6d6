//! Asking for what is missing: at once when it shows, then again with back-off.

use super::Subscriber;
use super::join::Stage;
use crate::wire::ToPublisher;
use std::time::Instant;

/// How many ranges of all topics a NACK names at most.
const RANGES: usize = 512;

impl Subscriber {
    /// Starts asking, unless it has been asked already and the answer is awaited.
    pub(super) fn say_nack_if_missing(&mut self, now: Instant) {
        if self.stage == Stage::Member && !self.nack.is_running() {
            let missing = self
                .topics
                .values()
                .any(super::order::Topic::is_missing_any);
            if missing {
                self.nack.start(now);
                // While the socket takes nothing, it waits: the next look says it.
                if self.outbox.len() < super::OUTBOX && self.nack.is_due(now) {
                    self.say_nack(now);
                }
            }
        }
    }

    pub(super) fn say_nack(&mut self, _now: Instant) {
        let mut ranges = Vec::new();
        for (&number, topic) in self
            .topics
            .iter()
            .filter(|(_, topic)| topic.is_missing_any())
        {
            ranges.extend(topic.missing(number));
            if ranges.len() >= RANGES {
                break;
            }
        }
        if ranges.is_empty() {
            self.nack.stop();
        } else {
            self.say(&ToPublisher::Nack { ranges });
        }
    }
}
