//! Closing more than once, at once, and too late.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::{after, ample, eventually, pair, stuck};
use linger_registry::{ContextOutcome, Outcome, Registry, RegistryState, zmq};

#[test]
fn twice_is_the_same_report() {
    let registry = Registry::new();
    drop(pair(&registry));
    let first = registry.close_by(ample());
    let second = registry.close_by(ample());
    assert!(first.is_same(&second));
    assert_eq!(first.sockets().len(), 2);
}

#[test]
fn at_once_from_many_threads_is_the_same_report() {
    let registry = Registry::new();
    let held = pair(&registry);
    let stop = held.0.group().clone();
    let closers: Vec<_> = (0..4)
        .map(|_| {
            let registry = registry.clone();
            thread::spawn(move || registry.close_by(ample()))
        })
        .collect();
    eventually("the group stops", || stop.is_stopped());
    drop(held);
    let reports: Vec<_> = closers
        .into_iter()
        .map(|closer| closer.join().unwrap())
        .collect();
    assert!(
        reports
            .iter()
            .all(|report| report.is_same(&reports[0]) && report.is_clean())
    );
}

#[test]
fn the_earliest_deadline_counts() {
    let registry = Registry::new();
    let held = registry.socket(zmq::PUSH).name("held").open().unwrap();
    let patient = thread::spawn({
        let registry = registry.clone();
        move || registry.close_by(after(Duration::from_secs(3600)))
    });
    eventually("the close begins", || held.group().is_stopped());
    let hasty = registry.close_by(after(Duration::from_millis(100)));
    assert!(patient.join().unwrap().is_same(&hasty));
    assert_eq!(*hasty.socket("held").unwrap().outcome(), Outcome::StillOpen);
}

#[test]
fn a_deadline_in_the_past_reports_at_once_and_truly() {
    let registry = Registry::new();
    let held = registry.socket(zmq::PULL).name("held").open().unwrap();
    drop(stuck(&registry, "dropped", Duration::from_secs(3600)));
    let began = Instant::now();
    let past = began.checked_sub(Duration::from_secs(1)).unwrap();
    let report = registry.close_by(past);
    assert!(began.elapsed() < Duration::from_millis(250));
    assert_eq!(report.sockets().len(), 2);
    assert_eq!(
        *report.socket("held").unwrap().outcome(),
        Outcome::StillOpen
    );
    assert!(!report.socket("dropped").unwrap().outcome().is_clean());
    let ContextOutcome::Pending { holders } = report.context() else {
        panic!("{report}")
    };
    assert!(holders.contains(&"held".to_owned()));
    // The owner is woken at once.
    eventually("ETERM", || {
        held.recv_bytes(zmq::DONTWAIT) == Err(zmq::Error::ETERM)
    });
}

#[test]
fn without_sockets_there_is_nothing_to_wait_for() {
    let registry = Registry::new();
    let report = registry.close_by(Instant::now());
    assert_eq!(
        *report.context(),
        ContextOutcome::Ended {
            took: Duration::ZERO
        }
    );
    assert!(report.is_clean());
    assert_eq!(registry.state(), RegistryState::Closed);
}

#[test]
fn sockets_that_ended_before_stand_in_the_report_too() {
    let registry = Registry::new();
    drop(registry.socket(zmq::PUSH).name("early").open().unwrap());
    eventually("it ends", || registry.snapshot().is_empty());
    drop(registry.socket(zmq::PUSH).name("late").open().unwrap());
    let report = registry.close_by(ample());
    let names: Vec<_> = report
        .sockets()
        .iter()
        .map(|socket| socket.name())
        .collect();
    assert_eq!(names, ["early", "late"]);
}

#[test]
fn of_very_many_that_ended_before_the_oldest_are_counted() {
    let registry = Registry::new();
    for _ in 0..1_100 {
        drop(registry.socket(zmq::PUSH).open().unwrap());
        eventually("it ends", || registry.snapshot().is_empty());
    }
    let report = registry.close_by(ample());
    assert_eq!(report.sockets().len(), 1_024);
    assert_eq!(report.omitted().count, 1_100 - 1_024);
}
