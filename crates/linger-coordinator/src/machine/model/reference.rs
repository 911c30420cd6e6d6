//! What the machine has to do, once more: written from what the docs promise, not from its code.
//!
//! Where the machine moves from step to step, this works out where each phase has to be by now.

use std::time::{Duration, Instant};

use super::shape::{Limited, Limits};
use crate::budget::{LONGEST, Window};
use crate::machine::{Action, Event};
use crate::reason::Reason;
use crate::stage::Stage;

/// "The last tenth of its time, at most 200 ms."
const GRACE: Duration = Duration::from_millis(200);

/// "A line every few seconds."
const PROGRESS: Duration = Duration::from_secs(2);

pub(super) struct Reference {
    limited: Limited,
    phases: Vec<State>,
    armed: Option<Armed>,
    reasons: Vec<Reason>,
    forced: bool,
    finished: bool,
}

struct Armed {
    hard: Instant,
    /// Signals after the first trigger.
    signals: usize,
    progress: Instant,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    Waiting,
    Running(Run),
    Ended(Run, Instant),
}

#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) window: Window,
    pub(super) granted: Duration,
    pub(super) forced: bool,
    aborted: bool,
    emptied: bool,
}

impl Reference {
    pub(super) fn new(limited: Limited) -> Self {
        Self {
            phases: vec![State::Waiting; limited.phases.len()],
            limited,
            armed: None,
            reasons: Vec::new(),
            forced: false,
            finished: false,
        }
    }

    pub(super) fn step(&mut self, now: Instant, event: &Event) -> Vec<Action> {
        if self.finished {
            return Vec::new();
        }
        let mut actions: Vec<Action> = match event {
            Event::Trigger { reason, armed } => self.trigger(now, reason, *armed),
            Event::Emptied { phase } => {
                if let State::Running(run) = &mut self.phases[*phase] {
                    run.emptied = true;
                }
                None
            }
            Event::Advanced { phase, at } => self.advanced(*phase, *at),
            Event::Tick => None,
        }
        .into_iter()
        .collect();
        if self.armed.is_none() {
            return actions;
        }
        for phase in 0..self.phases.len() {
            actions.extend(self.catch_up(phase, now));
        }
        actions.extend(self.begin(now));
        if self.phases.iter().all(State::has_ended) {
            self.finished = true;
            actions.push(Action::Finish);
        }
        self.progress(now, actions)
    }

    fn trigger(&mut self, now: Instant, reason: &Reason, armed: Instant) -> Option<Action> {
        if self.reasons.len() < 32 {
            self.reasons.push(reason.clone());
        }
        let Some(first) = &mut self.armed else {
            self.armed = Some(Armed {
                hard: armed + self.limited.budget,
                signals: 0,
                progress: now + PROGRESS,
            });
            return Some(Action::Armed);
        };
        let Reason::Signal(signal) = *reason else {
            return None;
        };
        first.signals += 1;
        if first.signals > 1 {
            return Some(Action::Exit { signal });
        }
        // What runs is forced now, and has its reserve to end in.
        for (state, limits) in self.phases.iter_mut().zip(&self.limited.phases) {
            if let State::Running(run) = state {
                let end = run.window.end.min(now + limits.reserve.max(GRACE));
                run.window.end = end.max(now);
                run.window.force = run.window.force.min(now);
                let half = now + (run.window.end - now) / 2;
                run.window.abort = run.window.abort.min(half);
            }
        }
        None
    }

    fn advanced(&mut self, phase: usize, at: Instant) -> Option<Action> {
        if self.is_hurried() {
            return None;
        }
        let latest = self.hard()? - self.limited.phases[phase].kept;
        let State::Running(run) = &mut self.phases[phase] else {
            return None;
        };
        let patience = self.limited.phases[phase].patience.min(LONGEST);
        let by = latest
            .min(at + patience)
            .checked_duration_since(run.window.end)?;
        if run.forced || by.is_zero() {
            return None;
        }
        run.window.force += by;
        run.window.abort += by;
        run.window.end += by;
        run.granted = run.granted.max(run.window.end - run.window.start);
        let window = run.window;
        Some(Action::Extend { phase, window })
    }

    /// What has to have happened to a phase by now.
    fn catch_up(&mut self, phase: usize, now: Instant) -> Vec<Action> {
        let over = self.is_over(now);
        let held = self.held(phase);
        let is_hurried = self.is_hurried();
        let State::Running(run) = &mut self.phases[phase] else {
            return Vec::new();
        };
        let window = run.window;
        let mut actions = Vec::new();
        let ends = if run.emptied {
            over || is_hurried || held.is_some_and(|held| now >= held)
        } else {
            let forced = !run.forced && (over || now >= window.force);
            let aborted = !run.aborted && (over || now >= window.abort);
            run.forced |= forced;
            run.aborted |= aborted;
            self.forced |= forced;
            actions.extend(forced.then_some(Action::Force { phase, window }));
            actions.extend(aborted.then_some(Action::Abort { phase }));
            over || now >= window.end
        };
        if ends {
            actions.push(Action::End { phase });
            self.phases[phase] = State::Ended(run.clone(), now);
        }
        actions
    }

    /// All whose turn it is.
    fn begin(&mut self, now: Instant) -> Vec<Action> {
        let next: Vec<usize> = (0..self.phases.len())
            .filter(|&phase| matches!(self.phases[phase], State::Waiting))
            .filter(|&phase| {
                let mut after = self.limited.phases[phase].after.iter();
                after.all(|&earlier| self.phases[earlier].has_ended())
            })
            .collect();
        let mut actions = Vec::new();
        for phase in next {
            let window = self.window(&self.limited.phases[phase], now);
            self.phases[phase] = State::Running(Run {
                window,
                granted: window.end - window.start,
                forced: false,
                aborted: false,
                emptied: false,
            });
            actions.push(Action::Begin { phase, window });
        }
        actions
    }

    fn window(&self, limits: &Limits, now: Instant) -> Window {
        let hard = self.hard().unwrap();
        let cap = if self.is_hurried() {
            limits.cap.min(limits.reserve.max(GRACE))
        } else {
            limits.cap
        };
        let latest = if self.is_exit() {
            now
        } else {
            hard - limits.kept
        };
        // No cap reaches beyond a budget.
        let end = latest.min(now + cap.min(self.limited.budget)).max(now);
        let grace = if self.is_hurried() && limits.reserve.is_zero() {
            end - now
        } else {
            ((end - now) / 10).min(GRACE)
        };
        Window {
            start: now,
            force: end - grace,
            abort: end - grace / 2,
            end,
        }
    }

    fn progress(&mut self, now: Instant, actions: Vec<Action>) -> Vec<Action> {
        let armed = self.armed.as_mut().unwrap();
        if self.finished || now < armed.progress {
            return actions;
        }
        armed.progress = now + PROGRESS;
        if actions.is_empty() {
            let running = (0..self.phases.len()).filter(|&it| self.phases[it].is_running());
            return running.map(|phase| Action::Progress { phase }).collect();
        }
        actions
    }

    /// When something has to happen, whatever members do; progress does not count.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let hard = self.hard().filter(|_| !self.finished)?;
        let due = self.phases.iter().enumerate().filter_map(|(phase, state)| {
            let State::Running(run) = state else {
                return None;
            };
            if self.is_over(now) {
                return Some(now);
            }
            if run.emptied {
                return self.held(phase);
            }
            Some(match (run.forced, run.aborted) {
                (false, _) => run.window.force,
                (true, false) => run.window.abort,
                (true, true) => run.window.end,
            })
        });
        due.chain([hard]).min()
    }

    /// As [`due`](Self::due), or when progress is to be told.
    pub(super) fn wake(&self, now: Instant) -> Option<Instant> {
        let due = self.due(now)?;
        Some(
            self.armed
                .as_ref()
                .map_or(due, |armed| due.min(armed.progress)),
        )
    }

    /// Until when a phase lasts, though it may be empty: "it ends with the phase at the latest".
    fn held(&self, phase: usize) -> Option<Instant> {
        let State::Running(run) = &self.phases[phase] else {
            return None;
        };
        let limits = &self.limited.phases[phase];
        let most = limits
            .cap
            .min(self.limited.budget.saturating_sub(limits.kept));
        let held = run.window.start + limits.propagation.min(most);
        Some(held.min(run.window.end))
    }

    pub(super) fn phases(&self) -> &[State] {
        &self.phases
    }

    pub(super) fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    pub(super) fn is_hurried(&self) -> bool {
        self.armed.as_ref().is_some_and(|armed| armed.signals > 0)
    }

    pub(super) fn is_exit(&self) -> bool {
        self.armed.as_ref().is_some_and(|armed| armed.signals > 1)
    }

    fn is_over(&self, now: Instant) -> bool {
        self.is_exit() || self.hard().is_some_and(|hard| now >= hard)
    }

    pub(super) fn hard(&self) -> Option<Instant> {
        Some(self.armed.as_ref()?.hard)
    }

    pub(super) fn stage(&self) -> Stage {
        match &self.armed {
            None => Stage::Running,
            Some(_) if self.is_exit() => Stage::Exit,
            Some(_) if self.is_hurried() || self.forced => Stage::Forced,
            Some(_) => Stage::Draining,
        }
    }
}

impl State {
    pub(super) fn has_ended(&self) -> bool {
        matches!(self, Self::Ended(..))
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }
}
