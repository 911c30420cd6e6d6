//! The course of a shutdown on simulated time.

use std::time::{Duration, Instant};

use super::{Action, Event, Machine, PROGRESS};
use crate::budget::GRACE;
use crate::phase::Phase;
use crate::phases::Phases;
use crate::plan::Plan;
use crate::reason::Reason;
use crate::stage::Stage;

const SECOND: Duration = Duration::from_secs(1);

struct Sim {
    machine: Machine,
    base: Instant,
    now: Instant,
}

impl Sim {
    fn new(phases: Phases, budget: Duration) -> Self {
        let machine = Machine::new(Plan::new(&phases, budget).unwrap());
        let base = Instant::now();
        Self {
            machine,
            base,
            now: base,
        }
    }

    fn signal(&mut self) -> Vec<String> {
        self.trigger(Reason::Signal(15))
    }

    fn trigger(&mut self, reason: Reason) -> Vec<String> {
        self.step(Event::Trigger {
            reason,
            armed: self.base,
        })
    }

    fn emptied(&mut self, phase: usize) -> Vec<String> {
        self.step(Event::Emptied { phase })
    }

    fn step(&mut self, event: Event) -> Vec<String> {
        self.machine
            .step(self.now, event)
            .iter()
            .map(name)
            .collect()
    }

    /// Lets time pass until the machine wants to be woken; what it does, without progress.
    fn wake(&mut self) -> Vec<String> {
        loop {
            let next = self.machine.next_wake().expect("something is due");
            self.now = self.now.max(next);
            let actions = self.step(Event::Tick);
            if actions != ["progress"] {
                return actions;
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.now - self.base
    }
}

fn name(action: &Action) -> String {
    match action {
        Action::Armed => "armed".into(),
        Action::Begin { phase, .. } => format!("begin {phase}"),
        Action::Force { phase, .. } => format!("force {phase}"),
        Action::Extend { phase, .. } => format!("extend {phase}"),
        Action::Abort { phase } => format!("abort {phase}"),
        Action::End { phase } => format!("end {phase}"),
        Action::Progress { .. } => "progress".into(),
        Action::Exit { signal } => format!("exit {signal}"),
        Action::Finish => "finish".into(),
    }
}

fn two() -> Phases {
    Phases::new().then(Phase::INTAKE).then(Phase::WORK)
}

#[test]
fn phases_run_in_order_and_end_when_they_are_empty() {
    let mut sim = Sim::new(two(), 10 * SECOND);
    assert_eq!(sim.machine.next_wake(), None);
    assert_eq!(sim.signal(), ["armed", "begin 0"]);
    assert_eq!(sim.machine.stage(), Stage::Draining);
    sim.now += SECOND;
    assert_eq!(sim.emptied(0), ["end 0", "begin 1"]);
    assert_eq!(
        sim.emptied(0),
        Vec::<String>::new(),
        "an old event has no second meaning"
    );
    assert_eq!(sim.emptied(1), ["end 1", "finish"]);
    assert_eq!(sim.machine.stage(), Stage::Draining);
    assert_eq!(sim.machine.next_wake(), None);
}

#[test]
fn a_phase_past_its_time_is_forced_aborted_and_given_up() {
    let phases = Phases::new()
        .then(Phase::INTAKE.cap(4 * SECOND))
        .then(Phase::WORK);
    let mut sim = Sim::new(phases, 10 * SECOND);
    sim.signal();
    assert_eq!(sim.wake(), ["force 0"]);
    assert_eq!(sim.elapsed(), 4 * SECOND - GRACE);
    assert_eq!(sim.wake(), ["abort 0"]);
    assert_eq!(sim.elapsed(), 4 * SECOND - GRACE / 2);
    assert_eq!(sim.wake(), ["end 0", "begin 1"]);
    assert_eq!(sim.elapsed(), 4 * SECOND);
    // The next phase is not forced for what the first did.
    assert_eq!(sim.wake(), ["force 1"]);
    assert_eq!(sim.elapsed(), 10 * SECOND - GRACE);
    assert_eq!(sim.machine.stage(), Stage::Forced);
    assert_eq!(sim.emptied(1), ["end 1", "finish"]);
}

#[test]
fn at_hard_everything_is_over_even_if_the_engine_was_held_up() {
    let mut sim = Sim::new(Phases::service(), 10 * SECOND);
    sim.trigger(Reason::Request);
    sim.now += 60 * SECOND;
    let mut actions = sim.step(Event::Tick);
    while !sim.machine.is_ended() {
        actions.extend(sim.step(Event::Tick));
    }
    // Each is begun, so that nobody waits for ever, and given up.
    let expected = [
        "force 0", "abort 0", "end 0", "begin 1", "force 1", "abort 1", "end 1", "begin 2",
        "force 2", "abort 2", "end 2", "begin 3", "force 3", "abort 3", "end 3", "finish",
    ];
    assert_eq!(actions, expected);
}

#[test]
fn a_phase_that_hangs_takes_nothing_of_later_reserves() {
    let phases = Phases::new()
        .then(Phase::WORK)
        .then(Phase::TELEMETRY.reserve(3 * SECOND));
    let mut sim = Sim::new(phases, 10 * SECOND);
    sim.signal();
    while sim.wake() != ["end 0", "begin 1"] {}
    assert_eq!(sim.elapsed(), 7 * SECOND);
    while !sim.machine.is_ended() {
        sim.wake();
    }
    assert_eq!(sim.elapsed(), 10 * SECOND);
}

#[test]
fn a_second_signal_forces_at_once_and_leaves_reserves_alone() {
    let phases = Phases::new()
        .then(Phase::INTAKE)
        .then(Phase::WORK)
        .then(Phase::TELEMETRY.reserve(2 * SECOND));
    let mut sim = Sim::new(phases, 60 * SECOND);
    sim.signal();
    sim.now += SECOND;
    assert_eq!(sim.signal(), ["force 0"]);
    assert_eq!(sim.machine.stage(), Stage::Forced);
    assert_eq!(sim.wake(), ["abort 0"]);
    assert_eq!(sim.wake(), ["end 0", "begin 1"]);
    assert_eq!(sim.elapsed(), SECOND + GRACE);
    assert_eq!(
        sim.wake(),
        ["force 1"],
        "without a reserve it is forced as it begins"
    );
    assert_eq!(sim.elapsed(), SECOND + GRACE);
    assert_eq!(sim.emptied(1), ["end 1", "begin 2"]);
    assert_eq!(sim.wake(), ["force 2"]);
    assert_eq!(
        sim.elapsed(),
        SECOND + GRACE + 2 * SECOND - GRACE,
        "a reserve is kept"
    );
    sim.wake();
    assert_eq!(sim.wake(), ["end 2", "finish"]);
}

#[test]
fn a_third_signal_exits_and_gives_up_the_rest() {
    let mut sim = Sim::new(two(), 60 * SECOND);
    sim.signal();
    sim.signal();
    let actions = sim.trigger(Reason::Signal(2));
    assert_eq!(actions, ["exit 2", "abort 0", "end 0", "begin 1"]);
    assert_eq!(sim.wake(), ["force 1", "abort 1", "end 1", "finish"]);
    assert_eq!(sim.elapsed(), Duration::ZERO);
    assert_eq!(sim.machine.stage(), Stage::Exit);
    assert_eq!(sim.signal(), Vec::<String>::new(), "over is over");
}

#[test]
fn requests_never_escalate_and_the_first_reason_stays() {
    let mut sim = Sim::new(two(), 10 * SECOND);
    sim.trigger(Reason::Request);
    for _ in 0..100 {
        assert_eq!(sim.trigger(Reason::custom("again")), Vec::<String>::new());
    }
    assert_eq!(sim.machine.stage(), Stage::Draining);
    assert_eq!(sim.machine.reasons()[0], Reason::Request);
    assert_eq!(sim.machine.reasons()[1], Reason::custom("again"));
    assert_eq!(sim.machine.reasons().len(), 32, "bounded");
    // The first signal after a request is the second wish to stop: it forces.
    assert_eq!(sim.signal(), ["force 0"]);
}

#[test]
fn the_propagation_delay_holds_an_empty_phase() {
    let phases = Phases::new()
        .then(Phase::READINESS.propagation(3 * SECOND))
        .then(Phase::WORK);
    let mut sim = Sim::new(phases.clone(), 10 * SECOND);
    sim.signal();
    assert_eq!(sim.emptied(0), Vec::<String>::new());
    assert_eq!(sim.wake(), ["end 0", "begin 1"]);
    assert_eq!(sim.elapsed(), 3 * SECOND);

    let mut sim = Sim::new(phases, 10 * SECOND);
    sim.signal();
    sim.emptied(0);
    assert_eq!(
        sim.signal(),
        ["end 0", "begin 1"],
        "a second signal cuts it short"
    );
    assert_eq!(sim.elapsed(), Duration::ZERO);
}

#[test]
fn an_empty_phase_that_is_held_to_its_end_is_not_taken_for_forced() {
    let readiness = Phase::READINESS.cap(3 * SECOND);
    let phases = Phases::new()
        .then(readiness.propagation(3 * SECOND))
        .then(Phase::WORK);
    let mut sim = Sim::new(phases, 10 * SECOND);
    sim.signal();
    sim.emptied(0);
    assert_eq!(sim.wake(), ["end 0", "begin 1"]);
    assert_eq!(sim.elapsed(), 3 * SECOND);
    assert_eq!(sim.machine.stage(), Stage::Draining);
}

#[test]
fn an_empty_phase_with_no_time_is_not_taken_for_forced() {
    let mut sim = Sim::new(
        two().then(Phase::TELEMETRY.cap(Duration::ZERO)),
        10 * SECOND,
    );
    sim.signal();
    sim.emptied(0);
    assert_eq!(sim.emptied(1), ["end 1", "begin 2"]);
    assert_eq!(sim.emptied(2), ["end 2", "finish"]);
    assert_eq!(sim.machine.stage(), Stage::Draining);
}

#[test]
fn progress_is_told_every_few_seconds() {
    let mut sim = Sim::new(two(), 60 * SECOND);
    sim.signal();
    for round in 1..=5 {
        sim.now = sim.machine.next_wake().unwrap();
        assert_eq!(sim.step(Event::Tick), ["progress"]);
        assert_eq!(sim.elapsed(), PROGRESS * round);
    }
}

#[test]
fn the_budget_runs_from_the_first_trigger_not_from_when_it_was_taken_in() {
    let mut sim = Sim::new(two(), 10 * SECOND);
    sim.now += 4 * SECOND;
    sim.signal();
    while !sim.machine.is_ended() {
        sim.wake();
    }
    assert_eq!(sim.elapsed(), 10 * SECOND);
}
