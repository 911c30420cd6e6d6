//! Bugs that are planted, one at a time: how many seeds it takes to catch each.

use crate::invariants::Violation;
use crate::runner::live_or_panic;
use linger_ack_proto::planted::{Bug, plant};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

/// What came of one bug.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Caught {
    /// The bug.
    pub bug: Bug,
    /// How many seeds it took, and what was violated; `None` if nothing ever was.
    pub by: Option<(u64, Violation)>,
}

/// Plants each bug, and lives seeds until something is violated, so many at most.
#[must_use]
pub fn catch(seeds: u64) -> Vec<Caught> {
    let (begun, next) = (Instant::now(), AtomicUsize::new(0));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut caught = Vec::new();
        while let Some(&bug) = Bug::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            plant(Some(bug));
            let violated = |seed| Some((seed + 1, live_or_panic(seed, begun).violation?));
            caught.push(Caught {
                bug,
                by: (0..seeds).find_map(violated),
            });
        }
        plant(None);
        caught
    };
    let mut all: Vec<Caught> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().filter_map(|worker| worker.join().ok());
        done.flatten().collect()
    });
    all.sort_by_key(|caught| Bug::ALL.iter().position(|bug| *bug == caught.bug));
    all
}
