//! What the docs claim of every course, checked on what the machine says and on nothing else.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::shape::{Limited, Limits};
use crate::budget::{LONGEST, Window};
use crate::machine::{Action, Event, Machine};
use crate::reason::Reason;
use crate::stage::Stage;

/// How long at least a phase may go on after a second signal.
const GRACE: Duration = Duration::from_millis(200);

/// Reasons beyond this many are not kept.
const KEPT: usize = 32;

#[derive(Clone, Debug)]
enum Course {
    Waiting,
    Running { window: Window, told: u8 },
    Ended,
}

/// Who has seen the whole course, and has been told nothing else.
pub(super) struct Claims {
    limited: Limited,
    courses: Vec<Course>,
    stage: Stage,
    reasons: Vec<Reason>,
    hard: Option<Instant>,
    signals: usize,
    finished: bool,
    /// Every step so far came when it was due, or before.
    in_time: bool,
}

impl Claims {
    pub(super) fn new(limited: Limited) -> Self {
        Self {
            courses: vec![Course::Waiting; limited.phases.len()],
            limited,
            stage: Stage::Running,
            reasons: Vec::new(),
            hard: None,
            signals: 0,
            finished: false,
            in_time: true,
        }
    }

    /// Before a step: whether it comes in time.
    pub(super) fn comes(&mut self, now: Instant, due: Option<Instant>, event: &Event) {
        self.in_time &= due.is_none_or(|due| now <= due);
        if let Event::Trigger { reason, armed } = event {
            if self.hard.is_none() {
                self.hard = Some(*armed + self.limited.budget);
                self.in_time &= *armed == now;
            } else if matches!(reason, Reason::Signal(_)) && !self.finished {
                self.signals += 1;
            }
        }
    }

    /// After it.
    pub(super) fn check(
        &mut self,
        now: Instant,
        event: &Event,
        actions: &[Action],
        machine: &Machine,
    ) -> Result<(), TestCaseError> {
        prop_assert!(!self.finished || actions.is_empty(), "after the last");
        for (place, action) in actions.iter().enumerate() {
            match *action {
                Action::Armed => {
                    prop_assert_eq!((place, self.stage), (0, Stage::Running));
                    let is_trigger = matches!(event, Event::Trigger { .. });
                    prop_assert!(is_trigger, "armed by nobody");
                }
                Action::Begin { phase, window } => self.begins(now, phase, window)?,
                Action::Extend { phase, window } => self.extends(event, phase, window)?,
                Action::Force { phase, window } => {
                    self.tells(phase, 0, 1)?;
                    // Not before its time, nor without a word from outside.
                    prop_assert!(now >= window.force || self.signals > 0 || self.is_past(now));
                }
                Action::Abort { phase } => self.tells(phase, 1, 2)?,
                Action::End { phase } => self.ends(now, phase)?,
                Action::Progress { phase } => {
                    let runs = matches!(self.courses[phase], Course::Running { .. });
                    prop_assert!(runs, "progress where nothing runs");
                }
                Action::Exit { .. } => prop_assert!(self.signals > 1),
                Action::Finish => {
                    prop_assert!(!self.finished, "finished twice");
                    prop_assert_eq!(place + 1, actions.len(), "it comes last");
                    let has_ended = |course: &Course| matches!(course, Course::Ended);
                    prop_assert!(self.courses.iter().all(has_ended));
                    prop_assert!(!self.in_time || Some(now) <= self.hard, "hard was passed");
                    self.finished = true;
                }
            }
        }
        let exits = actions
            .iter()
            .filter(|it| matches!(it, Action::Exit { .. }));
        let is_third = self.signals > 1
            && matches!(
                event,
                Event::Trigger {
                    reason: Reason::Signal(_),
                    ..
                }
            );
        prop_assert!(exits.count() == usize::from(is_third) || actions.is_empty());
        self.hears_of_reasons(event, machine.reasons())?;
        prop_assert!(machine.stage() >= self.stage, "the stage went back");
        prop_assert_eq!(machine.stage() == Stage::Exit, self.signals > 1);
        prop_assert!(self.signals == 0 || machine.stage() >= Stage::Forced);
        prop_assert_eq!(machine.is_ended(), self.finished);
        self.stage = machine.stage();
        Ok(())
    }

    fn is_past(&self, now: Instant) -> bool {
        self.hard.is_some_and(|hard| now >= hard)
    }

    /// The last moment at which this phase may end.
    fn latest(&self, limits: &Limits) -> Instant {
        self.hard.unwrap() - limits.kept
    }

    fn begins(&mut self, now: Instant, phase: usize, window: Window) -> Result<(), TestCaseError> {
        let limits = &self.limited.phases[phase];
        prop_assert!(
            matches!(self.courses[phase], Course::Waiting),
            "begun twice"
        );
        for &earlier in &limits.after {
            prop_assert!(
                matches!(self.courses[earlier], Course::Ended),
                "begun too early"
            );
        }
        let Window {
            start,
            force,
            abort,
            end,
        } = window;
        prop_assert!(start == now && start <= force && force <= abort && abort <= end);
        let length = end - start;
        prop_assert!(length <= limits.cap);
        let latest = self.latest(limits);
        prop_assert!(
            end <= latest || length.is_zero(),
            "beyond the reserves after it"
        );
        if self.signals > 1 {
            prop_assert!(length.is_zero(), "the rest is given up");
        } else if self.signals > 0 {
            prop_assert!(length <= limits.reserve.max(GRACE), "more than its reserve");
            prop_assert!(force == start || !limits.reserve.is_zero());
        } else if length < limits.cap && latest >= now {
            // What others have left is there for it.
            prop_assert_eq!(end, latest, "unused time was lost");
        }
        if self.in_time && self.signals < 2 {
            prop_assert!(length >= limits.reserve, "starved of its reserve");
        }
        if self.signals == 0 {
            prop_assert!(end - force <= length / 10 && end - force <= GRACE);
        }
        self.courses[phase] = Course::Running { window, told: 0 };
        Ok(())
    }

    fn extends(
        &mut self,
        event: &Event,
        phase: usize,
        window: Window,
    ) -> Result<(), TestCaseError> {
        let limits = &self.limited.phases[phase];
        let latest = self.latest(limits);
        let Event::Advanced { phase: who, at } = *event else {
            return Err(TestCaseError::fail("extended for nothing"));
        };
        let Course::Running { window: was, told } = self.courses[phase].clone() else {
            return Err(TestCaseError::fail("extended, but does not run"));
        };
        prop_assert!(who == phase && told == 0 && self.signals == 0);
        prop_assert!(window.start == was.start && window.end > was.end && window.end <= latest);
        prop_assert_eq!(window.end - window.force, was.end - was.force);
        prop_assert_eq!(window.end - window.abort, was.end - was.abort);
        prop_assert!(window.end == latest || window.end == at + limits.patience.min(LONGEST));
        self.courses[phase] = Course::Running { window, told };
        Ok(())
    }

    fn tells(&mut self, phase: usize, before: u8, after: u8) -> Result<(), TestCaseError> {
        let Course::Running { told, .. } = &mut self.courses[phase] else {
            return Err(TestCaseError::fail("told, but does not run"));
        };
        prop_assert_eq!(*told, before, "out of order");
        *told = after;
        Ok(())
    }

    fn ends(&mut self, now: Instant, phase: usize) -> Result<(), TestCaseError> {
        prop_assert!(
            matches!(self.courses[phase], Course::Running { .. }),
            "ended twice"
        );
        if self.in_time {
            let latest = self.latest(&self.limited.phases[phase]);
            prop_assert!(
                now <= latest,
                "a phase ended so late that others lack their reserve"
            );
        }
        self.courses[phase] = Course::Ended;
        Ok(())
    }

    /// The first is kept for ever, the rest up to the limit.
    fn hears_of_reasons(&mut self, event: &Event, kept: &[Reason]) -> Result<(), TestCaseError> {
        if let Event::Trigger { reason, .. } = event {
            let was_over = self.finished && kept.len() == self.reasons.len();
            if self.reasons.len() < KEPT && !was_over {
                self.reasons.push(reason.clone());
            }
        }
        prop_assert_eq!(kept, &self.reasons[..]);
        Ok(())
    }

    pub(super) fn is_in_time(&self) -> bool {
        self.in_time
    }
}
