//! The machine on random courses, against a [reference](Reference) and against what the docs
//! [claim](Claims).
//!
//! 2,000 sequences of events, or `PROPTEST_CASES`; a failure is shrunk to the shortest one.

mod claims;
mod reference;
mod shape;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use self::claims::Claims;
use self::reference::{Reference, State};
use self::shape::{Shape, Span, shape, span};
use super::{Action, Event, Machine};
use crate::budget::LONGEST;
use crate::reason::Reason;

/// One thing that happens, or time that passes.
#[derive(Clone, Copy, Debug)]
enum Happens {
    /// A wish to stop, so many times; the first of all may have come a while ago.
    Asked {
        times: usize,
        ago: Span,
    },
    Signal(i32),
    /// Any phase, whether or not it runs.
    Emptied(usize),
    /// One of those that run.
    RunningEmptied(usize),
    Advanced {
        phase: usize,
        ago: Span,
    },
    /// Time in which nobody asks the machine.
    Passes(Span),
    Tick,
    /// A tick when the machine wants it, or as much later.
    Wakes {
        late: Span,
    },
}

fn happens() -> impl Strategy<Value = Happens> {
    let ago = || prop_oneof![3 => Just(Span::Nanos(0)), 1 => (0..1200_u64).prop_map(Span::Share)];
    let late = || prop_oneof![9 => Just(Span::Nanos(0)), 1 => span()];
    prop_oneof![
        2 => (prop_oneof![9 => Just(1), 1 => 1..40_usize], ago())
            .prop_map(|(times, ago)| Happens::Asked { times, ago }),
        1 => (1..32_i32).prop_map(Happens::Signal),
        1 => (0..8_usize).prop_map(Happens::Emptied),
        6 => (0..8_usize).prop_map(Happens::RunningEmptied),
        3 => ((0..8_usize), ago()).prop_map(|(phase, ago)| Happens::Advanced { phase, ago }),
        2 => (0..400_u64).prop_map(|part| Happens::Passes(Span::Share(part))),
        1 => span().prop_map(Happens::Passes),
        2 => Just(Happens::Tick),
        8 => late().prop_map(|late| Happens::Wakes { late }),
    ]
}

/// The machine, the reference, and the time.
struct World {
    machine: Machine,
    reference: Reference,
    claims: Claims,
    budget: Duration,
    now: Instant,
    /// What the last step left to be done, and when.
    due: Option<Instant>,
}

impl World {
    fn new(shape: Shape) -> Result<Self, TestCaseError> {
        let (plan, limited) = shape.plan()?;
        Ok(Self {
            machine: Machine::new(plan),
            reference: Reference::new(limited.clone()),
            budget: limited.budget,
            claims: Claims::new(limited),
            // There are times before it, too.
            now: Instant::now() + 3 * LONGEST,
            due: None,
        })
    }

    fn happens(&mut self, what: Happens) -> Result<(), TestCaseError> {
        let count = self.reference.phases().len();
        match what {
            Happens::Asked { times, ago } => {
                let armed = self.now - self.limited(ago);
                for number in 0..times {
                    let reason = [
                        Reason::Request,
                        Reason::custom(number.to_string()),
                        Reason::Dropped,
                    ];
                    let reason = reason[number % 3].clone();
                    self.step(Event::Trigger { reason, armed })?;
                }
            }
            Happens::Signal(number) => {
                let (reason, armed) = (Reason::Signal(number), self.now);
                self.step(Event::Trigger { reason, armed })?;
            }
            Happens::Emptied(phase) => {
                let phase = phase % count;
                self.step(Event::Emptied { phase })?;
            }
            Happens::RunningEmptied(which) => {
                let states = self.reference.phases();
                let running: Vec<_> = (0..count).filter(|&it| states[it].is_running()).collect();
                if !running.is_empty() {
                    let phase = running[which % running.len()];
                    self.step(Event::Emptied { phase })?;
                }
            }
            Happens::Advanced { phase, ago } => {
                let at = self.now - self.limited(ago);
                let phase = phase % count;
                self.step(Event::Advanced { phase, at })?;
            }
            Happens::Passes(span) => self.now += self.limited(span),
            Happens::Tick => drop(self.step(Event::Tick)?),
            Happens::Wakes { late } => {
                if let Some(wake) = self.machine.next_wake() {
                    self.now = self.now.max(wake) + self.limited(late);
                    self.step(Event::Tick)?;
                }
            }
        }
        Ok(())
    }

    /// A few budgets at most: time must not run out.
    fn limited(&self, span: Span) -> Duration {
        span.of(self.budget).min(2 * self.budget)
    }

    fn step(&mut self, event: Event) -> Result<Vec<Action>, TestCaseError> {
        let now = self.now;
        self.claims.comes(now, self.due, &event);
        let expected = self.reference.step(now, &event);
        self.due = self.reference.due(now);
        let actions = self.machine.step(now, event.clone());
        prop_assert_eq!(&actions, &expected, "at {:?}", event);
        self.claims.check(now, &event, &actions, &self.machine)?;
        self.compare()?;
        Ok(actions)
    }

    /// What the machine tells of itself.
    fn compare(&self) -> Result<(), TestCaseError> {
        let wake = |at: Option<Instant>| at.map(|at| at.max(self.now));
        let expected = self.reference.wake(self.now);
        prop_assert_eq!(wake(self.machine.next_wake()), wake(expected), "next_wake");
        prop_assert_eq!(self.machine.stage(), self.reference.stage());
        prop_assert_eq!(self.machine.reasons(), self.reference.reasons());
        prop_assert_eq!(self.machine.is_ended(), self.reference.is_finished());
        let mut running = Vec::new();
        for (phase, state) in self.reference.phases().iter().enumerate() {
            let course = self.machine.course(phase);
            let (run, ended) = match state {
                State::Waiting => {
                    prop_assert!(course.is_none());
                    continue;
                }
                State::Running(run) => {
                    running.push(phase);
                    (run, None)
                }
                State::Ended(run, at) => (run, Some(*at)),
            };
            let Some(course) = course else {
                return Err(TestCaseError::fail("it has begun, but has no course"));
            };
            prop_assert_eq!(course.window, run.window);
            prop_assert_eq!(course.granted, run.granted);
            prop_assert_eq!(course.forced, run.forced);
            prop_assert_eq!(course.ended, ended);
        }
        prop_assert_eq!(self.machine.running().collect::<Vec<_>>(), running);
        Ok(())
    }

    /// Drives it to its end in time, while no member ever ends.
    fn drive(&mut self) -> Result<(), TestCaseError> {
        // Each phase begins, is forced, aborted and given up, and each of that may take a tick.
        let mut ticks = 4 * self.reference.phases().len() + 1;
        while let Some(due) = self.reference.due(self.now) {
            self.now = self.now.max(due);
            let actions = self.step(Event::Tick)?;
            prop_assert!(!actions.is_empty(), "it was to be woken, and did nothing");
            prop_assert!(ticks > 0, "it does not come to its end");
            ticks -= 1;
        }
        Ok(())
    }

    /// Drives it to its end by its own clock, progress and all.
    fn drive_by_its_own_clock(&mut self) -> Result<(), TestCaseError> {
        let Some(hard) = self.reference.hard() else {
            prop_assert_eq!(self.machine.next_wake(), None, "nothing was asked of it");
            return Ok(());
        };
        let told = hard.saturating_duration_since(self.now).as_secs() / 2;
        let mut ticks = 4 * self.reference.phases().len() as u64 + told + 2;
        while let Some(wake) = self.machine.next_wake() {
            self.now = self.now.max(wake);
            self.step(Event::Tick)?;
            prop_assert!(ticks > 0, "it does not come to its end");
            ticks -= 1;
        }
        prop_assert!(self.machine.is_ended());
        Ok(())
    }
}

fn course() -> impl Strategy<Value = (Shape, Vec<Happens>)> {
    (shape(), prop::collection::vec(happens(), 0..60))
}

fn check(test: impl Fn((Shape, Vec<Happens>)) -> Result<(), TestCaseError>) {
    let mut config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 2_000;
    }
    let outcome = TestRunner::new(config).run(&course(), test);
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn the_machine_does_what_the_docs_say_on_any_course() {
    check(|(shape, course)| {
        let mut world = World::new(shape)?;
        for what in course {
            world.happens(what)?;
        }
        // Progress is told every two seconds: not for a year.
        if world.budget > Duration::from_secs(30) {
            world.drive()?;
        } else {
            world.drive_by_its_own_clock()?;
        }
        // Over is over.
        if world.machine.is_ended() {
            for what in [Happens::Signal(2), Happens::Emptied(0), Happens::Tick] {
                world.happens(what)?;
                prop_assert_eq!(world.machine.next_wake(), None);
            }
        }
        Ok(())
    });
}

#[test]
fn driven_in_time_it_ends_by_hard_whatever_members_do() {
    check(|(shape, course)| {
        let mut world = World::new(shape)?;
        world.happens(Happens::Signal(15))?;
        for what in course {
            // Nobody leaves it alone for longer than it allows.
            match what {
                Happens::Passes(span) => {
                    let until = world.now + world.limited(span);
                    while let Some(due) = world.reference.due(world.now).filter(|at| *at <= until) {
                        world.now = world.now.max(due);
                        world.step(Event::Tick)?;
                    }
                    world.now = until;
                }
                Happens::Wakes { .. } => {
                    let late = Span::Nanos(0);
                    world.happens(Happens::Wakes { late })?;
                }
                other => world.happens(other)?,
            }
        }
        world.drive()?;
        prop_assert!(world.machine.is_ended());
        prop_assert!(world.claims.is_in_time());
        Ok(())
    });
}

#[test]
fn past_hard_each_tick_ends_a_phase_at_least() {
    check(|(shape, course)| {
        let mut world = World::new(shape)?;
        world.happens(Happens::Signal(15))?;
        for what in course {
            world.happens(what)?;
        }
        // The watchdog counts on it.
        world.now = world.now.max(world.reference.hard().unwrap());
        for _ in 0..=world.reference.phases().len() {
            world.step(Event::Tick)?;
        }
        prop_assert!(world.machine.is_ended());
        Ok(())
    });
}
