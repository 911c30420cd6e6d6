//! Small runs of the scenarios that `cargo xtask integration` has at full length.

use linger_testkit::chaos::{self, Fault, Figures, Hosts, Options, Programs};
use std::path::Path;

fn programs() -> Programs {
    // Beside the folder for temporary files, in the target folder.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    Programs::new(env!("CARGO_BIN_EXE_node").into(), target)
}

#[track_caller]
fn passes(options: &Options) -> Figures {
    let figures = chaos::run(options, &programs(), |line| eprintln!("{line}")).unwrap();
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
fn chaos_among_three_hosts_leaves_nothing_unaccounted() {
    let hosts = match Hosts::apart() {
        Ok(hosts) => hosts,
        Err(error) => return eprintln!("SKIPPED {error}"),
    };
    let mut options = Options::new(2, 1);
    options.messages = 4_000;
    options.rate = 4_000;
    options.hosts = hosts;
    let figures = passes(&options);
    assert!(figures.faults.contains_key(&Fault::LinkDown));
}
