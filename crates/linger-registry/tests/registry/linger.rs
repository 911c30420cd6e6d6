//! How long a socket may go on sending: the policies.

use std::thread;
use std::time::Duration;

use linger_registry::{
    ContextOutcome, DEFAULT_LINGER, Linger, Outcome, Registry, Socket, SocketState, zmq,
};

use crate::support::{after, ample, eventually};

/// A `PUSH` with one message that nobody takes yet, and where somebody could.
fn queued(registry: &Registry, linger: Linger) -> (Socket, String) {
    let probe = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", probe.local_addr().unwrap());
    drop(probe);
    let push = registry
        .socket(zmq::PUSH)
        .name("push")
        .linger(linger)
        .open()
        .unwrap();
    push.connect(&endpoint).unwrap();
    push.send("late", zmq::DONTWAIT).unwrap();
    (push, endpoint)
}

#[test]
fn what_is_left_is_all_that_the_deadline_leaves() {
    let registry = Registry::new();
    let (push, _) = queued(&registry, Linger::WhatIsLeft);
    let stop = push.group().clone();
    let owner = thread::spawn(move || {
        eventually("the group stops", || stop.is_stopped());
        drop(push);
    });
    let limit = DEFAULT_LINGER * 2;
    let report = registry.close_by(after(limit));
    owner.join().unwrap();
    match report.socket("push").unwrap().outcome() {
        Outcome::Expired { linger } => assert!(*linger > DEFAULT_LINGER && *linger < limit),
        other => panic!("{other}"),
    }
    assert!(report.took() < limit + Duration::from_millis(250));
}

#[test]
fn what_is_left_is_the_default_without_a_close() {
    let registry = Registry::new();
    let (push, _) = queued(&registry, Linger::WhatIsLeft);
    drop(push);
    eventually("it has ended", || registry.snapshot().is_empty());
    let report = registry.close_by(ample());
    let outcome = report.socket("push").unwrap().outcome();
    assert_eq!(
        *outcome,
        Outcome::Expired {
            linger: DEFAULT_LINGER
        }
    );
}

#[test]
fn what_is_discarded_by_its_policy_is_clean_and_takes_no_time() {
    let registry = Registry::new();
    let (push, _) = queued(&registry, Linger::Discard);
    drop(push);
    let report = registry.close_by(ample());
    assert!(matches!(
        report.socket("push").unwrap().outcome(),
        Outcome::Discarded { .. }
    ));
    assert!(report.is_clean(), "{report}");
    assert!(report.took() < Duration::from_secs(5), "{report}");
}

#[test]
fn for_ever_is_cut_by_the_close_though_it_was_dropped_before() {
    let registry = Registry::new();
    let (push, _) = queued(&registry, Linger::ForEverUntilTheCloseDeadline);
    drop(push);
    eventually("it was taken", || {
        registry.snapshot()[0].state() == SocketState::Closing
    });
    let limit = Duration::from_millis(800);
    let report = registry.close_by(after(limit));
    match report.socket("push").unwrap().outcome() {
        Outcome::Expired { linger } => assert!(*linger < limit, "{report}"),
        other => panic!("{other}\n{report}"),
    }
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
    assert!(report.took() < limit + Duration::from_millis(250));
}

#[test]
fn for_ever_goes_on_sending_after_the_drop_and_keeps_its_address() {
    let registry = Registry::new();
    let (push, endpoint) = queued(&registry, Linger::ForEverUntilTheCloseDeadline);
    drop(push);
    let bound = registry
        .socket(zmq::PUSH)
        .name("bound")
        .linger(Linger::ForEverUntilTheCloseDeadline)
        .open()
        .unwrap();
    bound.bind("tcp://127.0.0.1:*").unwrap();
    let address = bound.last_endpoint().unwrap();
    drop(bound);
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind(&endpoint).unwrap();
    assert_eq!(pull.recv_bytes(0).unwrap(), b"late");
    assert!(context.socket(zmq::PULL).unwrap().bind(&address).is_err());
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
    assert!(report.took() < Duration::from_secs(5), "{report}");
}

#[test]
fn for_ever_without_a_close_does_not_keep_the_others() {
    let registry = Registry::new();
    let (push, endpoint) = queued(&registry, Linger::ForEverUntilTheCloseDeadline);
    drop(push);
    drop(registry);
    // It is taken out of the registry's hands, and still sent.
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind(&endpoint).unwrap();
    assert_eq!(pull.recv_bytes(0).unwrap(), b"late");
}
