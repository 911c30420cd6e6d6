//! Many seeds, on all cores.

use crate::faults::FaultCounts;
use crate::invariants::{Invariant, Violation};
use crate::life::{Outcome, live};
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What came of many seeds.
#[derive(Clone, Debug, Default)]
#[must_use]
#[non_exhaustive]
pub struct Summary {
    /// How many seeds were lived.
    pub seeds: u64,
    /// How much happened.
    pub events: u64,
    /// What went wrong by design.
    pub faults: FaultCounts,
    /// What went wrong otherwise, by seed.
    pub violations: Vec<(u64, Violation)>,
    /// All hashes in one, whatever the order.
    pub hash: u64,
    /// How long it took.
    pub took: Duration,
}

/// After so many violations the rest is not lived.
const ENOUGH: usize = 20;

/// How often a line tells how far it is.
const EVERY: Duration = Duration::from_secs(10);

/// Lives all these seeds. `progress` is told now and then how many are done.
pub fn run(seeds: Range<u64>, progress: impl Fn(u64) + Sync) -> Summary {
    let begun = Instant::now();
    let (next, done) = (AtomicU64::new(seeds.start), AtomicU64::new(0));
    let stops = AtomicBool::new(false);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let work = |tells: bool| {
        let mut summary = Summary::default();
        let mut told = begun;
        while !stops.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            summary.add(live_or_panic(seed, begun));
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if summary.violations.len() >= ENOUGH {
                stops.store(true, Ordering::Relaxed);
            }
            if tells && told.elapsed() >= EVERY {
                told = Instant::now();
                progress(done);
            }
        }
        summary
    };
    let mut all = Summary::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|at| scope.spawn(move || work(at == 0)))
            .collect();
        for worker in workers {
            if let Ok(summary) = worker.join() {
                all.merge(summary);
            }
        }
    });
    all.violations.sort_by_key(|(seed, _)| *seed);
    all.took = begun.elapsed();
    all
}

/// A panic of a machine is a violation like any other.
pub(crate) fn live_or_panic(seed: u64, base: Instant) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| live(seed, base, false))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        Outcome {
            seed,
            hash: 0,
            events: 0,
            faults: FaultCounts::default(),
            violation: Some(Violation {
                invariant: Invariant::Panic,
                at: 0,
                what: text.unwrap_or_default(),
            }),
            lines: Vec::new(),
        }
    })
}

impl Summary {
    fn add(&mut self, outcome: Outcome) {
        self.seeds += 1;
        self.events += outcome.events;
        self.faults.add(&outcome.faults);
        self.hash ^= outcome.hash.rotate_left((outcome.seed % 64) as u32);
        if let Some(violation) = outcome.violation {
            self.violations.push((outcome.seed, violation));
        }
    }

    fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.events += other.events;
        self.faults.add(&other.faults);
        self.hash ^= other.hash;
        self.violations.extend(other.violations);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        let rate = self.seeds as f64 / seconds.max(1e-9);
        writeln!(f, "faults by kind:\n{}", self.faults)?;
        for (seed, violation) in &self.violations {
            writeln!(f, "seed {seed} violates {violation}")?;
            writeln!(f, "  cargo xtask sim --reproduce {seed}")?;
        }
        write!(
            f,
            "{} seeds, {} events, {} violations, {seconds:.1} s, {rate:.0} seeds/s",
            self.seeds,
            self.events,
            self.violations.len()
        )
    }
}
