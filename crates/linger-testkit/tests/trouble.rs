//! A few processes in trouble; `cargo xtask integration coordinator_trouble` has thousands.

use linger_testkit::trouble::{self, Options, Trouble};
use std::path::Path;
use std::time::Duration;

/// How late a process may end on a machine that does much else: this is no measurement.
const LATE: Duration = Duration::from_secs(2);

#[track_caller]
fn passes(mut options: Options) {
    options.is_busy = true;
    options.bars.free = LATE;
    options.bars.loaded = LATE;
    let program = Path::new(env!("CARGO_BIN_EXE_trouble"));
    match trouble::run(&options, program, |line| eprintln!("{line}")) {
        Ok(figures) => {
            assert!(figures.passed(), "{}{}", figures.table(), figures.summary());
            assert_eq!(figures.runs(), options.runs);
            assert_eq!(figures.named(), options.runs);
            assert_eq!(figures.exit_codes_right(), options.runs);
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_signal_at_any_moment_of_the_start_is_heard_or_ends_the_process() {
    let mut options = Options::new(60, 1);
    options.wanted = |plan| plan.trouble == Trouble::SignalDuringStart && plan.culprits.is_empty();
    passes(options);
}
