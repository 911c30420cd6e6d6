//! Real signals in real processes: this binary, run again in a role.
//!
//! Each role is an ignored test, which does nothing unless the environment asks for it.
#![expect(
    clippy::unwrap_used,
    reason = "tests: helpers beside the test functions"
)]
#![cfg(unix)]

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use linger_coordinator::{Builder, Coordinator, Phase, Phases, exit};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::raise;

const ROLE: &str = "LINGER_COORDINATOR_ROLE";
const BUDGET: Duration = Duration::from_millis(300);

/// From start to exit, on a loaded machine.
const LIMIT: Duration = Duration::from_secs(20);

fn start(role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            role,
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(ROLE, role)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How it ended and what it wrote to stderr.
fn run(role: &str) -> (ExitStatus, String) {
    let mut child = start(role);
    let mut stderr = child.stderr.take().unwrap();
    let reader = thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        text
    });
    let status = ended(child);
    (status, reader.join().unwrap())
}

fn ended(mut child: Child) -> ExitStatus {
    let (sender, receiver) = channel();
    let id = child.id();
    thread::spawn(move || sender.send(child.wait().unwrap()));
    receiver.recv_timeout(LIMIT).unwrap_or_else(|_| {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        panic!("process {id} did not end within {LIMIT:?}");
    })
}

fn is_role(role: &str) -> bool {
    std::env::var(ROLE).is_ok_and(|asked| asked == role)
}

fn builder() -> Builder {
    Coordinator::builder()
        .phases(Phases::service())
        .budget(BUDGET)
        .on_signals()
        .owns_process()
}

fn hang() -> Result<(), linger_coordinator::BoxError> {
    loop {
        thread::park();
    }
}

fn leave(report: &linger_coordinator::Report) -> ! {
    std::process::exit(i32::from(report.exit_code()));
}

// Roles.

#[test]
#[ignore = "a role, played in a child process"]
fn role_clean() {
    if !is_role("role_clean") {
        return;
    }
    let stop = builder().start().unwrap();
    stop.spawn_blocking("works", Phase::WORK, |member| {
        member.wait();
        Ok(())
    })
    .unwrap();
    raise(SIGTERM).unwrap();
    leave(&stop.wait_blocking());
}

#[test]
#[ignore = "a role, played in a child process"]
fn role_hangs() {
    if !is_role("role_hangs") {
        return;
    }
    let stop = builder().start().unwrap();
    stop.spawn_blocking("culprit", Phase::WORK, |member| {
        member.note("3/7 acked");
        hang()
    })
    .unwrap();
    raise(SIGTERM).unwrap();
    let _ = hang();
}

#[test]
#[ignore = "a role, played in a child process"]
fn role_three_signals() {
    if !is_role("role_three_signals") {
        return;
    }
    let stop = builder().budget(Duration::from_secs(600)).start().unwrap();
    let phases = stop.register("intake").phase(Phase::INTAKE).unwrap();
    stop.spawn_blocking("culprit", Phase::WORK, |_| hang())
        .unwrap();
    raise(SIGTERM).unwrap();
    phases.wait();
    raise(SIGINT).unwrap();
    while !phases.is_forced() {
        thread::park_timeout(Duration::from_millis(1));
    }
    raise(SIGINT).unwrap();
    let _ = hang();
}

#[test]
#[ignore = "a role, played in a child process"]
fn role_full_pipe() {
    if !is_role("role_full_pipe") {
        return;
    }
    let stop = builder().start().unwrap();
    let member = stop.register("verbose").phase(Phase::WORK).unwrap();
    // More than any pipe takes.
    member.note("x".repeat(4 << 20));
    raise(SIGTERM).unwrap();
    let _ = hang();
}

#[test]
#[ignore = "a role, played in a child process"]
fn role_signal_after_the_report() {
    if !is_role("role_signal_after_the_report") {
        return;
    }
    let stop = builder().start().unwrap();
    raise(SIGTERM).unwrap();
    let _ = stop.wait_blocking();
    raise(SIGTERM).unwrap();
    let _ = hang();
}

#[cfg(feature = "tokio")]
#[test]
#[ignore = "a role, played in a child process"]
fn role_runtime_that_can_not_end() {
    if !is_role("role_runtime_that_can_not_end") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let report = runtime.block_on(async {
        let stop = builder().start().unwrap();
        for name in ["first", "second"] {
            stop.spawn(name, Phase::WORK, |_| async { drop(hang()) })
                .unwrap();
        }
        raise(SIGTERM).unwrap();
        stop.wait().await
    });
    // Waits for its workers, for ever.
    drop(runtime);
    leave(&report);
}

// Tests.

#[test]
fn sigterm_drains_and_exits_with_zero() {
    let (status, _) = run("role_clean");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn one_that_hangs_is_named_by_the_deadline() {
    let since = Instant::now();
    let (status, text) = run("role_hangs");
    assert_eq!(status.code(), Some(i32::from(exit::WATCHDOG)), "{text}");
    assert!(
        text.contains("culprit") && text.contains("tests/process.rs:"),
        "{text}"
    );
    assert!(text.contains("\"3/7 acked\""), "{text}");
    assert!(since.elapsed() >= BUDGET);
}

#[test]
fn a_third_signal_exits_at_once() {
    let (status, text) = run("role_three_signals");
    assert_eq!(status.code(), Some(128 + SIGINT), "{text}");
}

#[test]
fn a_full_pipe_holds_up_nothing() {
    let mut child = start("role_full_pipe");
    // Held open, never read.
    let pipe = child.stderr.take();
    let status = ended(child);
    drop(pipe);
    assert_eq!(status.code(), Some(i32::from(exit::WATCHDOG)));
}

#[test]
fn after_the_report_signals_end_the_process_again() {
    let (status, text) = run("role_signal_after_the_report");
    assert_eq!(status.signal(), Some(SIGTERM), "{text}");
}

#[cfg(feature = "tokio")]
#[test]
fn a_runtime_that_can_not_end_does_not_keep_the_process() {
    let (status, text) = run("role_runtime_that_can_not_end");
    assert_eq!(status.code(), Some(i32::from(exit::WATCHDOG)), "{text}");
    assert!(text.contains("first") && text.contains("second"), "{text}");
    assert!(text.contains("abandoned"), "{text}");
}
