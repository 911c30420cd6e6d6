//! What is to happen in one run, from its seed.

use super::kind::{Driver, Trouble};
use super::part::{Ends, Part};
use crate::child::Signal;
use crate::random::Random;
use linger::linger_coordinator::{Phase, Phases};
use std::time::Duration;

/// What begins the stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alarm {
    /// This signal.
    Signal(Signal),
    /// A thread of the process calls `shutdown`.
    Request,
    /// A member fails.
    Failure,
}

/// When a signal comes that comes early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// So long after the process was begun.
    Spawned(Duration),
    /// So long after it said that it is about to start its coordinator.
    Starting(Duration),
    /// As soon as the process does not leave it to the system what the signal does.
    Caught,
    /// So long after its coordinator was started: members register meanwhile.
    Started(Duration),
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// What it is planned from.
    pub seed: u64,
    /// Whether every core is kept busy meanwhile.
    pub is_loaded: bool,
    /// What goes wrong.
    pub trouble: Trouble,
    /// What the members run on.
    pub driver: Driver,
    /// The time for the stop.
    pub budget: Duration,
    /// Where the culprits are.
    pub phase: Phase,
    /// The most that this phase may take, if that is less than there is.
    pub cap: Option<Duration>,
    /// What the culprits do.
    pub culprits: Vec<Part>,
    /// How many others there are, who end when they are told to.
    pub others: u64,
    /// What begins the stop.
    pub alarm: Alarm,
    /// The second signal and the third, where they come.
    pub later: [Signal; 2],
    /// Whether the report is awaited in a task, on a worker.
    pub waits_on_worker: bool,
    /// Whether the runtime is left behind instead of being dropped.
    pub leaves_runtime: bool,
    /// After how many of its lines the log blocks, if it does.
    pub log_blocks_after: Option<u64>,
    /// When the first signal comes, if it is early.
    pub moment: Option<Moment>,
}

impl Plan {
    /// The plan of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let kinds = Trouble::ALL.len() as u64;
        // In turn, so that each has its share; odd and even seeds alike.
        let turn = usize::try_from(seed / 2 % kinds).unwrap_or(0);
        let trouble = Trouble::ALL[turn];
        let driver = random.pick(trouble.drivers(), Driver::Threads);
        let phase = random.pick(&[Phase::INTAKE, Phase::WORK, Phase::TELEMETRY], Phase::WORK);
        let mut plan = Self {
            seed,
            is_loaded: seed % 2 == 1,
            trouble,
            driver,
            budget: Duration::from_millis(random.between(200, 600)),
            phase,
            cap: None,
            culprits: Vec::new(),
            others: random.below(8),
            alarm: alarm(&mut random),
            later: [signal(&mut random), signal(&mut random)],
            waits_on_worker: driver == Driver::MultiThread && random.chance(50),
            leaves_runtime: driver == Driver::MultiThread && random.chance(25),
            log_blocks_after: None,
            moment: None,
        };
        plan.culprits = plan.cast(&mut random);
        if random.chance(30) {
            plan.cap = Some(plan.budget / 2);
        }
        plan.set_scene(&mut random);
        plan
    }

    fn cast(&self, random: &mut Random) -> Vec<Part> {
        let parts: Vec<Part> = self
            .trouble
            .parts()
            .iter()
            .copied()
            .filter(|part| self.driver.has_tasks() || !part.is_task())
            .filter(|part| self.trouble != Trouble::StderrFull || !part.holds_main(self.driver))
            .collect();
        let part = random.pick(&parts, Part::GuardHangs);
        match self.trouble {
            Trouble::AllWorkersBlocked => vec![part; WORKERS],
            Trouble::SignalDuringStart | Trouble::LogBlocks if random.chance(50) => Vec::new(),
            _ => vec![part],
        }
    }

    fn set_scene(&mut self, random: &mut Random) {
        let micros = |random: &mut Random| Duration::from_micros(random.below(3_000));
        match self.trouble {
            Trouble::SignalDuringStart => {
                self.others = random.between(20, 200);
                self.alarm = Alarm::Signal(signal(random));
                self.moment = Some(match random.below(4) {
                    0 => Moment::Spawned(micros(random)),
                    1 => Moment::Starting(Duration::from_micros(random.below(400))),
                    2 => Moment::Caught,
                    _ => Moment::Started(micros(random)),
                });
            }
            Trouble::TwoSignals | Trouble::ThreeSignals => {
                // So long that only the signals can be what ends it.
                self.budget = Duration::from_secs(3);
                self.cap = None;
                self.alarm = Alarm::Signal(signal(random));
                if self.culprits.iter().any(|part| part.holds_its_runtime()) {
                    self.budget = Duration::from_secs(1);
                }
            }
            Trouble::StderrFull => self.waits_on_worker = false,
            Trouble::LogBlocks => self.log_blocks_after = Some(random.below(6)),
            _ => {}
        }
    }

    /// The phases of the process.
    #[must_use]
    pub fn phases(&self) -> Phases {
        Phases::service().adjust(self.phase, |phase| {
            let phase = match self.cap {
                Some(cap) => phase.cap(cap),
                None => phase,
            };
            match self.trouble {
                // A second signal leaves it that much, for the third to come.
                Trouble::ThreeSignals => phase.reserve(self.budget / 2),
                _ => phase,
            }
        })
    }

    /// What a second signal leaves the culprits' phase: its reserve, or its time to heed it.
    #[must_use]
    pub fn left_by_a_second_signal(&self) -> Duration {
        let reserve = match self.phase {
            // What the ready-made phases have.
            Phase::TELEMETRY => self.budget / 10,
            _ => Duration::ZERO,
        };
        reserve.max(GRACE)
    }

    /// Whether stderr is a pipe that is full.
    #[must_use]
    pub fn is_stderr_full(&self) -> bool {
        self.trouble == Trouble::StderrFull
    }

    /// The signals that come after the first.
    #[must_use]
    pub fn later_signals(&self) -> &[Signal] {
        match self.trouble {
            Trouble::ThreeSignals => &self.later,
            Trouble::TwoSignals => &self.later[..1],
            _ => &[],
        }
    }

    /// How each culprit ends.
    pub fn ends(&self) -> impl Iterator<Item = Ends> {
        let is_full = self.is_stderr_full();
        self.culprits.iter().map(move |part| part.ends(is_full))
    }

    /// Whether main can never go on, so that only the watchdog can end the process.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        let mut parts = self.culprits.iter();
        let holds = |part: &Part| {
            part.holds_main(self.driver) || part.holds_its_runtime() && !self.leaves_runtime
        };
        parts.any(holds) || self.is_unheard()
    }

    /// Whether main can't even print the report.
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        let mut parts = self.culprits.iter();
        parts.any(|part| part.holds_main(self.driver))
            || self.waits_on_worker && self.trouble == Trouble::AllWorkersBlocked
    }
}

/// How long the members of a phase have to heed that they are forced.
const GRACE: Duration = Duration::from_millis(200);

/// Of the runtime with several threads.
pub(super) const WORKERS: usize = 2;

fn signal(random: &mut Random) -> Signal {
    random.pick(&[Signal::Terminate, Signal::Interrupt], Signal::Terminate)
}

fn alarm(random: &mut Random) -> Alarm {
    match random.below(4) {
        0 => Alarm::Request,
        1 => Alarm::Failure,
        _ => Alarm::Signal(signal(random)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn equal_seeds_give_equal_plans_and_each_trouble_has_its_share() {
        assert_eq!(Plan::new(7), Plan::new(7));
        let plans: Vec<Plan> = (0..30).map(Plan::new).collect();
        for trouble in Trouble::ALL {
            let of_it = plans.iter().filter(|plan| plan.trouble == trouble);
            let loads: Vec<bool> = of_it.map(|plan| plan.is_loaded).collect();
            assert_eq!(loads, [false, true], "{trouble}");
        }
    }

    #[test]
    fn every_part_is_played_and_only_where_it_can_be() {
        let mut played = BTreeSet::new();
        for plan in (0..6_000).map(Plan::new) {
            for part in &plan.culprits {
                played.insert(format!("{:?} {}", plan.trouble, plan.driver));
                assert!(plan.driver.has_tasks() || !part.is_task(), "{plan:?}");
                assert!(plan.trouble.parts().contains(part), "{plan:?}");
            }
            assert!(!(plan.is_stderr_full() && plan.is_unheard()), "{plan:?}");
        }
        let drivers = Trouble::ALL.iter().map(|trouble| trouble.drivers().len());
        assert_eq!(played.len(), drivers.sum::<usize>(), "{played:?}");
    }
}
