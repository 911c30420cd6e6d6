//! What each phase may take, worked out before anything runs.

use std::fmt;
use std::time::Duration;

use crate::budget::LONGEST;
use crate::builder::BuildError;
use crate::phase::Phase;
use crate::phases::Phases;

/// Who may take how long, printable before anything runs.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use linger_coordinator::{Coordinator, Phase, Phases};
///
/// let stop = Coordinator::builder()
///     .phases(Phases::new()
///         .then(Phase::WORK.cap(Duration::from_secs(30)))
///         .then(Phase::TELEMETRY.cap(Duration::from_secs(3)).reserve(Duration::from_secs(1))))
///     .budget(Duration::from_secs(10))
///     .start()?;
/// assert_eq!(stop.plan().to_string(), "\
/// budget 10.000 s
///   work             at most    9.000 s  (asked 30.000 s)
///   telemetry        at most    3.000 s  reserve 1.000 s
/// ");
/// # Ok::<(), linger_coordinator::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    budget: Duration,
    phases: Vec<PlannedPhase>,
}

/// One phase of a [`Plan`].
#[derive(Clone, Debug)]
pub struct PlannedPhase {
    pub(crate) phase: Phase,
    pub(crate) cap: Duration,
    pub(crate) asked: Option<Duration>,
    pub(crate) reserve: Duration,
    pub(crate) propagation: Duration,
    /// The reserves of all phases after this one.
    pub(crate) after: Duration,
}

impl Plan {
    pub(crate) fn new(phases: &Phases, budget: Duration) -> Result<Self, BuildError> {
        if budget.is_zero() {
            return Err(BuildError::ZeroBudget);
        }
        if let Some(&phase) = phases.unknown.first() {
            return Err(BuildError::UnknownPhase { phase });
        }
        if phases.list.is_empty() {
            return Err(BuildError::NoPhases);
        }
        for (index, spec) in phases.list.iter().enumerate() {
            if phases.list[..index]
                .iter()
                .any(|earlier| earlier.phase == spec.phase)
            {
                return Err(BuildError::PhaseTwice { phase: spec.phase });
            }
        }
        let budget = budget.min(LONGEST);
        let mut after = Duration::ZERO;
        let mut planned: Vec<PlannedPhase> = phases
            .list
            .iter()
            .rev()
            .map(|spec| {
                let most = spec.cap.unwrap_or(Duration::MAX);
                let row = PlannedPhase {
                    phase: spec.phase,
                    cap: most.min(budget.saturating_sub(after)),
                    asked: spec.cap,
                    reserve: spec.reserve.of(budget).min(most),
                    propagation: spec.propagation,
                    after,
                };
                after = after.saturating_add(row.reserve);
                row
            })
            .collect();
        planned.reverse();
        if after > budget {
            let reserves = planned.iter().filter(|row| !row.reserve.is_zero());
            let phases = reserves.map(|row| (row.phase, row.reserve)).collect();
            return Err(BuildError::ReservesDontFit { phases, budget });
        }
        Ok(Self {
            budget,
            phases: planned,
        })
    }

    /// The whole budget, from the trigger to the hard end.
    #[must_use]
    pub fn budget(&self) -> Duration {
        self.budget
    }

    /// The phases, in their order.
    #[must_use]
    pub fn phases(&self) -> &[PlannedPhase] {
        &self.phases
    }
}

impl PlannedPhase {
    /// The phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The most it may take, if all before it take nothing.
    #[must_use]
    pub fn cap(&self) -> Duration {
        self.cap
    }

    /// Whether the cap that was asked for is more than the budget allows.
    #[must_use]
    pub fn is_clamped(&self) -> bool {
        self.asked.is_some_and(|asked| asked > self.cap)
    }

    /// The least that is kept for it.
    #[must_use]
    pub fn reserve(&self) -> Duration {
        self.reserve
    }

    /// How long it lasts even when nothing is left to do, within its time.
    #[must_use]
    pub fn propagation(&self) -> Duration {
        self.propagation.min(self.cap)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "budget {:.3} s", self.budget.as_secs_f64())?;
        for row in &self.phases {
            write!(
                f,
                "  {:<16} at most {:>8.3} s",
                row.phase,
                row.cap.as_secs_f64()
            )?;
            if !row.reserve.is_zero() {
                write!(f, "  reserve {:.3} s", row.reserve.as_secs_f64())?;
            }
            if !row.propagation.is_zero() {
                write!(f, "  at least {:.3} s", row.propagation().as_secs_f64())?;
            }
            if let Some(asked) = row.asked.filter(|_| row.is_clamped()) {
                write!(f, "  (asked {:.3} s)", asked.as_secs_f64())?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
