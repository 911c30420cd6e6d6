//! Task trackers as members.

use std::time::{Duration, Instant};

use crate::common::{LONG, blocked_runtime, runtime, started, wait_until};
use linger_coordinator::tokio_util::task::TaskTracker;
use linger_coordinator::{Outcome, Phase, RegisterError};

#[test]
fn the_phase_waits_for_the_tracked_tasks() {
    let runtime = runtime();
    let stop = started(LONG);
    let tracker = TaskTracker::new();
    stop.track("requests", Phase::WORK, tracker.clone())
        .unwrap();
    let (done, ended) = tokio::sync::oneshot::channel::<()>();
    tracker.spawn_on(ended, runtime.handle());
    let before = stop.register("before").phase(Phase::INTAKE).unwrap();
    let after = stop.register("after").phase(Phase::TELEMETRY).unwrap();
    stop.shutdown();
    before.wait();
    assert!(!tracker.is_closed(), "its phase has not begun");
    drop(before);
    wait_until("closed", || tracker.is_closed());
    assert!(!after.is_triggered());
    done.send(()).unwrap();
    after.wait();
    assert!(tracker.is_empty());
    drop(after);
    let report = stop.wait_blocking();
    let requests = report.member("requests").unwrap();
    assert_eq!(*requests.outcome(), Outcome::Done);
    assert_eq!(requests.note(), Some("0 tasks left"));
    assert_eq!(requests.origin().file(), file!());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn tasks_that_are_tracked_while_it_waits_count() {
    let stop = started(LONG);
    let tracker = TaskTracker::new();
    let first = tracker.token();
    stop.track("requests", Phase::WORK, tracker.clone())
        .unwrap();
    let after = stop.register("after").phase(Phase::TELEMETRY).unwrap();
    stop.shutdown();
    wait_until("closed", || tracker.is_closed());
    let second = tracker.token();
    drop(first);
    assert!(!after.is_triggered());
    drop(second);
    after.wait();
    drop(after);
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn who_is_left_is_counted_to_the_last() {
    let stop = started(Duration::from_secs(1));
    let tracker = TaskTracker::new();
    let (hangs, ends) = (tracker.token(), tracker.token());
    stop.track("requests", Phase::WORK, tracker.clone())
        .unwrap();
    stop.shutdown();
    wait_until("closed", || tracker.is_closed());
    drop(ends);
    let report = stop.wait_blocking();
    let requests = report.member("requests").unwrap();
    assert_eq!(*requests.outcome(), Outcome::Abandoned);
    assert_eq!(requests.note(), Some("1 task left"));
    drop(hangs);
}

#[test]
fn a_blocked_runtime_makes_it_neither_late_nor_nameless() {
    let (runtime, blocked) = blocked_runtime();
    let budget = Duration::from_millis(500);
    let stop = runtime.block_on(async { started(budget) });
    let tracker = TaskTracker::new();
    stop.track("requests", Phase::WORK, tracker.clone())
        .unwrap();
    for _ in 0..3 {
        tracker.spawn_on(async {}, runtime.handle());
    }
    let since = Instant::now();
    stop.shutdown();
    let report = stop.wait_blocking();
    assert!(since.elapsed() < budget * 2, "{:?}", since.elapsed());
    let requests = report.member("requests").unwrap();
    assert_eq!(*requests.outcome(), Outcome::Abandoned);
    assert_eq!(requests.note(), Some("3 tasks left"));
    drop(blocked);
}

#[test]
fn an_empty_tracker_holds_up_nobody() {
    let stop = started(LONG);
    stop.track("none", Phase::WORK, TaskTracker::new()).unwrap();
    let since = Instant::now();
    stop.shutdown();
    let report = stop.wait_blocking();
    assert!(report.is_clean(), "{report}");
    assert!(since.elapsed() < LONG / 10, "{report}");
}

#[test]
fn its_phase_must_not_have_begun() {
    let stop = started(LONG);
    let member = stop.register("member").phase(Phase::WORK).unwrap();
    stop.shutdown();
    member.wait();
    let tracker = TaskTracker::new();
    let refused = stop.track("late", Phase::WORK, tracker.clone());
    assert!(matches!(refused, Err(RegisterError::PhaseBegun { name, .. }) if name == "late"));
    assert!(!tracker.is_closed());
    drop(member);
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn its_thread_ends_with_the_shutdown_whoever_is_left() {
    let stop = started(Duration::from_millis(200));
    let tracker = TaskTracker::new();
    let hangs = tracker.token();
    stop.track("never empty", Phase::WORK, tracker.clone())
        .unwrap();
    let alive = || {
        std::fs::read_dir("/proc/self/task")
            .unwrap()
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .any(|name| name.trim_end() == "never empty")
    };
    assert!(!alive(), "no thread before the phase begins");
    stop.shutdown();
    wait_until("closed", || tracker.is_closed());
    assert!(alive());
    assert!(!stop.wait_blocking().is_clean());
    wait_until("its thread ended", || !alive());
    drop(hangs);
}
