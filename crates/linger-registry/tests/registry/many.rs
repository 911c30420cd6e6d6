//! More sockets than monitors, and more than a context holds.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::support::{after, ample, stuck};
use linger_registry::{ContextOutcome, OpenError, Outcome, Registry, Socket, zmq};

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

#[test]
fn beyond_the_monitors_they_are_closed_unobserved_rather_than_late() {
    let registry = Registry::new();
    let linger = Duration::from_millis(1_500);
    let sockets: Vec<_> = (0..200)
        .map(|n| stuck(&registry, &format!("stuck {n}"), linger))
        .collect();
    drop(sockets);
    let began = Instant::now();
    let report = registry.close_by(ample());
    let count = |wanted: &Outcome| {
        report
            .sockets()
            .iter()
            .filter(|it| it.outcome() == wanted)
            .count()
    };
    assert_eq!(count(&Outcome::Expired { linger }), 128, "{report}");
    assert_eq!(count(&Outcome::Unobserved), 72);
    assert!(matches!(report.context(), ContextOutcome::Ended { .. }));
    // One linger for all, not one after another.
    assert!(began.elapsed() < 2 * linger, "{:?}", began.elapsed());
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
