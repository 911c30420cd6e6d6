//! The part of a report about one phase.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::listed::Begun;
use super::member::MemberReport;

/// What happened in one phase.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PhaseReport {
    phase: Cow<'static, str>,
    started: Duration,
    took: Duration,
    cap: Duration,
    ends_by: Duration,
    after: Vec<Cow<'static, str>>,
    forced: bool,
    members: Vec<MemberReport>,
    failed_before: Vec<MemberReport>,
    omitted: usize,
}

impl PhaseReport {
    pub(super) fn new(begun: &Begun, armed: Instant) -> Self {
        let Begun {
            rooms,
            after,
            course,
        } = begun;
        let start = course.window.start;
        let mut omitted = 0;
        let (mut before, mut during) = (Vec::new(), Vec::new());
        for room in rooms {
            let (ended, more) = room.ended();
            omitted += more;
            for member in ended {
                match member.at < armed {
                    false => during.push(member),
                    true if member.outcome.is_failure() => before.push(member),
                    // Of a part that stops: it was done before the whole began to.
                    true => {}
                }
            }
        }
        during.sort_by_key(|member| member.sequence);
        let report = |member| MemberReport::new(member, start, armed, course.granted);
        Self {
            phase: Cow::Borrowed(rooms.first().map_or("", |room| room.phase().name())),
            started: start.saturating_duration_since(armed),
            took: course
                .ended
                .unwrap_or(start)
                .saturating_duration_since(start),
            cap: course.granted,
            ends_by: course.window.end.saturating_duration_since(armed),
            after: after
                .iter()
                .map(|phase| Cow::Borrowed(phase.name()))
                .collect(),
            forced: course.forced,
            members: during.into_iter().map(report).collect(),
            failed_before: before.into_iter().map(report).collect(),
            omitted,
        }
    }

    /// The name of the phase.
    #[must_use]
    pub fn phase(&self) -> &str {
        &self.phase
    }

    /// When it began, from the trigger.
    #[must_use]
    pub fn started(&self) -> Duration {
        self.started
    }

    /// How long it lasted.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }

    /// What it might have taken: its cap, or what was left of the budget when it began.
    #[must_use]
    pub fn cap(&self) -> Duration {
        self.cap
    }

    /// When it was to end at the latest, from the trigger.
    #[must_use]
    pub fn ends_by(&self) -> Duration {
        self.ends_by
    }

    /// The phases that it began after.
    pub fn after(&self) -> impl Iterator<Item = &str> {
        self.after.iter().map(|phase| &**phase)
    }

    /// Whether its members had to be forced.
    #[must_use]
    pub fn is_forced(&self) -> bool {
        self.forced
    }

    /// Its members, in the order of registration.
    #[must_use]
    pub fn members(&self) -> &[MemberReport] {
        &self.members
    }

    /// Members that failed or panicked before the shutdown began; about 1,000 are kept.
    #[must_use]
    pub fn failed_before(&self) -> &[MemberReport] {
        &self.failed_before
    }

    /// How many more than those failed.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }
}
