//! A coordinator in a process of its own, and real signals.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

mod common;

use common::{GRACE, command, event, must, node, said, soon};
use linger_testkit::child::{Child, Exit, Signal};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

/// Of the scenarios that run into it.
const BUDGET: Duration = Duration::from_secs(1);

/// The exit codes that `linger_coordinator::exit` documents.
const WATCHDOG: i32 = 70;
const INCOMPLETE: i32 = 75;

/// Runs a scenario that says when it is ready for the first signal.
fn start(scenario: &str, budget: Duration) -> Child {
    let settings = [
        format!("scenario={scenario}"),
        format!("budget_ms={}", budget.as_millis()),
    ];
    let child = node(scenario, "coordinator", &settings);
    event(&child, "ready");
    child
}

/// Sends the signal that begins the stop, and waits for the end: by the budget's, or so much later.
#[track_caller]
fn stop(child: &Child, grace: Duration) -> Exit {
    let deadline = Instant::now() + BUDGET;
    must(child.signal(Signal::Terminate));
    let exit = must(child.wait_for_exit(soon()));
    let late = exit.at.saturating_duration_since(deadline);
    assert!(late <= grace, "it ended {late:?} past its deadline");
    exit
}

fn drains_on(signal: Signal) {
    let child = start("clean", Duration::from_secs(20));
    must(child.signal(signal));
    event(&child, "triggered");
    let exit = must(child.wait_for_exit(soon()));
    assert_eq!(exit.status.code(), Some(0), "{}", said(&child));
}

#[test]
fn sigterm_drains_and_exits_with_zero() {
    drains_on(Signal::Terminate);
}

#[test]
fn sigint_alone_does_what_sigterm_does() {
    drains_on(Signal::Interrupt);
}

#[test]
fn one_that_hangs_is_named_by_the_deadline() {
    let child = start("hangs", BUDGET);
    let begun = Instant::now();
    let exit = stop(&child, GRACE);
    let said = said(&child);
    assert_eq!(exit.status.code(), Some(WATCHDOG), "{said}");
    assert!(exit.at >= begun + BUDGET, "it was given its time: {said}");
    let culprit = said.lines().find(|line| line.contains("culprit"));
    let culprit = culprit.unwrap_or_else(|| panic!("the culprit is not named in: {said}"));
    assert!(culprit.contains("\"3/7 acked\""), "{culprit}");
    let (_, line) = culprit
        .split_once("node/coordinator.rs:")
        .unwrap_or_else(|| panic!("the line that made it is not named in: {culprit}"));
    assert!(line.starts_with(|c: char| c.is_ascii_digit()), "{culprit}");
}

#[test]
fn a_full_stderr_holds_up_nothing() {
    // A socket fills as a pipe does, and whoever writes on waits until it is read: never.
    let (mut unread, stderr) = UnixStream::pair().unwrap();
    let (stdout, said) = UnixStream::pair().unwrap();
    let mut command = command("coordinator");
    command.arg("scenario=long_note");
    command.arg(format!("budget_ms={}", BUDGET.as_millis()));
    command
        .stdout(OwnedFd::from(said))
        .stderr(OwnedFd::from(stderr));
    let child = Child::spawn_unheard("long_note", &mut command).unwrap();
    drop(command);
    wait_for_byte(&stdout);
    let exit = stop(&child, GRACE);
    assert_eq!(exit.status.code(), Some(WATCHDOG));
    let mut written = Vec::new();
    unread.read_to_end(&mut written).unwrap();
    let written = written.len();
    assert!(
        (1..4 << 20).contains(&written),
        "the last words, {written} bytes, were cut short by a full stderr"
    );
}

/// The first thing that the scenario writes to stdout is that it is ready.
fn wait_for_byte(mut stdout: &UnixStream) {
    stdout
        .set_read_timeout(Some(Duration::from_secs(40)))
        .unwrap();
    stdout.read_exact(&mut [0]).unwrap();
}

#[test]
fn a_second_signal_during_intake_forces_and_the_culprit_is_named() {
    let child = start("two_signals", Duration::from_secs(600));
    must(child.signal(Signal::Terminate));
    event(&child, "triggered");
    must(child.signal(Signal::Terminate));
    // Ten minutes are left: only the second signal ends this.
    let report = event(&child, "report");
    let exit = must(child.wait_for_exit(soon()));
    assert_eq!(exit.status.code(), Some(INCOMPLETE), "{}", said(&child));
    assert_eq!(report["stage"], "forced", "{report}");
    let text = report["text"].as_str().unwrap();
    let culprit = text.lines().find(|line| line.contains("culprit"));
    let culprit = culprit.unwrap_or_else(|| panic!("the culprit is not named in: {text}"));
    for part in ["abandoned", "node/coordinator.rs:", "\"reading on\""] {
        assert!(culprit.contains(part), "{part} is not in: {culprit}");
    }
}

#[test]
fn a_third_signal_exits_at_once() {
    let child = start("three_signals", Duration::from_secs(600));
    must(child.signal(Signal::Terminate));
    event(&child, "triggered");
    must(child.signal(Signal::Interrupt));
    event(&child, "forced");
    assert!(child.exited().is_none(), "what is forced has its reserve");
    must(child.signal(Signal::Interrupt));
    let exit = must(child.wait_for_exit(soon()));
    assert_eq!(exit.status.code(), Some(128 + 2), "{}", said(&child));
}

#[test]
fn after_the_report_signals_end_the_process_again() {
    let child = start("after_the_report", BUDGET);
    must(child.signal(Signal::Terminate));
    event(&child, "report");
    must(child.signal(Signal::Terminate));
    let exit = must(child.wait_for_exit(soon()));
    assert_eq!(exit.status.signal(), Some(15), "{}", said(&child));
}

#[test]
fn a_runtime_that_can_not_end_does_not_keep_the_process() {
    let child = start("runtime_that_can_not_end", BUDGET);
    event(&child, "ready"); // of the second task: both workers are blocked
    let exit = stop(&child, GRACE);
    let said = said(&child);
    assert_eq!(exit.status.code(), Some(WATCHDOG), "{said}");
    for name in ["first", "second"] {
        let named = |line: &str| line.contains(name) && line.contains("abandoned");
        assert!(said.lines().any(named), "{name} is not named in: {said}");
    }
}
