//! A publisher's report as the judge reads it: from its JSON, by nothing but its documented shape.

use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Report {
    pub(super) outcome: String,
    pub(super) counters: Counters,
    pub(super) members: Vec<Member>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Counters {
    pub(super) accepted: u64,
    pub(super) unowed: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) topics: Vec<Topic>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Topic {
    pub(super) topic: String,
    base: u64,
    last: u64,
    received: u64,
    processed: u64,
    level: String,
    gone: Vec<Range>,
    earlier: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Range {
    first: u64,
    last: u64,
}

impl Topic {
    pub(super) fn owed(&self) -> std::ops::RangeInclusive<u64> {
        self.base..=self.last
    }

    /// Whether it says that this one was acknowledged.
    pub(super) fn has_acked(&self, sequence: u64) -> bool {
        let mark = match self.level.as_str() {
            "received" => self.received,
            _ => self.processed,
        };
        sequence <= mark && !self.is_gone(sequence)
    }

    fn is_gone(&self, sequence: u64) -> bool {
        let mut gone = self.gone.iter();
        gone.any(|range| (range.first..=range.last).contains(&sequence))
    }

    /// What is wrong with it in itself, with so many messages in its topic.
    pub(super) fn objection(&self, accepted: u64) -> Option<&'static str> {
        let Self {
            base,
            last,
            received,
            processed,
            ..
        } = *self;
        let wrong = [
            (base == 0 || last + 1 < base, "no range is owed"),
            (last > accepted, "more is owed than was accepted"),
            (processed > received, "more is processed than received"),
            (received > last, "more is received than is owed"),
            (self.earlier > 0, "a period that nobody asked to end"),
        ];
        wrong.iter().find(|(is, _)| *is).map(|(_, why)| *why)
    }
}
