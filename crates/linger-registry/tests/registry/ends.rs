//! How a socket that its owner dropped ends.

use std::time::Duration;

use crate::support::{after, ample, pair, stuck};
use linger_registry::{ContextOutcome, Linger, Outcome, Registry, zmq};

#[test]
fn what_is_queued_arrives_and_the_socket_is_emptied() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    for number in 0..1_000_u32 {
        push.send(&number.to_be_bytes()[..], 0).unwrap();
    }
    drop(push);
    for number in 0..1_000_u32 {
        assert_eq!(pull.recv_bytes(0).unwrap(), number.to_be_bytes());
    }
    drop(pull);
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
    assert!(matches!(
        report.socket("push").unwrap().outcome(),
        Outcome::Emptied { .. }
    ));
    assert!(matches!(report.context(), ContextOutcome::Ended { .. }));
}

#[test]
fn nobody_takes_it_and_it_expires_after_its_own_linger() {
    let linger = Duration::from_millis(120);
    let registry = Registry::new();
    drop(stuck(&registry, "lost", linger));
    let report = registry.close_by(ample());
    assert_eq!(
        *report.socket("lost").unwrap().outcome(),
        Outcome::Expired { linger }
    );
    assert!(!report.is_clean());
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
}

#[test]
fn what_its_owner_discards_is_no_loss_and_nobody_waits_for_it() {
    let registry = Registry::new();
    let useless = stuck(&registry, "useless", Duration::from_secs(3600));
    useless.discard();
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
    assert!(matches!(
        report.socket("useless").unwrap().outcome(),
        Outcome::Discarded { .. }
    ));
    assert!(report.took() < Duration::from_secs(5), "{report}");
}

#[test]
fn a_close_cuts_a_long_linger_to_what_its_deadline_leaves() {
    let registry = Registry::new();
    let long = stuck(&registry, "long", Duration::from_secs(3600));
    let forever = registry
        .socket(zmq::PUSH)
        .name("for ever")
        .linger(Linger::ForEverUntilTheCloseDeadline)
        .open()
        .unwrap();
    forever.connect("tcp://127.0.0.1:1").unwrap();
    forever.send("never taken", zmq::DONTWAIT).unwrap();

    // Dropped once the close has begun, as owners do.
    let stop = registry.group("default");
    let owner = std::thread::spawn(move || {
        crate::support::eventually("the group stops", || stop.is_stopped());
        drop((long, forever));
    });
    let limit = Duration::from_secs(1);
    let report = registry.close_by(after(limit));
    owner.join().unwrap();
    for name in ["long", "for ever"] {
        match report.socket(name).unwrap().outcome() {
            Outcome::Expired { linger } => assert!(*linger < limit, "{report}"),
            other => panic!("{other:?}\n{report}"),
        }
    }
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
    assert!(report.took() < limit + Duration::from_millis(250));
}

#[test]
fn dropped_before_the_close_with_a_linger_beyond_it_goes_on_lingering() {
    let registry = Registry::new();
    drop(stuck(&registry, "long", Duration::from_secs(3600)));
    crate::support::eventually("closed", || {
        registry.snapshot()[0].state() == linger_registry::SocketState::Closing
    });
    let report = registry.close_by(after(Duration::from_millis(300)));
    // Closed before or after the close began: the closer thread may have been that slow.
    match report.socket("long").unwrap().outcome() {
        Outcome::Lingering {
            linger: Some(linger),
            ..
        } => {
            assert_eq!(*linger, Duration::from_secs(3600));
            let holders = vec!["long".to_owned()];
            assert_eq!(*report.context(), ContextOutcome::Pending { holders });
        }
        Outcome::Expired { linger } => assert!(*linger < Duration::from_millis(300)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_subscriber_has_nothing_to_linger_for() {
    let registry = Registry::new();
    let sub = registry.socket(zmq::SUB).name("sub").open().unwrap();
    sub.set_subscribe(b"").unwrap();
    sub.connect("tcp://127.0.0.1:1").unwrap();
    drop(sub);
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn an_in_process_receiver_reads_what_is_queued_before_the_context_ends() {
    let registry = Registry::new();
    let pull = registry.socket(zmq::PULL).name("pull").open().unwrap();
    pull.set_rcvhwm(0).unwrap();
    pull.bind("inproc://jobs").unwrap();
    let push = registry
        .socket(zmq::PUSH)
        .name("push")
        .linger(Duration::ZERO)
        .open()
        .unwrap();
    push.set_sndhwm(0).unwrap();
    push.connect("inproc://jobs").unwrap();
    for _ in 0..10_000 {
        push.send("job", 0).unwrap();
    }
    drop(push);
    let stop = pull.group().clone();
    let consumer = std::thread::spawn(move || {
        crate::support::eventually("the group stops", || stop.is_stopped());
        std::iter::from_fn(|| pull.recv_bytes(zmq::DONTWAIT).ok()).count()
    });
    let report = registry.close_by(ample());
    assert_eq!(consumer.join().unwrap(), 10_000);
    assert!(report.is_clean(), "{report}");
}

#[test]
fn an_own_monitor_is_left_alone_and_sees_the_end() {
    let registry = Registry::new();
    let reader = registry.socket(zmq::PAIR).name("reader").open().unwrap();
    let watched = registry.socket(zmq::PUSH).name("watched").open().unwrap();
    let stopped = zmq::SocketEvent::MONITOR_STOPPED.to_raw();
    watched
        .monitor("inproc://watched", i32::from(stopped))
        .unwrap();
    reader.connect("inproc://watched").unwrap();
    drop(watched);
    let event = reader.recv_multipart(0).unwrap();
    assert_eq!(event[0][..2], stopped.to_ne_bytes());
    drop(reader);
    let report = registry.close_by(ample());
    assert_eq!(
        *report.socket("watched").unwrap().outcome(),
        Outcome::Unobserved
    );
}
