//! Small runs of the scenarios that `cargo xtask integration` has at full length.

use linger_testkit::chaos::judge::Violation;
use linger_testkit::chaos::{self, Fault, Figures, Hosts, Options, Programs};
use linger_testkit::scenario::memory::{self, Stuck};
use linger_testkit::scenario::{busy, joins};
use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

fn programs() -> Programs {
    // Beside the folder for temporary files, in the target folder.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("");
    Programs::new(env!("CARGO_BIN_EXE_node").into(), &target)
}

#[track_caller]
fn must<T>(result: Result<T, impl Display>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn passes(options: &Options) -> Figures {
    let figures = must(chaos::run(options, &programs(), |line| eprintln!("{line}")));
    assert!(figures.passed(), "{}", figures.details());
    assert_eq!(figures.cycles, options.cycles);
    let wanted = options.cycles * options.messages;
    assert!(figures.verdict.accepted >= wanted, "{}", figures.summary());
    figures
}

#[test]
fn a_few_cycles_of_chaos_leave_nothing_unaccounted() {
    let mut options = Options::new(4, 4);
    options.messages = 6_000;
    options.rate = 4_000;
    let figures = passes(&options);
    // Not in vain: something was acknowledged, and something broke.
    let verdict = &figures.verdict;
    assert!(verdict.acked > 0, "{}", figures.details());
    assert!(figures.faults.len() >= 4, "{}", figures.summary());
    assert_eq!(figures.faults.get(&Fault::SigtermInMidStream), Some(&4));
}

#[test]
fn a_subscriber_that_acknowledges_what_it_did_not_process_is_found() {
    let mut options = Options::new(1, 2);
    options.messages = 2_000;
    options.rate = 4_000;
    (options.forget, options.keeps) = (100, false);
    let figures = must(chaos::run(&options, &programs(), |_| {}));
    assert!(!figures.passed(), "{}", figures.details());
    let forgotten = figures.verdict.count(Violation::AckedNotProcessed);
    assert!(forgotten >= 10, "{}", figures.details());
    assert_eq!(figures.verdict.count(Violation::LateStop), 0);
}

#[test]
fn chaos_among_three_hosts_leaves_nothing_unaccounted() {
    let hosts = match Hosts::apart() {
        Ok(hosts) => hosts,
        // Past what the test harness keeps to itself.
        Err(error) => return must(writeln!(std::io::stderr(), "SKIPPED {error}")),
    };
    let mut options = Options::new(2, 1);
    options.messages = 4_000;
    options.rate = 4_000;
    options.hosts = hosts;
    let figures = passes(&options);
    assert!(figures.faults.contains_key(&Fault::LinkDown));
}

#[test]
fn who_joins_under_full_flood_begins_at_its_base_and_misses_nothing() {
    let figures = must(joins::run(&programs(), 20));
    assert!(figures.is_sound(), "{}", figures.json());
    assert_eq!(figures.took.len(), 20);
    // Twice as many were published, at the least, as those who joined took.
    assert!(figures.published > 2 * 240, "{}", figures.json());
}

#[test]
fn members_whose_applications_are_busy_do_not_expire() {
    let figures = must(busy::run(&programs(), 4, Duration::from_secs(6)));
    assert!(figures.passed(), "{}", figures.json());
}

#[test]
fn a_stuck_member_costs_a_publisher_its_window_and_no_more() {
    let figures = must(memory::run(
        &programs(),
        Duration::from_secs(5),
        Stuck::Held,
    ));
    assert!(figures.passed(), "{}", figures.json());
}

#[test]
fn an_evicted_member_that_stays_connected_costs_no_more_than_that_either() {
    let figures = must(memory::run(
        &programs(),
        Duration::from_secs(5),
        Stuck::Evicted,
    ));
    assert!(figures.passed(), "{}", figures.json());
}
