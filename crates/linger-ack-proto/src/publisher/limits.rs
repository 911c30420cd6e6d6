//! What strangers are granted, and what not (SPEC X2).

use super::prefixes::Prefixes;
use super::{Event, Publisher};
use crate::wire::{Hello, Refusal, ToSubscriber};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// So many a second, with one second's worth of them at once at most.
#[derive(Debug)]
pub(super) struct Rate {
    each: Duration,
    /// By when all that was granted so far is used up at that rate.
    spent_until: Option<Instant>,
}

impl Rate {
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            each: SECOND / per_second.max(1),
            spent_until: None,
        }
    }

    /// Grants one more, if the rate allows.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let from = self.spent_until.map_or(now, |until| until.max(now));
        let until = from + self.each;
        let granted = until <= now + SECOND;
        if granted {
            self.spent_until = Some(until);
        }
        granted
    }
}

impl Publisher {
    /// Why a HELLO can't be granted; `prefixes` is what it asks for.
    pub(super) fn refusal(
        &mut self,
        now: Instant,
        hello: &Hello,
        prefixes: &Prefixes,
    ) -> Option<ToSubscriber> {
        let holder = self.members.holder_of(&hello.name);
        // SPEC M8: a durable name may come back to a close, for what it is owed.
        if self.closing.is_some() && self.claim_of(&hello.name).is_none() {
            self.counters.refused += 1;
            return Some(ToSubscriber::Closing);
        }
        let why = self.reason_against(now, holder, prefixes)?;
        self.counters.refused += 1;
        self.counters.busy += u64::from(why == Refusal::Busy);
        let name = hello.name.clone();
        self.events.push_back(Event::Refused { name, why });
        Some(ToSubscriber::Refused { change: 0, why })
    }

    fn reason_against(
        &mut self,
        now: Instant,
        holder: Option<u64>,
        prefixes: &Prefixes,
    ) -> Option<Refusal> {
        let config = &self.config;
        let most = config.max_member_topics as usize;
        if prefixes.len() > config.max_prefixes as usize {
            return Some(Refusal::TooManyPrefixes);
        }
        let widest = prefixes.widest().iter();
        let matching = widest.flat_map(|prefix| self.topics.matching(prefix));
        if matching.take(most.saturating_add(1)).count() > most {
            return Some(Refusal::TooManyTopics);
        }
        // Who takes a namesake's place makes no more members.
        let members = self.members.joined() + self.members.candidates();
        if holder.is_none() && members >= config.max_members as usize {
            return Some(Refusal::TooManyMembers);
        }
        let candidates = config.max_candidates as usize;
        if self.members.candidates() >= candidates || !self.hellos.take(now) {
            return Some(Refusal::Busy);
        }
        None
    }

    /// The topics that a set of prefixes matches.
    pub(super) fn matching(&self, prefixes: &Prefixes) -> Vec<u32> {
        let widest = prefixes.widest().iter();
        let mut numbers: Vec<u32> = widest
            .flat_map(|prefix| self.topics.matching(prefix))
            .collect();
        numbers.sort_unstable();
        numbers
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "a moment can't be made up, and any will do"
)]
mod tests {
    use super::*;

    #[test]
    fn one_seconds_worth_comes_at_once_and_the_rest_at_the_rate() {
        let start = Instant::now();
        let mut rate = Rate::new(4);
        let granted = |rate: &mut Rate, now| (0..100).filter(|_| rate.take(now)).count();
        assert_eq!(granted(&mut rate, start), 4);
        assert_eq!(granted(&mut rate, start + Duration::from_millis(249)), 0);
        assert_eq!(granted(&mut rate, start + Duration::from_millis(250)), 1);
        assert_eq!(granted(&mut rate, start + Duration::from_millis(800)), 2);
        assert_eq!(granted(&mut rate, start + Duration::from_secs(100)), 4);
        assert_eq!(granted(&mut rate, start), 0, "the clock went back");
    }

    #[test]
    fn the_highest_rate_is_no_limit_of_its_own() {
        let start = Instant::now();
        let mut rate = Rate::new(1_000_000);
        assert!((0..1_000_000).all(|_| rate.take(start)));
        assert!(!rate.take(start));
    }
}
