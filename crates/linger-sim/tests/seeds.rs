//! A few seeds, as a part of the tests; `cargo xtask sim` lives many.

use linger_sim::{live, run};
use std::time::{Duration, Instant};

const SEEDS: u64 = 200;

#[test]
fn nothing_is_violated() {
    let summary = run(0..SEEDS, |_| ());
    assert_eq!(summary.seeds, SEEDS);
    assert!(summary.violations.is_empty(), "{summary}");
}

#[test]
fn the_same_seed_has_the_same_hash_at_any_time_and_another_has_another() {
    let base = Instant::now();
    let later = base + Duration::from_secs(1_000_000);
    for seed in 0..SEEDS / 4 {
        let (first, again) = (live(seed, base, false), live(seed, later, true));
        assert_eq!(first.hash, again.hash, "seed {seed}");
        assert_eq!(first.events, again.events, "seed {seed}");
        assert!(first.lines.is_empty() && !again.lines.is_empty());
        assert_ne!(first.hash, live(seed + 1, base, false).hash, "seed {seed}");
    }
}

#[test]
fn every_kind_of_fault_comes_about() {
    let summary = run(0..1_000, |_| ());
    for &fault in linger_sim::Fault::ALL {
        assert!(summary.faults.of(fault) > 0, "no {}", fault.words());
    }
}
