//! The course of a shutdown as a state machine: no clock, no threads, no locks.
//!
//! Whoever drives it calls [`Machine::step`] for each event and when [`Machine::next_wake`] comes,
//! and carries out the actions in their order. `now` must not go back.

mod action;
mod event;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub(crate) use action::Action;
pub(crate) use event::Event;

use crate::budget::{Window, window};
use crate::plan::Plan;
use crate::reason::Reason;
use crate::stage::Stage;

/// How often [`Action::Progress`] comes while draining.
pub(crate) const PROGRESS: Duration = Duration::from_secs(2);

/// Reasons beyond this many are not kept: a stuck key must not fill the memory.
const REASONS_KEPT: usize = 32;

#[derive(Debug)]
pub(crate) struct Machine {
    plan: Plan,
    state: State,
    stage: Stage,
    /// A second signal came: what is left gets its reserves, no more.
    hurried: bool,
    reasons: Vec<Reason>,
    hard: Option<Instant>,
    next_progress: Option<Instant>,
    courses: Vec<Course>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Phase {
        index: usize,
        step: Step,
        emptied: bool,
    },
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Open,
    Forced,
    Aborted,
}

/// What became of one phase.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) window: Window,
    /// What it was granted when it began; a second signal shortens the window, not this.
    pub(crate) granted: Duration,
    pub(crate) forced: bool,
    pub(crate) ended: Option<Instant>,
}

impl Machine {
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            plan,
            state: State::Running,
            stage: Stage::Running,
            hurried: false,
            reasons: Vec::new(),
            hard: None,
            next_progress: None,
            courses: Vec::new(),
        }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    pub(crate) fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The phases that have begun, in order.
    pub(crate) fn courses(&self) -> &[Course] {
        &self.courses
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// When the next [`Event::Tick`] is due, if any.
    pub(crate) fn next_wake(&self) -> Option<Instant> {
        let State::Phase {
            index,
            step,
            emptied,
        } = self.state
        else {
            return None;
        };
        let course = self.courses.last()?;
        let due = match step {
            _ if self.stage == Stage::Exit => course.window.start,
            Step::Open => course.window.force,
            Step::Forced => course.window.abort,
            Step::Aborted => course.window.end,
        };
        let held = emptied.then(|| course.window.start + self.plan.phases()[index].propagation());
        [Some(due), held, self.next_progress, self.hard]
            .into_iter()
            .flatten()
            .min()
    }

    /// Takes in one event at `now`, and says what is to be done.
    ///
    /// A step begins one phase at most: whoever drives it may know at once that the phase has no
    /// members, and then it must not be taken for one that had to be forced.
    pub(crate) fn step(&mut self, now: Instant, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Trigger { reason, armed } => {
                if self.trigger(now, reason, armed, &mut actions) {
                    return actions;
                }
            }
            Event::Emptied { phase } => match &mut self.state {
                State::Phase { index, emptied, .. } if *index == phase => *emptied = true,
                _ => {}
            },
            Event::Tick => {}
        }
        while self.advance(now, &mut actions) {}
        match (self.state, self.next_progress) {
            (State::Phase { index, .. }, Some(next)) if now >= next => {
                self.next_progress = Some(now + PROGRESS);
                // What else happened tells enough.
                if actions.is_empty() {
                    actions.push(Action::Progress { phase: index });
                }
            }
            _ => {}
        }
        actions
    }

    /// `true` if it began the shutdown.
    fn trigger(
        &mut self,
        now: Instant,
        reason: Reason,
        armed: Instant,
        actions: &mut Vec<Action>,
    ) -> bool {
        if self.is_ended() {
            return false;
        }
        let escalates = matches!(reason, Reason::Signal(_)) && self.state != State::Running;
        let signal = if let Reason::Signal(number) = reason {
            number
        } else {
            0
        };
        if self.reasons.len() < REASONS_KEPT {
            self.reasons.push(reason);
        }
        if self.state == State::Running {
            self.hard = Some(armed + self.plan.budget());
            self.stage = Stage::Draining;
            self.next_progress = Some(now + PROGRESS);
            actions.push(Action::Armed);
            self.begin(0, now, actions);
            return true;
        }
        if escalates && !self.hurried {
            self.hurried = true;
            self.stage = Stage::Forced;
            if let (State::Phase { index, .. }, Some(course)) =
                (self.state, self.courses.last_mut())
            {
                course.window = course
                    .window
                    .hurried(now, self.plan.phases()[index].reserve());
            }
        } else if escalates {
            self.stage = Stage::Exit;
            actions.push(Action::Exit { signal });
        }
        false
    }

    /// Moves on within a phase, if that is due; `true` if there may be more to do.
    fn advance(&mut self, now: Instant, actions: &mut Vec<Action>) -> bool {
        let State::Phase {
            index,
            step,
            emptied,
        } = self.state
        else {
            return false;
        };
        let Some(course) = self.courses.last_mut() else {
            return false;
        };
        let over = self.stage == Stage::Exit || self.hard.is_some_and(|hard| now >= hard);
        let window = course.window;
        let held = window.start + self.plan.phases()[index].propagation();
        if emptied && (over || self.hurried || now >= held) {
            return self.end(index, now, actions);
        }
        match step {
            Step::Open if over || now >= window.force => {
                course.forced = true;
                self.stage = self.stage.max(Stage::Forced);
                actions.push(Action::Force {
                    phase: index,
                    window,
                });
                self.state = State::Phase {
                    index,
                    step: Step::Forced,
                    emptied,
                };
                true
            }
            Step::Forced if over || now >= window.abort => {
                actions.push(Action::Abort { phase: index });
                self.state = State::Phase {
                    index,
                    step: Step::Aborted,
                    emptied,
                };
                true
            }
            Step::Aborted if over || now >= window.end => self.end(index, now, actions),
            _ => false,
        }
    }

    /// Always `false`: see [`step`](Self::step).
    fn end(&mut self, index: usize, now: Instant, actions: &mut Vec<Action>) -> bool {
        if let Some(course) = self.courses.last_mut() {
            course.ended = Some(now);
        }
        actions.push(Action::End { phase: index });
        if index + 1 < self.plan.phases().len() {
            self.begin(index + 1, now, actions);
        } else {
            self.state = State::Ended;
            self.next_progress = None;
            actions.push(Action::Finish);
        }
        false
    }

    fn begin(&mut self, index: usize, now: Instant, actions: &mut Vec<Action>) {
        // Past hard, or at the third signal, the rest begins only to end: an empty window.
        let hard = if self.stage == Stage::Exit {
            now
        } else {
            self.hard.unwrap_or(now)
        };
        let window = window(&self.plan.phases()[index], now, hard, self.hurried);
        self.courses.push(Course {
            window,
            granted: window.length(),
            forced: false,
            ended: None,
        });
        self.state = State::Phase {
            index,
            step: Step::Open,
            emptied: false,
        };
        actions.push(Action::Begin {
            phase: index,
            window,
        });
    }
}
