//! Every example of the course runs to its end and says what it is about.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger_testkit::child::{Child, Exit};
use std::process::Command;
use std::time::{Duration, Instant};

/// What it wrote, and how it ended.
fn run(program: &str, args: &[&str]) -> (String, Exit) {
    let child = Child::spawn(program, Command::new(program).args(args)).expect("started");
    let exit = child.wait_for_exit(Instant::now() + Duration::from_secs(30));
    let exit = exit.expect("it ends");
    // Its pipes are read to their end by then, or a moment later.
    let _ = child.wait_for_line(Instant::now() + Duration::from_secs(5), |_| false);
    (child.last_lines(), exit)
}

#[test]
fn sockets_end() {
    let (said, exit) = run(env!("CARGO_BIN_EXE_01_sockets_that_end"), &[]);
    assert!(exit.status.success(), "{said}");
    assert!(
        said.contains("results") && said.contains("emptied"),
        "{said}"
    );
}

#[test]
fn phases_are_kept_and_a_culprit_is_named() {
    let (said, exit) = run(env!("CARGO_BIN_EXE_02_phases_and_deadlines"), &[]);
    assert!(exit.status.success(), "{said}");
    assert!(
        said.contains("flushed") && said.contains("batches written"),
        "{said}"
    );
    let (said, exit) = run(env!("CARGO_BIN_EXE_02_phases_and_deadlines"), &["hang"]);
    assert_eq!(exit.status.code(), Some(75), "{said}");
    assert!(
        said.contains("journal") && said.contains("abandoned"),
        "{said}"
    );
}

#[test]
fn the_publisher_knows_who_lacks_what() {
    let (said, exit) = run(env!("CARGO_BIN_EXE_03_a_publisher_that_knows"), &[]);
    assert!(exit.status.success(), "{said}");
    assert!(
        said.contains("audit-1: left, 100 owed, 50 not processed"),
        "{said}"
    );
}

#[test]
fn the_service_stops_clean() {
    let (said, exit) = run(env!("CARGO_BIN_EXE_04_a_service"), &[]);
    assert!(exit.status.success(), "{said}");
    assert!(said.contains("drained"), "{said}");
}
