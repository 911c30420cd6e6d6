//! One seed's life: a phase with faults, one without in which all must heal, one in which nothing
//! happens, and a close.

use crate::faults::FaultCounts;
use crate::invariants::{
    Invariant, Violation, accounted, again, deadlines, drained, healed, wake_ups,
};
use crate::schedule::{MS, SECOND, Time, What};
use crate::trace::Trace;
use crate::world::{Habit, Life, World};
use linger_ack_proto::Quorum;
use std::time::Instant;

/// What came of one seed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The hash of all that happened.
    pub hash: u64,
    /// How much happened.
    pub events: u64,
    /// What went wrong by design.
    pub faults: FaultCounts,
    /// What went wrong otherwise.
    pub violation: Option<Violation>,
    /// What happened, if that was asked for.
    pub lines: Vec<String>,
}

/// How long nothing happens, to count who wakes.
const IDLE: Time = 2 * SECOND;

/// Lives one seed. `base` is where virtual time begins, and has no influence.
#[must_use]
pub fn live(seed: u64, base: Instant, keeps_lines: bool) -> Outcome {
    let mut world = World::new(seed, base, Trace::new(keeps_lines));
    world.suffer();
    world.recover();
    world.rest();
    world.end();
    Outcome {
        seed,
        hash: world.trace.hash(),
        events: world.trace.events(),
        faults: world.faults,
        violation: world.violation,
        lines: world.trace.into_lines(),
    }
}

impl World {
    /// Faults of every kind.
    fn suffer(&mut self) {
        for at in 0..self.publishers.len() {
            self.schedule.at(self.now, What::Produce(at));
        }
        self.schedule_fault();
        self.run_until(self.plan.fault_time);
    }

    /// No faults any more: all must heal.
    fn recover(&mut self) {
        self.heal();
        for at in 0..self.publishers.len() {
            self.publishers[at].produces = false;
        }
        let by = self.now + self.healing_time();
        self.run_until(self.now + self.reaching_time());
        self.await_or_judge(by, Invariant::Healed, healed::lacks);
    }

    /// Until everyone has said something on its youngest connection, and SUB's filters are there:
    /// END and FIN reach nobody before that, and FIN is said once.
    fn reaching_time(&self) -> Time {
        let expiry = Time::try_from(self.plan.config.expiry.as_micros()).unwrap_or(SECOND);
        expiry / 4 + 4 * (self.plan.latency + self.plan.jitter) + 50 * MS
    }

    /// Runs until nothing lacks; whatever lacks at the end of that time is a violation.
    fn await_or_judge(
        &mut self,
        by: Time,
        invariant: Invariant,
        lacks: impl Fn(&Self) -> Option<String>,
    ) {
        while self.violation.is_none() {
            let Some(what) = lacks(self) else {
                return;
            };
            if self.now >= by {
                return self.judge(invariant, Err(what));
            }
            self.run_until(self.now + 50 * MS);
        }
    }

    /// What is needed at most: the dead expire, waits that have grown run off, and what is missing
    /// is asked for, one answer after the other.
    fn healing_time(&self) -> Time {
        let config = &self.plan.config;
        let expiry = Time::try_from(config.expiry.as_micros()).unwrap_or(SECOND);
        let round = 2 * (self.plan.latency + self.plan.jitter) + 25 * MS;
        let retained = self.publishers.iter().map(|host| {
            let progress = host.machine.progress(self.instant());
            progress.outstanding
        });
        8 * SECOND + 4 * expiry + retained.max().unwrap_or(0) * round
    }

    /// Nothing is published, nothing goes wrong.
    fn rest(&mut self) {
        if self.violation.is_some() || !self.is_calm() {
            return;
        }
        self.run_until(self.now + SECOND);
        let before = self.wakes;
        self.run_until(self.now + IDLE);
        let members = self.subscribers.iter();
        let members = members.filter(|host| host.life == Life::Runs).count() as u64;
        let expiry = self.plan.config.expiry.as_micros();
        let expiry = Time::try_from(expiry).unwrap_or(SECOND);
        let result = wake_ups::idle(
            (self.publishers.len() as u64, members),
            expiry,
            IDLE,
            self.wakes - before,
        );
        if self.is_calm() {
            self.judge(Invariant::WakeUps, result);
        }
    }

    /// Nobody closes, and nobody was turned away: who was asks again and again.
    fn is_calm(&self) -> bool {
        let mut alive = self.subscribers.iter();
        let all_joined = alive.all(|host| {
            host.life != Life::Runs || host.ended.is_some() || host.machine.is_member()
        });
        all_joined && self.publishers.iter().all(|host| host.closing.is_none())
    }

    /// A little more is published, then everything closes.
    fn end(&mut self) {
        for at in 0..self.subscribers.len() {
            if self.subscribers[at].life == Life::Runs && self.rng.percent(30) {
                self.subscribers[at].habit = Habit::Hoards;
            }
        }
        for _ in 0..5 {
            for at in 0..self.publishers.len() {
                if self.violation.is_none() && self.publishers[at].life == Life::Runs {
                    self.publish_burst(at);
                }
            }
            self.run_until(self.now + 10 * MS);
        }
        let is_stormy = self.rng.percent(20);
        self.is_healed = !is_stormy;
        for at in 0..self.publishers.len() {
            if self.violation.is_none() && !self.publishers[at].has_finished {
                self.begin_close(at);
            }
        }
        if is_stormy && self.violation.is_none() {
            self.storm();
        }
        let by = self.now + self.healing_time();
        self.await_or_judge(by, Invariant::Healed, healed::lacks);
        for at in 0..self.publishers.len() {
            if self.violation.is_none() && !self.publishers[at].has_finished {
                self.finish_publisher(at);
            }
        }
        let by = self.now + 4 * SECOND;
        self.await_or_judge(by, Invariant::Deadlines, deadlines::lacks);
    }

    pub(crate) fn begin_close(&mut self, at: usize) {
        let now = self.instant();
        let host = &mut self.publishers[at];
        if host.closing.is_some() {
            return;
        }
        host.machine.begin_close(now);
        host.closing = Some(host.machine.target());
        host.waiting = None;
        host.closes_in_peace = self.is_healed;
        self.trace
            .line(self.now, || format!("p{at} begins to close"));
        self.drain_publisher(at, None);
        let machine = &mut self.publishers[at].machine;
        machine.begin_close(now);
        let mut effects = 0;
        while machine.poll_transmit().is_some() || machine.poll_event().is_some() {
            effects += 1;
        }
        let result = again::nothing_new("a close was begun", effects);
        self.judge(Invariant::Again, result);
        self.schedule_publisher(at);
    }

    /// The close is over, complete or not; FIN goes out.
    pub(crate) fn finish_publisher(&mut self, at: usize) {
        self.judge_publisher(at);
        self.drain_publisher(at, None);
        self.publishers[at].has_finished = true;
        self.publishers[at].life = Life::Dead;
    }

    /// What a publisher knows of its epoch is compared with what happened.
    pub(crate) fn judge_publisher(&mut self, at: usize) {
        let quorum = match self.rng.below(4) {
            3 => Quorum::Named(vec!["one".to_owned(), "three".to_owned()]),
            0 => Quorum::AtLeast(1),
            1 => Quorum::AtLeast(2),
            _ => Quorum::All,
        };
        let epoch = self.publishers[at].epoch;
        self.look_at_flush(at);
        let report = self.publishers[at].machine.finish(quorum);
        let now = self.now;
        self.trace.line(now, || {
            format!("p{at} is over, by {:?}: {report}", report.quorum)
        });
        let (ledger, topics) = (&self.ledger, &self.plan.topics);
        let is_accounted = accounted::report(ledger, epoch, topics, &report);
        let is_drained = drained::report(ledger, epoch, &report);
        self.judge(Invariant::Accounted, is_accounted);
        self.judge(Invariant::Drained, is_drained);
        // All had settled: whoever is here has acknowledged all, and the report says so.
        if self.publishers[at].closes_in_peace {
            let result = healed::all_acked(&report);
            self.judge(Invariant::Healed, result);
        }
    }
}
