//! What happened, to whom, where and how long.

mod display;
mod listed;
mod member;
mod phase;
#[cfg(feature = "serde")]
mod saved;

use std::fmt;
use std::process::{ExitCode, Termination};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use member::MemberReport;
pub use phase::PhaseReport;

use self::listed::{Begun, Listed};
use crate::exit::{self, ExitCodeOf};
use crate::machine::Machine;
use crate::outcome::Marks;
use crate::reason::Reason;
use crate::room::{Room, Wait};
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
#[derive(Clone)]
#[must_use = "a report may say that the stop was not complete"]
pub struct Report {
    body: Arc<Body>,
    exit_code: u8,
}

/// What all clones share.
struct Body {
    reason: Reason,
    later_reasons: Vec<Reason>,
    stage: Stage,
    budget: Duration,
    took: Duration,
    marks: Marks,
    phases: Listed,
}

impl Report {
    pub(crate) fn new(
        machine: &Machine,
        rooms: impl Fn(usize) -> Vec<Arc<Room>>,
        armed: Instant,
        now: Instant,
        wait: Wait,
    ) -> Self {
        let mut reasons = machine.reasons().iter().cloned();
        let begun = (0..machine.plan().phases().len()).filter_map(|index| {
            Some(Begun {
                rooms: rooms(index),
                after: machine.plan().before(index).collect(),
                course: *machine.course(index)?,
            })
        });
        let phases = Listed::later(begun.collect(), armed);
        let body = Body {
            reason: reasons.next().unwrap_or(Reason::Request),
            later_reasons: reasons.collect(),
            stage: machine.stage(),
            budget: machine.plan().budget(),
            took: now.saturating_duration_since(armed),
            marks: phases.marks(wait),
            phases,
        };
        Self {
            exit_code: body.code_by_table(),
            body: Arc::new(body),
        }
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
        &self.body.reason
    }

    /// Reasons that came while it ran, in their order; 31 at most.
    #[must_use]
    pub fn later_reasons(&self) -> &[Reason] {
        &self.body.later_reasons
    }

    /// The highest stage that was reached.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.body.stage
    }

    /// The budget of the whole.
    #[must_use]
    pub fn budget(&self) -> Duration {
        self.body.budget
    }

    /// From the trigger to the end of the last phase.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.body.took
    }

    /// The phases, in their order.
    #[must_use]
    pub fn phases(&self) -> &[PhaseReport] {
        self.body.phases.get()
    }

    /// The members of all phases that were there when the shutdown began, or came later.
    pub fn members(&self) -> impl Iterator<Item = &MemberReport> {
        self.phases().iter().flat_map(PhaseReport::members)
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
        !self.body.reason.is_failure() && self.body.marks.is_clean()
    }

    /// The exit code: see the table in [`exit`](crate::exit), unless the application
    /// [has its own](crate::Builder::exit_code).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// Someone may be running yet, or something that an aborted task had begun.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.body.marks.incomplete
    }
}

impl Body {
    fn code_by_table(&self) -> u8 {
        let mut later = self.later_reasons.iter().rev();
        let last_signal = later.find_map(|reason| match reason {
            Reason::Signal(number) => Some(*number),
            _ => None,
        });
        match last_signal {
            Some(signal) if self.stage == Stage::Exit => exit::by_signal(signal),
            _ if self.marks.incomplete => exit::INCOMPLETE,
            _ if self.marks.failed || self.reason.is_failure() => exit::FAILED,
            _ => exit::COMPLETE,
        }
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("reason", self.reason())
            .field("later_reasons", &self.later_reasons())
            .field("stage", &self.stage())
            .field("budget", &self.budget())
            .field("took", &self.took())
            .field("exit_code", &self.exit_code())
            .field("phases", &self.phases())
            .finish()
    }
}

impl Termination for Report {
    fn report(self) -> ExitCode {
        ExitCode::from(self.exit_code())
    }
}
