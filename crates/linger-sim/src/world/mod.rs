//! Publishers, subscribers, a network, a clock, all from one seed.
//!
//! | module | what it is |
//! |---|---|
//! | `publisher` | the process of a publisher: its driver |
//! | `subscriber` | the process of a subscriber: its driver |
//! | `producer`, `consumer` | their applications |
//! | `wires` | connections that are made, cut and mended, and what arrives on them |
//! | `describe` | frames in a few words |
//! | `watch` | who sees what really happens, and judges it |

mod consumer;
mod describe;
mod producer;
mod publisher;
mod subscriber;
mod watch;
mod wires;

pub(crate) use consumer::Habit;
pub(crate) use publisher::PublisherHost;
pub(crate) use subscriber::SubscriberHost;

use crate::faults::{Fault, FaultCounts};
use crate::invariants::{Invariant, Violation};
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::rng::Rng;
use crate::schedule::{Schedule, Time, What};
use crate::trace::Trace;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Whether a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Runs,
    Suspended,
    Dead,
}

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) rng: Rng,
    base: Instant,
    pub(crate) now: Time,
    pub(crate) schedule: Schedule,
    pub(crate) trace: Trace,
    pub(crate) faults: FaultCounts,
    pub(crate) publishers: Vec<PublisherHost>,
    pub(crate) subscribers: Vec<SubscriberHost>,
    pub(crate) ledger: Ledger,
    pub(crate) violation: Option<Violation>,
    /// Frames of either direction, for those who replay and mutate.
    pub(crate) said: VecDeque<Bytes>,
    pub(crate) told: VecDeque<Bytes>,
    pub(crate) is_healed: bool,
    pub(crate) wakes: u64,
}

/// How many frames are kept for replays.
const KEPT: usize = 24;

impl World {
    pub(crate) fn new(seed: u64, base: Instant, trace: Trace) -> Self {
        let mut rng = Rng::new(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x6C69_6E67_6572);
        let plan = Plan::new(&mut rng);
        let mut world = Self {
            base,
            now: 0,
            schedule: Schedule::default(),
            trace,
            faults: FaultCounts::default(),
            publishers: Vec::new(),
            subscribers: Vec::new(),
            ledger: Ledger::default(),
            violation: None,
            said: VecDeque::new(),
            told: VecDeque::new(),
            is_healed: false,
            wakes: 0,
            plan,
            rng,
        };
        for _ in 0..world.plan.publishers {
            world.add_publisher();
        }
        for _ in 0..world.plan.subscribers {
            world.add_subscriber(None);
        }
        world
    }

    /// The time as a machine is told it.
    pub(crate) fn instant(&self) -> Instant {
        self.base + Duration::from_micros(self.now)
    }

    /// A machine's time, rounded up.
    pub(crate) fn time(&self, at: Instant) -> Time {
        let nanos = at.saturating_duration_since(self.base).as_nanos();
        Time::try_from(nanos.div_ceil(1_000)).unwrap_or(Time::MAX)
    }

    /// Lets time pass until `end`, or until something is violated.
    pub(crate) fn run_until(&mut self, end: Time) {
        while self.violation.is_none() {
            let Some((time, what)) = self.schedule.pop_until(end) else {
                self.now = end;
                return;
            };
            self.now = time;
            self.handle(what);
        }
    }

    fn handle(&mut self, what: What) {
        match what {
            What::Publisher(at) => self.wake_publisher(at),
            What::Subscriber(at) => self.wake_subscriber(at),
            What::Arrival(at, way) => self.arrive(at, way),
            What::Late(at) => self.arrive_late(at),
            What::Connect(at, plane) => self.connect(at, plane),
            What::Produce(at) => self.produce(at),
            What::Consume(at) => self.consume(at),
            What::Fault => self.go_wrong(),
            What::Cure(ailment) => self.cure(ailment),
        }
    }

    pub(crate) fn count(&mut self, fault: Fault) {
        self.faults.count(fault);
    }

    /// Notes a violation; the first one counts.
    pub(crate) fn judge(&mut self, invariant: Invariant, result: Result<(), String>) {
        if let Err(what) = result {
            let at = self.now;
            self.trace
                .line(at, || format!("VIOLATION of {}: {what}", invariant.name()));
            self.violation.get_or_insert(Violation {
                invariant,
                at,
                what,
            });
        }
    }

    pub(crate) fn jitter(&mut self) -> Time {
        self.rng.below(self.plan.jitter)
    }

    fn keep(list: &mut VecDeque<Bytes>, frame: &Bytes) {
        if list.len() == KEPT {
            list.pop_front();
        }
        list.push_back(frame.clone());
    }
}
