//! One suite, passed by tasks, by blocking closures and by guards on plain threads.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::common::{Driver, LONG, Part, stopped_within};
use linger_coordinator::{Coordinator, Outcome, Phase, Phases, Reason, RegisterError, Stage, exit};

const SHORT: Duration = Duration::from_secs(2);

fn started(phases: Phases, budget: Duration) -> Coordinator {
    Coordinator::builder()
        .phases(phases)
        .budget(budget)
        .start()
        .unwrap()
}

fn phases_run_in_order(driver: &impl Driver) {
    let stop = started(Phases::service(), LONG);
    let (order, seen) = channel();
    // Each hook tells of its phase before the member that waits beside it may end it.
    for (name, phase) in [
        ("a", Phase::TELEMETRY),
        ("b", Phase::INTAKE),
        ("c", Phase::WORK),
        ("d", Phase::READINESS),
    ] {
        let order = order.clone();
        driver
            .member(&stop, name, phase, Part::EndsWhenTriggered)
            .unwrap();
        stop.blocking_hook(format!("{name}-hook"), phase, move |member| {
            order.send(member.phase())?;
            Ok(())
        })
        .unwrap();
    }
    stop.shutdown();
    let report = stop.wait_blocking();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.exit_code(), exit::COMPLETE);
    assert_eq!(report.stage(), Stage::Draining);
    let order: Vec<Phase> = seen.try_iter().collect();
    assert_eq!(
        order,
        [
            Phase::READINESS,
            Phase::INTAKE,
            Phase::WORK,
            Phase::TELEMETRY
        ]
    );
    assert_eq!(report.members().count(), 8);
}

fn a_phase_waits_for_its_last_member(driver: &impl Driver) {
    let stop = started(Phases::service(), LONG);
    let guard = stop.register("held").phase(Phase::INTAKE).unwrap();
    let later = stop.register("later").phase(Phase::WORK).unwrap();
    driver
        .member(&stop, "other", Phase::INTAKE, Part::EndsWhenTriggered)
        .unwrap();
    stop.shutdown();
    assert!(guard.wait_until(Instant::now() + LONG));
    assert!(!later.is_triggered(), "work began before intake was over");
    assert!(later.deadline().is_none());
    drop(guard);
    assert!(later.wait_until(Instant::now() + LONG));
    assert!(later.deadline().is_some());
    drop(later);
    assert!(stop.wait_blocking().is_clean());
}

fn one_that_hangs_is_named_and_later_phases_run(driver: &impl Driver) {
    let phases = Phases::new()
        .then(Phase::WORK)
        .then(Phase::TELEMETRY.reserve(Duration::from_millis(200)));
    let stop = started(phases, SHORT);
    driver
        .member(&stop, "culprit", Phase::WORK, Part::Hangs)
        .unwrap();
    driver
        .member(&stop, "good", Phase::WORK, Part::EndsWhenTriggered)
        .unwrap();
    driver
        .hook(&stop, "flush", Phase::TELEMETRY, Part::EndsWhenTriggered)
        .unwrap();
    let since = Instant::now();
    stop.shutdown();
    let report = stopped_within(&stop, since, SHORT);
    let culprit = report.member("culprit").unwrap();
    assert!(culprit.outcome().is_incomplete(), "{report}");
    assert!(culprit.origin().file().ends_with("coordinator/common.rs"));
    assert!(culprit.origin().line() > 0);
    assert_eq!(*report.member("good").unwrap().outcome(), Outcome::Done);
    assert_eq!(*report.member("flush").unwrap().outcome(), Outcome::Done);
    assert!(!report.is_clean());
    assert_eq!(report.exit_code(), exit::INCOMPLETE);
    assert_eq!(report.stage(), Stage::Forced);
    let text = report.to_string();
    assert!(
        text.contains("culprit") && text.contains(&culprit.origin().to_string()),
        "{text}"
    );
}

fn one_that_ends_only_when_forced_is_no_success(driver: &impl Driver) {
    let stop = started(Phases::new().then(Phase::WORK), SHORT);
    driver
        .member(&stop, "late", Phase::WORK, Part::EndsWhenForced)
        .unwrap();
    let since = Instant::now();
    stop.shutdown();
    let report = stopped_within(&stop, since, SHORT);
    assert_eq!(
        *report.member("late").unwrap().outcome(),
        Outcome::Forced,
        "{report}"
    );
    assert_eq!(report.exit_code(), exit::INCOMPLETE);
}

fn a_second_signal_forces(driver: &impl Driver) {
    // The reserve is what is left after it: half to heed it, half to unwind.
    let reserve = Duration::from_secs(1);
    let stop = started(Phases::new().then(Phase::WORK.reserve(reserve)), LONG);
    driver
        .member(&stop, "slow", Phase::WORK, Part::EndsWhenForced)
        .unwrap();
    driver
        .member(&stop, "stuck", Phase::WORK, Part::Hangs)
        .unwrap();
    let probe = stop.register("probe").phase(Phase::WORK).unwrap();
    let since = Instant::now();
    stop.trigger(Reason::Signal(15));
    assert!(probe.wait_until(Instant::now() + LONG));
    drop(probe);
    stop.trigger(Reason::Signal(2));
    let report = stopped_within(&stop, since, Duration::from_secs(5));
    assert_eq!(report.stage(), Stage::Forced);
    assert_eq!(*report.reason(), Reason::Signal(15));
    assert_eq!(report.later_reasons(), [Reason::Signal(2)]);
    assert_eq!(*report.member("probe").unwrap().outcome(), Outcome::Done);
    assert_eq!(
        *report.member("slow").unwrap().outcome(),
        Outcome::Forced,
        "{report}"
    );
    assert_eq!(*report.member("stuck").unwrap().outcome(), driver.hung());
    assert_eq!(report.exit_code(), exit::INCOMPLETE);
}

fn a_third_signal_ends_it_with_the_truth(driver: &impl Driver) {
    let stop = started(Phases::service(), LONG);
    driver
        .member(&stop, "stuck", Phase::INTAKE, Part::Hangs)
        .unwrap();
    driver
        .hook(&stop, "flush", Phase::TELEMETRY, Part::EndsWhenTriggered)
        .unwrap();
    let since = Instant::now();
    for _ in 0..3 {
        stop.trigger(Reason::Signal(15));
    }
    let report = stopped_within(&stop, since, Duration::from_secs(5));
    assert_eq!(report.stage(), Stage::Exit);
    assert!(
        report.member("stuck").unwrap().outcome().is_incomplete(),
        "{report}"
    );
    assert_eq!(*report.member("flush").unwrap().outcome(), Outcome::Skipped);
    assert_eq!(report.exit_code(), 128 + 15);
}

fn a_failure_starts_the_shutdown(driver: &impl Driver) {
    let stop = started(Phases::service(), LONG);
    driver
        .member(&stop, "good", Phase::INTAKE, Part::EndsWhenTriggered)
        .unwrap();
    driver
        .member(&stop, "bad", Phase::WORK, Part::FailsAtOnce)
        .unwrap();
    let report = stop.wait_blocking();
    let reason = Reason::MemberFailed {
        name: "bad".into(),
        error: "no disk".into(),
    };
    assert_eq!(*report.reason(), reason);
    assert_eq!(*report.member("good").unwrap().outcome(), Outcome::Done);
    assert!(!report.is_clean());
    assert_eq!(report.exit_code(), exit::FAILED);
    let failed = report.phases()[2].failed_before();
    assert_eq!(failed.len(), 1, "{report}");
    assert_eq!(*failed[0].outcome(), Outcome::Failed("no disk".into()));
}

fn a_panic_starts_the_shutdown(driver: &impl Driver) {
    let stop = started(Phases::service(), LONG);
    driver
        .member(&stop, "bad", Phase::WORK, Part::PanicsAtOnce)
        .unwrap();
    let report = stop.wait_blocking();
    match report.reason() {
        Reason::MemberPanicked { name, text } => {
            assert_eq!(name, "bad");
            assert!(text.contains(driver.panic_text()), "{text}");
        }
        other => panic!("{other}"),
    }
    assert_eq!(report.exit_code(), exit::FAILED);
}

fn failures_while_stopping_are_collected(driver: &impl Driver) {
    let stop = started(Phases::service(), LONG);
    driver
        .member(&stop, "fails", Phase::INTAKE, Part::FailsWhenTriggered)
        .unwrap();
    driver
        .member(&stop, "panics", Phase::INTAKE, Part::PanicsWhenTriggered)
        .unwrap();
    driver
        .hook(&stop, "hook-fails", Phase::WORK, Part::FailsAtOnce)
        .unwrap();
    driver
        .hook(&stop, "hook-panics", Phase::WORK, Part::PanicsAtOnce)
        .unwrap();
    driver
        .hook(&stop, "hook-good", Phase::WORK, Part::EndsWhenTriggered)
        .unwrap();
    stop.shutdown();
    let report = stop.wait_blocking();
    let outcome = |name| report.member(name).unwrap().outcome().clone();
    assert_eq!(outcome("fails"), Outcome::Failed("no disk".into()));
    assert!(
        matches!(outcome("panics"), Outcome::Panicked(text) if text.contains(driver.panic_text()))
    );
    assert_eq!(outcome("hook-fails"), Outcome::Failed("no disk".into()));
    assert_eq!(
        outcome("hook-panics"),
        Outcome::Panicked("out of luck".into())
    );
    assert_eq!(outcome("hook-good"), Outcome::Done);
    assert_eq!(*report.reason(), Reason::Request, "the first reason stays");
    assert_eq!(
        report.later_reasons().len(),
        2,
        "{:?}",
        report.later_reasons()
    );
    assert_eq!(report.exit_code(), exit::FAILED);
}

fn a_hook_that_hangs_holds_up_nobody_for_good(driver: &impl Driver) {
    let phases = Phases::new()
        .then(Phase::WORK.cap(Duration::from_millis(200)))
        .then(Phase::TELEMETRY);
    let stop = started(phases, LONG);
    driver
        .hook(&stop, "stuck", Phase::WORK, Part::Hangs)
        .unwrap();
    driver
        .hook(&stop, "flush", Phase::TELEMETRY, Part::EndsWhenTriggered)
        .unwrap();
    let since = Instant::now();
    stop.shutdown();
    let report = stopped_within(&stop, since, Duration::from_millis(200));
    assert!(report.member("stuck").unwrap().outcome().is_incomplete());
    assert!(report.phases()[0].is_forced());
    assert!(!report.phases()[1].is_forced());
    assert_eq!(*report.member("flush").unwrap().outcome(), Outcome::Done);
}

fn who_comes_too_late_is_refused(driver: &impl Driver) {
    let stop = started(Phases::service(), LONG);
    let guard = stop.register("held").phase(Phase::INTAKE).unwrap();
    stop.shutdown();
    guard.wait();
    let late = driver.member(&stop, "late", Phase::INTAKE, Part::EndsWhenTriggered);
    assert!(
        matches!(late, Err(RegisterError::PhaseBegun { name, phase })
        if name == "late" && phase == Phase::INTAKE)
    );
    let hook = driver.hook(&stop, "hook", Phase::READINESS, Part::EndsWhenTriggered);
    assert!(matches!(hook, Err(RegisterError::PhaseBegun { .. })));
    driver
        .member(&stop, "work", Phase::WORK, Part::EndsWhenTriggered)
        .unwrap();
    drop(guard);
    let report = stop.wait_blocking();
    assert!(report.is_clean());
    assert!(report.member("work").is_some());
    assert!(report.member("late").is_none());
    let over = driver.member(&stop, "over", Phase::TELEMETRY, Part::EndsWhenTriggered);
    assert!(matches!(over, Err(RegisterError::PhaseBegun { .. })));
}

fn members_may_have_the_same_name(driver: &impl Driver) {
    let stop = started(Phases::service(), LONG);
    for phase in [Phase::WORK, Phase::WORK, Phase::INTAKE] {
        driver
            .member(&stop, "a", phase, Part::EndsWhenTriggered)
            .unwrap();
    }
    driver
        .hook(&stop, "a", Phase::WORK, Part::EndsWhenTriggered)
        .unwrap();
    let nowhere = driver.member(&stop, "a", Phase::ACKS, Part::EndsWhenTriggered);
    assert!(matches!(nowhere, Err(RegisterError::UnknownPhase { .. })));
    stop.shutdown();
    let report = stop.wait_blocking();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.members().count(), 4);
}

fn triggering_and_waiting_twice_mean_the_same(driver: &impl Driver) {
    let stop = started(Phases::service(), LONG);
    driver
        .member(&stop, "a", Phase::WORK, Part::EndsWhenTriggered)
        .unwrap();
    let other = stop.clone();
    let waiting = std::thread::spawn(move || other.wait_blocking().to_string());
    stop.shutdown();
    stop.shutdown();
    let report = stop.wait_blocking().to_string();
    stop.trigger(Reason::Signal(15));
    assert_eq!(stop.wait_blocking().to_string(), report);
    assert_eq!(waiting.join().unwrap(), report);
    assert_eq!(stop.report().unwrap().to_string(), report);
}

fn the_last_handle_dropped_stops_the_service(driver: &impl Driver) {
    let stop = started(Phases::service(), LONG);
    let (ended, seen) = channel::<()>();
    stop.blocking_hook("hook", Phase::WORK, move |_| {
        drop(ended);
        Ok(())
    })
    .unwrap();
    driver
        .member(&stop, "a", Phase::INTAKE, Part::EndsWhenTriggered)
        .unwrap();
    let second = stop.clone();
    drop(stop);
    assert!(!second.is_triggered());
    drop(second);
    assert!(
        seen.recv_timeout(LONG)
            .is_err_and(|e| e == std::sync::mpsc::RecvTimeoutError::Disconnected)
    );
}

macro_rules! suite {
    ($driver:ident: $($scenario:ident),* $(,)?) => {
        $(#[test]
        fn $scenario() {
            super::$scenario(&crate::common::$driver::default());
        })*
    };
    ($($module:ident = $driver:ident $(if $feature:literal)?),*) => {
        $($(#[cfg(feature = $feature)])?
        mod $module {
            suite!($driver:
                phases_run_in_order,
                a_phase_waits_for_its_last_member,
                one_that_hangs_is_named_and_later_phases_run,
                one_that_ends_only_when_forced_is_no_success,
                a_second_signal_forces,
                a_third_signal_ends_it_with_the_truth,
                a_failure_starts_the_shutdown,
                a_panic_starts_the_shutdown,
                failures_while_stopping_are_collected,
                a_hook_that_hangs_holds_up_nobody_for_good,
                who_comes_too_late_is_refused,
                members_may_have_the_same_name,
                triggering_and_waiting_twice_mean_the_same,
                the_last_handle_dropped_stops_the_service,
            );
        })*
    };
}

suite!(tasks = Tasks if "tokio", closures = Closures, guards = Guards);
