//! Asking for what is missing: at once when it shows, then again with back-off.

use super::Subscriber;
use super::join::Stage;
use crate::planted::{Bug, planted};
use crate::wire::ToPublisher;
use std::time::Instant;

/// How many ranges of all topics a NACK names at most.
const RANGES: usize = 512;

impl Subscriber {
    /// Notes whether something is missing of a topic, after its marks or its evidence changed.
    pub(super) fn note_missing(&mut self, number: u32) {
        let is_missing = self
            .topics
            .get(&number)
            .is_some_and(super::order::Topic::is_missing_any);
        if is_missing {
            self.missing.insert(number);
        } else if !self.missing.is_empty() {
            self.missing.remove(&number);
        }
    }

    /// Starts asking, unless it has been asked already and the answer is awaited (SPEC R1).
    pub(super) fn say_nack_if_missing(&mut self, now: Instant) {
        let may = self.stage == Stage::Member && !self.nack.is_running();
        if may && !self.missing.is_empty() {
            self.nack.start(now);
            self.say_nack_if_due(now);
        }
    }

    /// Asks, unless the socket takes nothing or the application is behind: then the next look does.
    pub(super) fn say_nack_if_due(&mut self, now: Instant) {
        let can = self.outbox.len() < super::OUTBOX && !self.is_full();
        if can && self.nack.is_due(now) {
            self.say_nack();
        }
    }

    fn say_nack(&mut self) {
        let mut ranges = Vec::new();
        for &number in &self.missing {
            if let Some(topic) = self.topics.get(&number) {
                ranges.extend(topic.missing(number));
            }
            if ranges.len() >= RANGES {
                break;
            }
        }
        if ranges.is_empty() && !planted(Bug::NackWithoutEnd) {
            self.nack.stop();
        } else {
            self.say(&ToPublisher::Nack { ranges });
        }
    }
}
