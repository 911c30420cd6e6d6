//! More sockets than monitors, and more than a context holds.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{after, ample, eventually, stuck};
use linger_registry::{
    ContextOutcome, OpenError, Outcome, Registry, Report, Socket, SocketReport, zmq,
};

#[test]
fn two_hundred_at_once_stand_once_each_in_the_report() {
    let registry = Registry::new();
    let sockets: Vec<_> = (0..200)
        .map(|_| registry.socket(zmq::DEALER).open().unwrap())
        .collect();
    for socket in &sockets {
        socket.bind("tcp://127.0.0.1:*").unwrap();
    }
    drop(sockets);
    let report = registry.close_by(ample());
    let names: HashSet<_> = report
        .sockets()
        .iter()
        .map(|socket| socket.name())
        .collect();
    assert_eq!((report.sockets().len(), names.len()), (200, 200));
    assert!(matches!(report.context(), ContextOutcome::Ended { .. }));
    let emptied = report
        .sockets()
        .iter()
        .filter(|it| it.outcome().is_clean())
        .count();
    assert!(emptied >= 128, "{emptied} emptied\n{report}");
}

const LINGER: Duration = Duration::from_millis(1_500);

/// More than there are monitors for, and none of them ever empties.
fn two_hundred_stuck(registry: &Registry) -> Vec<Socket> {
    let stuck = (0..200).map(|n| stuck(registry, &format!("stuck {n}"), LINGER));
    stuck.collect()
}

/// Closes by then; the sockets are dropped as soon as the close has begun, and none before.
fn close_with(registry: &Registry, sockets: Vec<Socket>, deadline: Instant) -> Report {
    let stop = sockets[0].group().clone();
    let owner = thread::spawn(move || {
        eventually("the group stops", || stop.is_stopped());
        drop(sockets);
    });
    let report = registry.close_by(deadline);
    owner.join().unwrap();
    report
}

fn count(report: &Report, wanted: &Outcome) -> usize {
    let sockets = report.sockets().iter();
    sockets.filter(|it| it.outcome() == wanted).count()
}

#[test]
fn beyond_the_monitors_each_waits_for_one_as_long_as_it_may_linger() {
    let registry = Registry::new();
    let stuck = two_hundred_stuck(&registry);
    let began = Instant::now();
    let report = close_with(&registry, stuck, ample());
    let expired = Outcome::Expired { linger: LINGER };
    assert_eq!(count(&report, &expired), 200, "{report}");
    assert!(matches!(report.context(), ContextOutcome::Ended { .. }));
    // One linger for all, not one after another.
    assert!(began.elapsed() < 2 * LINGER, "{:?}", began.elapsed());
}

#[test]
fn what_the_deadline_cuts_short_is_observed_beyond_the_monitors_too() {
    let registry = Registry::new();
    let stuck = two_hundred_stuck(&registry);
    let report = close_with(&registry, stuck, after(LINGER / 2));
    let is_expired = |it: &&SocketReport| matches!(it.outcome(), Outcome::Expired { linger } if *linger < LINGER / 2);
    let expired = report.sockets().iter().filter(is_expired).count();
    // On a busy machine the reserve may be too short for the last of them.
    assert!(expired >= 150, "{report}");
}

#[test]
fn before_a_close_those_beyond_the_monitors_are_closed_unobserved_rather_than_late() {
    let registry = Registry::new();
    drop(two_hundred_stuck(&registry));
    eventually("the rest is closed", || registry.snapshot().len() == 128);
    let report = registry.close_by(ample());
    let expired = Outcome::Expired { linger: LINGER };
    assert_eq!(count(&report, &expired), 128, "{report}");
    assert_eq!(count(&report, &Outcome::Unobserved), 72);
}

#[test]
fn a_full_context_is_a_typed_error_and_closes_all_the_same() {
    let registry = Registry::new();
    let mut sockets: Vec<Socket> = Vec::new();
    let refused = loop {
        match registry.socket(zmq::PAIR).open() {
            Ok(socket) => sockets.push(socket),
            Err(refused) => break refused,
        }
    };
    match refused {
        OpenError::TooMany { open, source, .. } => {
            assert_eq!((open, source), (sockets.len(), zmq::Error::EMFILE));
        }
        other => panic!("{other:?}"),
    }
    let opened = sockets.len();
    drop(sockets);
    let report = registry.close_by(after(Duration::from_secs(10)));
    assert_eq!(report.sockets().len(), opened);
    assert!(matches!(report.context(), ContextOutcome::Ended { .. }));
}
