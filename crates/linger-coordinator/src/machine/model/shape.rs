//! Random phases: what each may take, and what it begins after.

use std::time::Duration;

use proptest::prelude::*;

use crate::budget::LONGEST;
use crate::builder::BuildError;
use crate::phase::Phase;
use crate::phases::{PhaseSpec, Phases};
use crate::plan::Plan;

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// A length of time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Span {
    Nanos(u64),
    /// A thousandth part of the budget, so many times.
    Share(u64),
    Forever,
}

impl Span {
    pub(super) fn of(self, budget: Duration) -> Duration {
        match self {
            Self::Nanos(nanos) => Duration::from_nanos(nanos),
            Self::Share(part) => {
                let nanos = budget.min(LONGEST).as_nanos() * u128::from(part) / 1000;
                Duration::from_nanos(u64::try_from(nanos).unwrap())
            }
            Self::Forever => Duration::MAX,
        }
    }
}

/// Nothing, less than a millisecond, more, for ever.
pub(super) fn span() -> impl Strategy<Value = Span> {
    prop_oneof![
        3 => Just(Span::Nanos(0)),
        1 => (1..1_000_000_u64).prop_map(Span::Nanos),
        2 => (1..5_000_u64).prop_map(|millis| Span::Nanos(millis * 1_000_000)),
        1 => (5..100_u64).prop_map(|seconds| Span::Nanos(seconds * 1_000_000_000)),
        6 => (0..=1200_u64).prop_map(Span::Share),
        1 => Just(Span::Forever),
    ]
}

fn seldom(span: impl Strategy<Value = Span>) -> impl Strategy<Value = Span> {
    prop_oneof![2 => Just(Span::Nanos(0)), 1 => span]
}

/// One phase, as it is asked for.
#[derive(Clone, Debug)]
struct Asked {
    cap: Option<Span>,
    reserve: Span,
    propagation: Span,
    patience: Span,
    /// Among the phases of lower number, those whose bit is set.
    after: u8,
}

fn asked() -> impl Strategy<Value = Asked> {
    let reserve = prop_oneof![
        2 => Just(Span::Nanos(0)),
        3 => (0..=300_u64).prop_map(Span::Share),
        1 => span(),
    ];
    let after = prop_oneof![any::<u8>(), (0..8_u8).prop_map(|bit| 1 << bit), Just(0)];
    let limits = (
        prop::option::of(span()),
        reserve,
        seldom(span()),
        seldom(span()),
    );
    (limits, after).prop_map(|((cap, reserve, propagation, patience), after)| Asked {
        cap,
        reserve,
        propagation,
        patience,
        after,
    })
}

/// The phases of one shutdown and its budget, as they are asked for.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    budget: Span,
    phases: Vec<Asked>,
    /// They are listed by these, smallest first.
    listed: [u8; 8],
}

pub(super) fn shape() -> impl Strategy<Value = Shape> {
    let budget = prop_oneof![
        1 => (1..1_000_000_u64).prop_map(Span::Nanos),
        2 => (1..5_000_u64).prop_map(|millis| Span::Nanos(millis * 1_000_000)),
        4 => (5..100_u64).prop_map(|seconds| Span::Nanos(seconds * 1_000_000_000)),
        1 => Just(Span::Forever),
    ];
    let phases = prop::collection::vec(asked(), 1..=NAMES.len());
    (budget, phases, any::<[u8; 8]>()).prop_map(|(budget, phases, listed)| Shape {
        budget,
        phases,
        listed,
    })
}

/// One phase, as it is to be held to.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) cap: Duration,
    pub(super) reserve: Duration,
    pub(super) propagation: Duration,
    pub(super) patience: Duration,
    pub(super) after: Vec<usize>,
    /// The reserves of those that come after it, by the way that has the most.
    pub(super) kept: Duration,
}

/// What a shutdown is to be held to, in the order of the plan.
#[derive(Clone, Debug)]
pub(super) struct Limited {
    pub(super) budget: Duration,
    pub(super) phases: Vec<Limits>,
}

impl Shape {
    /// The plan, and what it says in our own reckoning.
    ///
    /// Reserves that don't fit must be refused, and are then asked for anew, smaller.
    pub(super) fn plan(mut self) -> Result<(Plan, Limited), TestCaseError> {
        let mut limits = self.limits();
        if self.needed(&limits) > self.budget() {
            let refused = Plan::new(&self.phases(), self.budget.of(Duration::MAX));
            let refused =
                refused.map_err(|error| matches!(error, BuildError::ReservesDontFit { .. }));
            prop_assert_eq!(refused.err(), Some(true), "these don't fit");
            let share = Span::Share(1000 / self.phases.len() as u64);
            self.phases.iter_mut().for_each(|it| it.reserve = share);
            limits = self.limits();
        }
        let plan = Plan::new(&self.phases(), self.budget.of(Duration::MAX));
        let plan = plan.map_err(|error| TestCaseError::fail(format!("it fits, but: {error}")))?;
        let number = |phase: Phase| NAMES.iter().position(|name| *name == phase.name()).unwrap();
        let order: Vec<_> = plan
            .phases()
            .iter()
            .map(|row| number(row.phase()))
            .collect();
        let mut phases = Vec::new();
        for &asked in &order {
            let mut limits = limits[asked].clone();
            for earlier in &mut limits.after {
                *earlier = order.iter().position(|it| it == earlier).unwrap();
            }
            phases.push(limits);
        }
        let budget = self.budget();
        Ok((plan, Limited { budget, phases }))
    }

    fn budget(&self) -> Duration {
        self.budget.of(Duration::MAX).min(LONGEST)
    }

    fn after(&self, phase: usize) -> Vec<usize> {
        (0..phase)
            .filter(|&earlier| self.is_after(phase, earlier))
            .collect()
    }

    fn is_after(&self, phase: usize, earlier: usize) -> bool {
        self.phases[phase].after & 1 << earlier != 0
    }

    fn phases(&self) -> Phases {
        let mut phases = Phases::new();
        let mut listed: Vec<usize> = (0..self.phases.len()).collect();
        listed.sort_by_key(|number| self.listed[*number]);
        for number in listed {
            let asked = &self.phases[number];
            let after = self
                .after(number)
                .into_iter()
                .map(|it| Phase::new(NAMES[it]));
            let mut spec = PhaseSpec::from(Phase::new(NAMES[number]))
                .after(after)
                .reserve(asked.reserve.of(self.budget()))
                .propagation(asked.propagation.of(self.budget()))
                .patience(asked.patience.of(self.budget()));
            if let Some(cap) = asked.cap {
                spec = spec.cap(cap.of(self.budget()));
            }
            phases = phases.and(spec);
        }
        phases
    }

    fn limits(&self) -> Vec<Limits> {
        let budget = self.budget();
        let reserve = |asked: &Asked| {
            let cap = asked.cap.map_or(Duration::MAX, |cap| cap.of(budget));
            asked.reserve.of(budget).min(cap)
        };
        let limits = |number: usize| {
            let asked = &self.phases[number];
            Limits {
                cap: asked.cap.map_or(Duration::MAX, |cap| cap.of(budget)),
                reserve: reserve(asked),
                propagation: asked.propagation.of(budget),
                patience: asked.patience.of(budget),
                after: self.after(number),
                kept: self.kept(number, &reserve),
            }
        };
        (0..self.phases.len()).map(limits).collect()
    }

    /// Each way through those after it, one by one.
    fn kept(&self, number: usize, reserve: &impl Fn(&Asked) -> Duration) -> Duration {
        let later = (number + 1..self.phases.len()).filter(|&later| self.is_after(later, number));
        let ways = later.map(|later| {
            let rest = self.kept(later, reserve);
            reserve(&self.phases[later]).saturating_add(rest)
        });
        ways.max().unwrap_or_default()
    }

    fn needed(&self, limits: &[Limits]) -> Duration {
        let needed = limits.iter().map(|it| it.kept.saturating_add(it.reserve));
        needed.max().unwrap_or_default()
    }
}
