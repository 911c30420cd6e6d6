//! A few storms over a registry; `cargo xtask integration registry_storm` has hundreds.
//!
//! In a process of its own: its descriptors and threads are counted.

use linger_testkit::storm::{self, Size};

#[test]
fn a_registry_in_a_storm_keeps_its_deadline_and_tells_the_truth() {
    let figures = match storm::run(1..4, Size::MODEST, |line| eprintln!("{line}")) {
        Ok(figures) => figures,
        Err(error) => panic!("{error}"),
    };
    assert!(figures.passed(), "{:#}", figures.json());
    // Not in vain: some had nothing to lose, some lost it, some were woken by ETERM.
    for outcome in ["emptied", "expired", "closed_late"] {
        let count = figures.outcomes.get(outcome);
        assert!(count.is_some_and(|count| *count > 0), "{}", figures.line());
    }
}
