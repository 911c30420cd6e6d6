//! Watching how far a shutdown is.

use std::thread;
use std::time::{Duration, Instant};

use crate::common::LONG;
use linger_coordinator::{Coordinator, Phase, Phases, Reason, Stage};

fn started() -> Coordinator {
    let builder = Coordinator::builder().phases(Phases::service());
    builder.budget(LONG).start().unwrap()
}

#[test]
fn each_phase_is_seen_by_who_watches() {
    let stop = started();
    let members = [
        Phase::READINESS,
        Phase::INTAKE,
        Phase::WORK,
        Phase::TELEMETRY,
    ]
    .map(|phase| stop.register(phase.name()).phase(phase).unwrap());
    let status = stop.status();
    assert_eq!(status.stage(), Stage::Running);
    assert!(status.phases().is_empty() && !status.is_over());
    let deadline = Instant::now() + LONG;
    let watcher = thread::spawn({
        let stop = stop.clone();
        move || {
            let mut seen = vec![status];
            for member in members {
                let phase = member.phase();
                while seen.last().unwrap().phases() != [phase] {
                    seen.push(stop.changed_by(seen.last().unwrap(), deadline).unwrap());
                }
                drop(member);
            }
            while !seen.last().unwrap().is_over() {
                seen.push(stop.changed_by(seen.last().unwrap(), deadline).unwrap());
            }
            seen
        }
    });
    stop.shutdown();
    let seen = watcher.join().unwrap();
    assert!(seen.windows(2).all(|two| two[0] != two[1]));
    assert!(seen.windows(2).all(|two| two[0].stage() <= two[1].stage()));
    assert!(seen.last().unwrap().phases().is_empty());
}

#[test]
fn nothing_changes_while_the_service_runs() {
    let stop = started();
    let soon = Instant::now() + Duration::from_millis(20);
    assert_eq!(stop.changed_by(&stop.status(), soon), None);
}

#[test]
fn a_part_sees_its_own_stop_and_that_of_the_whole() {
    let stop = started();
    let [alone, with_whole] = ["alone", "with-whole"].map(|name| stop.part(name).unwrap());
    let deadline = Instant::now() + LONG;
    alone.shutdown();
    let mut status = alone.status();
    while !status.is_over() {
        status = alone.changed_by(&status, deadline).unwrap();
    }
    assert_eq!(with_whole.status().stage(), Stage::Running);
    stop.shutdown();
    let mut status = with_whole.status();
    while !status.is_over() {
        status = with_whole.changed_by(&status, deadline).unwrap();
    }
}

#[test]
fn a_timer_stops_it() {
    let builder = Coordinator::builder().budget(LONG);
    let stop = builder
        .stop_after(Duration::from_millis(10))
        .start()
        .unwrap();
    let report = stop.wait_blocking();
    assert_eq!(*report.reason(), Reason::Timer);
    assert!(report.is_clean());
}

#[test]
fn a_timer_that_is_not_due_changes_nothing() {
    let builder = Coordinator::builder().budget(LONG);
    let stop = builder.stop_after(Duration::MAX).start().unwrap();
    stop.shutdown();
    let report = stop.wait_blocking();
    assert_eq!(*report.reason(), Reason::Request);
    assert!(report.later_reasons().is_empty());
}

#[test]
fn the_application_may_choose_the_exit_code() {
    let code = |wanted: fn() -> Option<u8>| {
        let builder = Coordinator::builder().budget(LONG);
        let stop = builder.exit_code(move |_| wanted()).start().unwrap();
        stop.shutdown();
        stop.wait_blocking().exit_code()
    };
    assert_eq!(code(|| Some(42)), 42);
    assert_eq!(code(|| None), 0);
    assert_eq!(code(|| panic!("no code today")), 0);
}
