//! Parts that stop with the whole, and alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::LONG;
use linger_coordinator::{BuildError, Coordinator, Outcome, Phase, Phases, Reason, Stage};

fn started(budget: Duration) -> Coordinator {
    let builder = Coordinator::builder().phases(Phases::service());
    builder.budget(budget).start().unwrap()
}

#[test]
fn a_part_stops_alone_phase_by_phase_while_the_rest_lives_on() {
    let stop = started(LONG);
    let tenant = stop.part("tenant-7").unwrap();
    let other = stop.register("other").phase(Phase::INTAKE).unwrap();
    let intake = tenant.register("in").phase(Phase::INTAKE).unwrap();
    let work = tenant.register("work").phase(Phase::WORK).unwrap();
    tenant.shutdown();
    intake.wait();
    assert!(!work.is_triggered());
    drop(intake);
    work.wait();
    drop(work);
    let report = tenant.wait_blocking();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.members().count(), 2);
    assert_eq!(*report.reason(), Reason::Request);
    assert!(!stop.is_triggered());
    assert!(!other.is_triggered());
    assert_eq!(stop.stage(), Stage::Running);
    stop.shutdown();
    drop(other);
    let report = stop.wait_blocking();
    assert!(report.is_clean(), "{report}");
    // What was done before is not of this stop.
    assert_eq!(report.members().count(), 1);
}

#[test]
fn the_whole_takes_its_parts_along_and_lists_them_under_their_names() {
    let stop = started(LONG);
    let region = stop.part("eu").unwrap();
    let tenant = region.part("tenant-7").unwrap();
    let work = tenant.register("work").phase(Phase::WORK).unwrap();
    let line = line!() + 1;
    let child = work.child("upload").unwrap();
    let intake = stop.register("in").phase(Phase::INTAKE).unwrap();
    stop.shutdown();
    intake.wait();
    assert!(tenant.is_triggered());
    assert!(!work.is_triggered(), "intake has not ended");
    drop(intake);
    work.wait();
    drop((work, child));
    let report = stop.wait_blocking();
    assert!(report.is_clean(), "{report}");
    assert!(
        report
            .member("eu/tenant-7/work")
            .unwrap()
            .outcome()
            .is_done()
    );
    let child = report.member("eu/tenant-7/work/upload").unwrap();
    assert_eq!(child.origin().line(), line);
    for part in [&region, &tenant] {
        let report = part.wait_blocking();
        assert!(report.is_clean(), "{report}");
        assert_eq!(report.members().count(), 2);
    }
}

#[test]
fn what_fails_in_a_part_stops_the_part_and_the_whole_remembers_it() {
    let stop = started(LONG);
    let tenant = stop.part("tenant-7").unwrap();
    let work = tenant.register("work").phase(Phase::WORK).unwrap();
    tenant
        .spawn_blocking("feed", Phase::INTAKE, |_| Err("no such feed".into()))
        .unwrap();
    work.wait();
    drop(work);
    let report = tenant.wait_blocking();
    let name = "tenant-7/feed".to_owned();
    let error = "no such feed".to_owned();
    assert_eq!(*report.reason(), Reason::MemberFailed { name, error });
    assert!(!stop.is_triggered());
    stop.shutdown();
    let report = stop.wait_blocking();
    let failed: Vec<_> = report
        .phases()
        .iter()
        .flat_map(|it| it.failed_before())
        .collect();
    assert_eq!(failed.len(), 1, "{report}");
    assert_eq!(failed[0].name(), "tenant-7/feed");
    assert_eq!(
        *failed[0].outcome(),
        Outcome::Failed("no such feed".to_owned())
    );
}

#[test]
fn the_whole_sets_the_pace_once_it_stops() {
    let stop = started(LONG);
    let tenant = stop.part("tenant-7").unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    for phase in [Phase::INTAKE, Phase::WORK] {
        let runs = Arc::clone(&runs);
        let hook = tenant.blocking_hook("hook", phase, move |_| {
            runs.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        hook.unwrap();
    }
    let intake = tenant.register("in").phase(Phase::INTAKE).unwrap();
    let work = tenant.register("work").phase(Phase::WORK).unwrap();
    tenant.shutdown();
    intake.wait();
    // In the middle of its own stop.
    stop.shutdown();
    drop(intake);
    work.wait();
    drop(work);
    let report = stop.wait_blocking();
    assert!(report.is_clean(), "{report}");
    assert!(report.member("tenant-7/work").is_some());
    assert!(tenant.wait_blocking().is_clean());
    assert_eq!(runs.load(Ordering::SeqCst), 2, "each hook runs once");
}

#[test]
fn a_member_of_a_part_that_hangs_is_named_by_both_and_by_their_deadlines() {
    let budget = Duration::from_millis(300);
    let stop = started(budget);
    let tenant = stop.part("tenant-7").unwrap();
    let alone = stop.part("alone").unwrap();
    let hangs = tenant.register("hangs").phase(Phase::WORK).unwrap();
    let stuck = alone.register("stuck").phase(Phase::WORK).unwrap();
    alone.shutdown();
    let report = alone.wait_blocking();
    assert!(report.took() < budget + LONG);
    assert_eq!(
        *report.member("alone/stuck").unwrap().outcome(),
        Outcome::Abandoned
    );
    assert!(!stop.is_triggered());
    stop.shutdown();
    let report = stop.wait_blocking();
    assert_eq!(
        *report.member("tenant-7/hangs").unwrap().outcome(),
        Outcome::Abandoned
    );
    assert_eq!(report.exit_code(), linger_coordinator::exit::INCOMPLETE);
    assert!(tenant.wait_blocking().member("tenant-7/hangs").is_some());
    drop((hangs, stuck));
}

#[test]
fn a_part_stops_when_its_last_handle_is_dropped() {
    let stop = started(LONG);
    let tenant = stop.part("tenant-7").unwrap();
    let member = tenant.register("work").phase(Phase::WORK).unwrap();
    drop(tenant);
    member.wait();
    assert!(!stop.is_triggered());
}

#[test]
fn what_stops_has_no_new_parts() {
    let stop = started(LONG);
    let held = stop.register("held").phase(Phase::WORK).unwrap();
    let tenant = stop.part("tenant-7").unwrap();
    stop.shutdown();
    let refused = stop.part("late");
    assert!(matches!(refused, Err(BuildError::Stopping { part }) if part == "late"));
    let refused = tenant.part("late").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "'tenant-7/late' was refused: the shutdown has begun"
    );
    drop(held);
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn parts_that_have_ended_leave_no_thread_behind() {
    let threads = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        tasks
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .filter(|name| name.starts_with("gone-"))
            .count()
    };
    let stop = started(LONG);
    for number in 0..50 {
        let part = stop.part(format!("gone-{number}")).unwrap();
        part.shutdown();
        assert!(part.wait_blocking().is_clean());
    }
    let idle = [50, 51, 52].map(|number| stop.part(format!("gone-{number}")).unwrap());
    // A thread has its name once it runs.
    eventually(|| threads() >= idle.len());
    stop.shutdown();
    assert!(stop.wait_blocking().is_clean());
    for part in idle {
        assert!(part.wait_blocking().is_clean());
    }
    eventually(|| threads() == 0);
}

#[track_caller]
fn eventually(so: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !so() {
        assert!(Instant::now() < deadline);
        thread::yield_now();
    }
}

#[test]
fn what_failed_in_a_part_of_a_part_has_its_whole_name() {
    let stop = started(LONG);
    let region = stop.part("eu").unwrap();
    let tenant = region.part("tenant-7").unwrap();
    tenant
        .register("feed")
        .phase(Phase::WORK)
        .unwrap()
        .fail("gone");
    for part in [tenant, region] {
        part.shutdown();
        let _ = part.wait_blocking();
    }
    stop.shutdown();
    let report = stop.wait_blocking();
    let names = report.phases().iter().flat_map(|it| it.failed_before());
    let names: Vec<_> = names.map(|member| member.name()).collect();
    assert_eq!(names, ["eu/tenant-7/feed"]);
}
