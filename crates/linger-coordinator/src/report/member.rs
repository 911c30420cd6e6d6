//! The part of a report about one member.

use std::time::{Duration, Instant};

use crate::name::Name;
use crate::origin::Origin;
use crate::outcome::Outcome;
use crate::room::Ended;

/// What happened to one member.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MemberReport {
    name: Name,
    origin: Origin,
    outcome: Outcome,
    started: Duration,
    took: Duration,
    cap: Duration,
    note: Option<Box<str>>,
}

impl MemberReport {
    pub(crate) fn new(ended: Ended, start: Instant, armed: Instant, cap: Duration) -> Self {
        Self {
            name: ended.name,
            origin: ended.origin,
            outcome: ended.outcome,
            started: start.saturating_duration_since(armed),
            took: ended.at.saturating_duration_since(start),
            cap,
            note: ended.note,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it was registered.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// When its clock started, with its phase, from the trigger.
    #[must_use]
    pub fn started(&self) -> Duration {
        self.started
    }

    /// How long it took from there; zero if it ended before its phase began.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }

    /// What its phase might have taken.
    #[must_use]
    pub fn cap(&self) -> Duration {
        self.cap
    }

    /// What it last said of where it stands.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether it was done, but took over 80 % of its phase's time.
    #[must_use]
    pub fn is_near_miss(&self) -> bool {
        self.outcome.is_done() && self.took > self.cap / 5 * 4
    }
}
