//! The course of a shutdown as a state machine: no clock, no threads, no locks.
//!
//! Whoever drives it calls [`Machine::step`] for each event and when [`Machine::next_wake`] comes,
//! and carries out the actions in their order. `now` must not go back.

mod action;
mod event;
#[cfg(test)]
#[cfg(not(loom))]
mod model;
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
    phases: Vec<Progress>,
    stage: Stage,
    /// A second signal came: what is left gets its reserves, no more.
    hurried: bool,
    reasons: Vec<Reason>,
    /// What of the budget is left to the process to end in, after the last phase.
    leave: Duration,
    hard: Option<Instant>,
    next_progress: Option<Instant>,
    ended: bool,
}

/// How far a phase is.
#[derive(Clone, Copy, Debug)]
enum Progress {
    /// Phases that it begins after have not ended.
    Waiting,
    Running {
        course: Course,
        step: Step,
        emptied: bool,
    },
    Ended(Course),
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
    /// What it was granted when it began, or by its members' advance; a second signal shortens the
    /// window, not this.
    pub(crate) granted: Duration,
    pub(crate) forced: bool,
    pub(crate) ended: Option<Instant>,
}

impl Machine {
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            phases: vec![Progress::Waiting; plan.phases().len()],
            plan,
            stage: Stage::Running,
            hurried: false,
            reasons: Vec::new(),
            leave: Duration::ZERO,
            hard: None,
            next_progress: None,
            ended: false,
        }
    }

    /// Keeps that much of the budget for after the last phase.
    pub(crate) fn leaving(self, leave: Duration) -> Self {
        Self { leave, ..self }
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

    /// How a phase went, once it has begun.
    pub(crate) fn course(&self, index: usize) -> Option<&Course> {
        match self.phases.get(index)? {
            Progress::Waiting => None,
            Progress::Running { course, .. } | Progress::Ended(course) => Some(course),
        }
    }

    /// The phases that have begun and not ended.
    pub(crate) fn running(&self) -> impl Iterator<Item = usize> + use<> {
        let is_running = |phase: &Progress| matches!(phase, Progress::Running { .. });
        let running: Vec<bool> = self.phases.iter().map(is_running).collect();
        (0..running.len()).filter(move |&index| running[index])
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    /// When the next [`Event::Tick`] is due, if any.
    pub(crate) fn next_wake(&self) -> Option<Instant> {
        if self.ended {
            return None;
        }
        let due = self.phases.iter().enumerate().filter_map(|(index, phase)| {
            let Progress::Running {
                course,
                step,
                emptied,
            } = phase
            else {
                return None;
            };
            let window = course.window;
            if self.stage == Stage::Exit {
                return Some(window.start);
            }
            let due = match step {
                Step::Open => window.force,
                Step::Forced => window.abort,
                Step::Aborted => window.end,
            };
            Some(if *emptied {
                self.held(index, window)
            } else {
                due
            })
        });
        due.chain(self.next_progress).chain(self.hard).min()
    }

    /// Until when a phase lasts, though nothing is left to do.
    fn held(&self, index: usize, window: Window) -> Instant {
        let held = window.start + self.plan.phases()[index].propagation();
        held.min(window.end)
    }

    /// Takes in one event at `now`, and says what is to be done.
    ///
    /// A phase that begins in a step does not move on in it: whoever drives it may know at once that
    /// the phase has no members, and then it must not be taken for one that had to be forced.
    pub(crate) fn step(&mut self, now: Instant, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Trigger { reason, armed } => self.trigger(now, reason, armed, &mut actions),
            Event::Emptied { phase } => {
                if let Some(Progress::Running { emptied, .. }) = self.phases.get_mut(phase) {
                    *emptied = true;
                }
            }
            Event::Advanced { phase, at } => self.extend(phase, at, &mut actions),
            Event::Tick => {}
        }
        if self.stage == Stage::Running || self.ended {
            return actions;
        }
        for index in self.running() {
            while self.advance(index, now, &mut actions) {}
        }
        self.begin_next(now, &mut actions);
        if self.next_progress.is_some_and(|next| now >= next) {
            self.next_progress = Some(now + PROGRESS);
            // What else happened tells enough.
            if actions.is_empty() {
                actions.extend(self.running().map(|phase| Action::Progress { phase }));
            }
        }
        actions
    }

    fn trigger(&mut self, now: Instant, reason: Reason, armed: Instant, actions: &mut Vec<Action>) {
        if self.ended {
            return;
        }
        let signal = match reason {
            Reason::Signal(number) => Some(number),
            _ => None,
        };
        if self.reasons.len() < REASONS_KEPT {
            self.reasons.push(reason);
        }
        if self.stage == Stage::Running {
            self.hard = Some(armed + self.plan.budget().saturating_sub(self.leave));
            self.stage = Stage::Draining;
            self.next_progress = Some(now + PROGRESS);
            actions.push(Action::Armed);
            return;
        }
        match signal {
            None => {}
            Some(_) if !self.hurried => self.hurry(now),
            Some(signal) => {
                self.stage = Stage::Exit;
                actions.push(Action::Exit { signal });
            }
        }
    }

    /// A second signal: what runs is forced, and what comes has its reserve alone.
    fn hurry(&mut self, now: Instant) {
        self.hurried = true;
        self.stage = Stage::Forced;
        for (phase, limits) in self.phases.iter_mut().zip(self.plan.phases()) {
            if let Progress::Running { course, .. } = phase {
                course.window = course.window.hurried(now, limits.reserve());
            }
        }
    }

    /// A member has advanced: with patience, its phase may end later.
    fn extend(&mut self, index: usize, at: Instant, actions: &mut Vec<Action>) {
        let Some(hard) = self.hard.filter(|_| !self.hurried) else {
            return;
        };
        let Some(Progress::Running {
            course,
            step: Step::Open,
            ..
        }) = self.phases.get_mut(index)
        else {
            return;
        };
        let limits = &self.plan.phases()[index];
        if let Some(window) = course.window.extended(limits, at, hard) {
            course.window = window;
            course.granted = course.granted.max(window.length());
            actions.push(Action::Extend {
                phase: index,
                window,
            });
        }
    }

    /// Moves on within a phase, if that is due; `true` if there may be more to do.
    fn advance(&mut self, index: usize, now: Instant, actions: &mut Vec<Action>) -> bool {
        let Progress::Running {
            mut course,
            step,
            emptied,
        } = self.phases[index]
        else {
            return false;
        };
        let over = self.stage == Stage::Exit || self.hard.is_some_and(|hard| now >= hard);
        let window = course.window;
        let is_held = now < self.held(index, window) && !over && !self.hurried;
        // Nobody is there to be forced.
        if emptied && is_held {
            return false;
        }
        if emptied || (step == Step::Aborted && (over || now >= window.end)) {
            course.ended = Some(now);
            self.phases[index] = Progress::Ended(course);
            actions.push(Action::End { phase: index });
            return false;
        }
        let step = match step {
            Step::Open if over || now >= window.force => {
                course.forced = true;
                self.stage = self.stage.max(Stage::Forced);
                actions.push(Action::Force {
                    phase: index,
                    window,
                });
                Step::Forced
            }
            Step::Forced if over || now >= window.abort => {
                actions.push(Action::Abort { phase: index });
                Step::Aborted
            }
            _ => return false,
        };
        self.phases[index] = Progress::Running {
            course,
            step,
            emptied,
        };
        true
    }

    /// Begins the phases whose turn it is; if all have ended, that is the end.
    fn begin_next(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let has_ended = |phase: &Progress| matches!(phase, Progress::Ended(_));
        if self.phases.iter().all(has_ended) {
            self.ended = true;
            self.next_progress = None;
            actions.push(Action::Finish);
            return;
        }
        let is_next = |index: &usize| {
            let mut earlier = self.plan.phases()[*index].after.iter();
            matches!(self.phases[*index], Progress::Waiting)
                && earlier.all(|&earlier| has_ended(&self.phases[earlier]))
        };
        let next: Vec<usize> = (0..self.phases.len()).filter(is_next).collect();
        for index in next {
            self.begin(index, now, actions);
        }
    }

    fn begin(&mut self, index: usize, now: Instant, actions: &mut Vec<Action>) {
        // Past hard, or at the third signal, the rest begins only to end: an empty window.
        let hard = if self.stage == Stage::Exit {
            now
        } else {
            self.hard.unwrap_or(now)
        };
        let window = window(&self.plan.phases()[index], now, hard, self.hurried);
        self.phases[index] = Progress::Running {
            course: Course {
                window,
                granted: window.length(),
                forced: false,
                ended: None,
            },
            step: Step::Open,
            emptied: false,
        };
        actions.push(Action::Begin {
            phase: index,
            window,
        });
    }
}
