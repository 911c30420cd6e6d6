//! What happened, to whom, where and how long.

mod display;
mod member;
mod phase;

use std::process::{ExitCode, Termination};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use member::MemberReport;
pub use phase::PhaseReport;

use crate::exit::{self, ExitCodeOf};
use crate::machine::Machine;
use crate::outcome::Outcome;
use crate::reason::Reason;
use crate::room::Room;
use crate::stage::Stage;

/// What happened in a shutdown, for each phase and each member.
///
/// It displays as a few lines for a log, and as the result of `main` it picks the
/// [exit code](crate::exit). A deadline that was passed is never reported as success.
///
/// # Examples
///
/// ```no_run
/// use linger_coordinator::{Coordinator, Report};
///
/// fn main() -> Result<Report, Box<dyn std::error::Error>> {
///     let stop = Coordinator::builder().on_signals().owns_process().start()?;
///     let report = stop.wait_blocking();
///     eprint!("{report}");
///     Ok(report)
/// }
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use = "a report may say that the stop was not complete"]
pub struct Report {
    reason: Reason,
    later_reasons: Vec<Reason>,
    stage: Stage,
    budget: Duration,
    took: Duration,
    exit_code: u8,
    phases: Vec<PhaseReport>,
}

impl Report {
    pub(crate) fn new(
        machine: &Machine,
        rooms: impl Fn(usize) -> Vec<Arc<Room>>,
        armed: Instant,
        now: Instant,
    ) -> Self {
        let mut reasons = machine.reasons().iter().cloned();
        let mut report = Self {
            reason: reasons.next().unwrap_or(Reason::Request),
            later_reasons: reasons.collect(),
            stage: machine.stage(),
            budget: machine.plan().budget(),
            took: now.saturating_duration_since(armed),
            exit_code: exit::COMPLETE,
            phases: (0..machine.plan().phases().len())
                .filter_map(|index| {
                    let after = machine.plan().before(index);
                    let course = machine.course(index)?;
                    Some(PhaseReport::new(&rooms(index), after, course, armed))
                })
                .collect(),
        };
        report.exit_code = report.code_by_table();
        report
    }

    /// Lets the application have another exit code.
    pub(crate) fn with_exit_code(mut self, code: Option<&ExitCodeOf>) -> Self {
        if let Some(code) = code.and_then(|code| code.of(&self)) {
            self.exit_code = code;
        }
        self
    }

    /// Why the shutdown began.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Reasons that came while it ran, in their order; 31 at most.
    #[must_use]
    pub fn later_reasons(&self) -> &[Reason] {
        &self.later_reasons
    }

    /// The highest stage that was reached.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The budget of the whole.
    #[must_use]
    pub fn budget(&self) -> Duration {
        self.budget
    }

    /// From the trigger to the end of the last phase.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }

    /// The phases, in their order.
    #[must_use]
    pub fn phases(&self) -> &[PhaseReport] {
        &self.phases
    }

    /// The members of all phases that were there when the shutdown began, or came later.
    pub fn members(&self) -> impl Iterator<Item = &MemberReport> {
        self.phases.iter().flat_map(PhaseReport::members)
    }

    /// The member of that name, the first if several phases have one.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&MemberReport> {
        self.members().find(|member| member.name() == name)
    }

    /// Members that were done, but took over 80 % of their phase's time.
    pub fn near_misses(&self) -> impl Iterator<Item = &MemberReport> {
        self.members().filter(|member| member.is_near_miss())
    }

    /// Whether every member was done in time, and no failure was the reason.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        !self.reason.is_failure() && self.members().all(|member| member.outcome().is_done())
    }

    /// The exit code: see the table in [`exit`](crate::exit), unless the application
    /// [has its own](crate::Builder::exit_code).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.exit_code
    }

    fn code_by_table(&self) -> u8 {
        let last_signal = self
            .later_reasons
            .iter()
            .rev()
            .find_map(|reason| match reason {
                Reason::Signal(number) => Some(*number),
                _ => None,
            });
        let failed =
            self.reason.is_failure() || self.members().any(|member| member.outcome().is_failure());
        match last_signal {
            Some(signal) if self.stage == Stage::Exit => exit::by_signal(signal),
            _ if self
                .members()
                .any(|member| member.outcome().is_incomplete()) =>
            {
                exit::INCOMPLETE
            }
            _ if failed => exit::FAILED,
            _ => exit::COMPLETE,
        }
    }

    /// Someone may be running yet.
    pub(crate) fn has_abandoned(&self) -> bool {
        self.members()
            .any(|member| *member.outcome() == Outcome::Abandoned)
    }
}

impl Termination for Report {
    fn report(self) -> ExitCode {
        ExitCode::from(self.exit_code())
    }
}
