//! What each phase may take, worked out before anything runs.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::budget::LONGEST;
use crate::builder::BuildError;
use crate::graph;
use crate::phase::Phase;
use crate::phases::Phases;
use crate::platform;

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
    platform_limit: Option<Duration>,
}

/// One phase of a [`Plan`].
#[derive(Clone, Debug)]
pub struct PlannedPhase {
    pub(crate) phase: Phase,
    pub(crate) cap: Duration,
    pub(crate) asked: Option<Duration>,
    pub(crate) reserve: Duration,
    pub(crate) propagation: Duration,
    pub(crate) patience: Duration,
    /// The phases that must have ended before it begins: all stand before it.
    pub(crate) after: Vec<usize>,
    /// What must be left when it ends: the longest way of reserves after it.
    pub(crate) tail: Duration,
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
        let specs = &phases.list;
        for (index, spec) in specs.iter().enumerate() {
            if specs[..index].iter().any(|it| it.phase == spec.phase) {
                return Err(BuildError::PhaseTwice { phase: spec.phase });
            }
        }
        let order = graph::order(specs)?;
        let budget = budget.min(LONGEST);
        let mut planned = Vec::with_capacity(order.len());
        for &place in &order {
            let spec = &specs[place];
            let mut after = graph::places(specs, spec)?;
            for earlier in &mut after {
                // It stands before this one.
                *earlier = order.iter().position(|it| it == earlier).unwrap_or(0);
            }
            let most = spec.cap.unwrap_or(Duration::MAX);
            planned.push(PlannedPhase {
                phase: spec.phase,
                cap: most,
                asked: spec.cap,
                reserve: spec.reserve.of(budget).min(most),
                propagation: spec.propagation,
                patience: spec.patience,
                after,
                tail: Duration::ZERO,
            });
        }
        let mut plan = Self {
            budget,
            phases: planned,
            platform_limit: None,
        };
        plan.thin_out();
        plan.work_out_tails();
        match plan.longest_way() {
            (needed, way) if needed > budget => Err(BuildError::ReservesDontFit {
                phases: way,
                budget,
            }),
            _ => Ok(plan),
        }
    }

    /// Leaves out of whom a phase begins after those who end before another of them begins.
    fn thin_out(&mut self) {
        let mut before: Vec<BTreeSet<usize>> = Vec::with_capacity(self.phases.len());
        for row in &mut self.phases {
            let mut known = BTreeSet::new();
            for earlier in &row.after {
                known.extend(before[*earlier].iter().copied());
            }
            // A phase may have been named twice.
            row.after.retain(|earlier| known.insert(*earlier));
            before.push(known);
        }
    }

    /// From the last phase to the first: what must be kept after each, and so what it may take.
    fn work_out_tails(&mut self) {
        for index in (0..self.phases.len()).rev() {
            let row = &mut self.phases[index];
            row.cap = row.cap.min(self.budget.saturating_sub(row.tail));
            let kept = row.tail.saturating_add(row.reserve);
            for earlier in row.after.clone() {
                let tail = &mut self.phases[earlier].tail;
                *tail = kept.max(*tail);
            }
        }
    }

    /// The phases that follow one another and keep the most: how much, and each that keeps any.
    fn longest_way(&self) -> (Duration, Vec<(Phase, Duration)>) {
        let kept = |row: &PlannedPhase| row.tail.saturating_add(row.reserve);
        let Some(first) = self.phases.iter().rev().max_by_key(|row| kept(row)) else {
            return (Duration::ZERO, Vec::new());
        };
        let mut way = vec![first];
        while let Some(&last) = way.last() {
            let index = self.phases.iter().position(|row| row.phase == last.phase);
            let follows = |row: &&PlannedPhase| index.is_some_and(|at| row.after.contains(&at));
            match self
                .phases
                .iter()
                .rev()
                .filter(follows)
                .max_by_key(|row| kept(row))
            {
                Some(next) => way.push(next),
                None => break,
            }
        }
        let keeping = way.iter().filter(|row| !row.reserve.is_zero());
        let keeping = keeping.map(|row| (row.phase, row.reserve)).collect();
        (kept(first), keeping)
    }

    /// The phases that this one begins after.
    pub(crate) fn before(&self, index: usize) -> impl Iterator<Item = Phase> {
        let after = self.phases[index].after.iter();
        after.map(|&earlier| self.phases[earlier].phase)
    }

    pub(crate) fn set_platform_limit(&mut self, limit: Option<Duration>) {
        self.platform_limit = limit;
    }

    /// How long after SIGTERM the platform's SIGKILL comes, where that is known.
    #[must_use]
    pub fn platform_limit(&self) -> Option<Duration> {
        self.platform_limit
    }

    /// Whether the budget and 1 s more fit below the platform's limit; `true` if that is not known.
    #[must_use]
    pub fn fits_platform(&self) -> bool {
        let needed = self.budget + platform::MARGIN;
        self.platform_limit.is_none_or(|limit| needed <= limit)
    }

    /// The whole budget, from the trigger to the hard end.
    #[must_use]
    pub fn budget(&self) -> Duration {
        self.budget
    }

    /// The phases, each behind those that it begins after.
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
        write!(f, "budget {:.3} s", self.budget.as_secs_f64())?;
        if let Some(limit) = self.platform_limit {
            write!(f, ", platform limit {:.3} s", limit.as_secs_f64())?;
        }
        if !self.fits_platform() {
            f.write_str(": too short, SIGKILL may come first")?;
        }
        writeln!(f)?;
        for (index, row) in self.phases.iter().enumerate() {
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
            // A list needs no arrows.
            if !row.after.iter().copied().eq(index.checked_sub(1)) {
                f.write_str(if row.after.is_empty() {
                    "  at once"
                } else {
                    "  after"
                })?;
                for (count, phase) in self.before(index).enumerate() {
                    write!(f, "{} {phase}", if count == 0 { "" } else { "," })?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
