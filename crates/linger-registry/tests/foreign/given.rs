//! Sockets that are given to a wrapper, which closes them.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{after, ample, bounded, clog, eventually};
use linger_registry::{ContextOutcome, Outcome, Registry, RegistryState, SocketState, zmq};

#[test]
fn dropped_by_its_wrapper_its_end_is_seen_and_its_name_free_again() {
    let registry = Registry::new();
    let jobs = registry.socket(zmq::PULL).name("jobs").open().unwrap();
    jobs.bind("tcp://127.0.0.1:*").unwrap();
    let out = registry.socket(zmq::PUSH).name("out").open().unwrap();
    out.connect(&jobs.last_endpoint().unwrap()).unwrap();
    let out = out.into_zmq();
    out.send("job", 0).unwrap();
    assert_eq!(jobs.recv_bytes(0).unwrap(), b"job");
    assert_eq!(registry.snapshot()[1].state(), SocketState::Open);
    drop(out);
    eventually("its end is seen", || registry.snapshot().len() == 1);
    let second = registry.socket(zmq::PULL).name("out").open().unwrap();
    drop(second.into_zmq());
    drop(jobs);
    let report = registry.close_by(ample());
    let sender = &report.sockets()[1];
    assert_eq!(
        *sender.outcome(),
        Outcome::Ended {
            receive_only: false
        }
    );
    assert!(!sender.outcome().is_clean());
    let receiver = &report.sockets()[2];
    assert_eq!(*receiver.outcome(), Outcome::Ended { receive_only: true });
    assert!(receiver.outcome().is_clean());
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
}

#[test]
fn it_lingers_as_it_was_opened_to_and_the_close_waits_for_that() {
    let linger = Duration::from_millis(200);
    let registry = Registry::new();
    let out = registry
        .socket(zmq::PUSH)
        .name("out")
        .linger(linger)
        .open()
        .unwrap();
    out.set_linger(-1).unwrap();
    clog(&out);
    let out = out.into_zmq();
    assert_eq!(out.get_linger().unwrap(), 200);
    let began = Instant::now();
    drop(out);
    let report = registry.close_by(ample());
    assert!(
        began.elapsed() >= linger - Duration::from_millis(5),
        "{report}"
    );
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
    assert_eq!(
        *report.socket("out").unwrap().outcome(),
        Outcome::Ended {
            receive_only: false
        }
    );
}

#[test]
fn a_wrapper_in_a_bare_recv_is_woken_by_eterm_at_the_reserve() {
    let registry = Registry::new();
    let deaf = registry.socket(zmq::PULL).name("deaf").open().unwrap();
    deaf.bind("tcp://127.0.0.1:*").unwrap();
    let deaf = deaf.into_zmq();
    let (about_to, ready) = mpsc::channel();
    let wrapper = thread::spawn(move || {
        about_to.send(()).unwrap();
        deaf.recv_bytes(0)
    });
    ready.recv().unwrap();
    // A reserve wide enough for a busy machine: half of 400 ms.
    let report = registry.close_by(after(Duration::from_secs(3)));
    assert_eq!(wrapper.join().unwrap(), Err(zmq::Error::ETERM));
    let deaf = report.socket("deaf").unwrap();
    assert!(
        matches!(deaf.outcome(), Outcome::ClosedLate { .. }),
        "{report}"
    );
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
}

#[test]
fn kept_past_the_deadline_it_is_named_and_its_late_drop_blocks_nobody() {
    let registry = Registry::new();
    let kept = registry.socket(zmq::PUSH).name("kept").open().unwrap();
    clog(&kept);
    let kept = kept.into_zmq();
    let limit = Duration::from_millis(300);
    let began = Instant::now();
    let report = registry.close_by(began + limit);
    assert!(began.elapsed() < limit + Duration::from_millis(250));
    assert_eq!(
        *report.socket("kept").unwrap().outcome(),
        Outcome::StillOpen
    );
    let holders = vec!["kept".to_owned()];
    assert_eq!(*report.context(), ContextOutcome::Pending { holders });
    bounded("the drop", move || drop(kept));
    eventually("the context ends", || {
        registry.state() == RegistryState::Closed
    });
}

#[test]
fn given_after_the_deadline_it_only_says_eterm() {
    let registry = Registry::new();
    let late = registry.socket(zmq::PULL).name("late").open().unwrap();
    let report = registry.close_by(after(Duration::from_millis(100)));
    assert_eq!(
        *report.socket("late").unwrap().outcome(),
        Outcome::StillOpen
    );
    let late = late.into_zmq();
    assert_eq!(late.recv_bytes(0), Err(zmq::Error::ETERM));
    bounded("the drop", move || drop(late));
    eventually("the context ends", || {
        registry.state() == RegistryState::Closed
    });
}

#[test]
fn what_was_unobserved_is_given_until_the_reserve_and_stays_unobserved() {
    for registry in [Registry::new(), Registry::shared()] {
        let given = registry
            .socket(zmq::PULL)
            .name("given")
            .unobserved()
            .open()
            .unwrap();
        drop(given.into_zmq());
        // A reserve wide enough for a busy machine: half of 400 ms.
        let limit = Duration::from_secs(2);
        let began = Instant::now();
        let report = registry.close_by(began + limit);
        assert!(began.elapsed() >= limit / 2, "{report}");
        let given = report.socket("given").unwrap();
        assert_eq!(*given.outcome(), Outcome::Unobserved, "{report}");
        assert!(
            matches!(
                report.context(),
                ContextOutcome::Ended { .. } | ContextOutcome::Released { .. }
            ),
            "{report}"
        );
    }
}

#[test]
fn what_was_adopted_leaves_for_good() {
    let context = zmq::Context::new();
    let registry = Registry::new();
    let pull = context.socket(zmq::PULL).unwrap();
    let adopted = registry
        .adopt(pull)
        .context(&context)
        .name("guest")
        .take()
        .unwrap();
    let back = adopted.into_zmq();
    assert!(registry.snapshot().is_empty());
    let report = registry.close_by(ample());
    assert_eq!(
        *report.socket("guest").unwrap().outcome(),
        Outcome::Unobserved
    );
    back.bind("tcp://127.0.0.1:*").unwrap();
    bounded("the drops", move || drop((back, context)));
}

#[test]
fn a_shared_registry_keeps_its_context_for_what_it_gave() {
    let registry = Registry::shared();
    let given = registry.socket(zmq::PUSH).name("given").open().unwrap();
    clog(&given);
    let given = given.into_zmq();
    given.set_linger(-1).unwrap();
    let report = registry.close_by(after(Duration::from_millis(200)));
    assert_eq!(
        *report.socket("given").unwrap().outcome(),
        Outcome::StillOpen
    );
    let holders = vec!["given".to_owned()];
    assert_eq!(*report.context(), ContextOutcome::Pending { holders });
    // Were it the last clone, this would wait for the linger, for ever.
    bounded("the drop", move || drop(given));
}
