//! Registries whose context others have.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{after, ample, bounded, clog, eventually};
use linger_registry::{ContextError, ContextOutcome, Outcome, Registry, RegistryState, zmq};

#[test]
fn what_others_make_with_its_context_talks_in_process_to_its_sockets() {
    let registry = Registry::shared();
    let context = registry.context().unwrap();
    let jobs = registry.socket(zmq::PULL).name("jobs").open().unwrap();
    jobs.bind("inproc://jobs").unwrap();
    let out = context.socket(zmq::PUSH).unwrap();
    out.connect("inproc://jobs").unwrap();
    out.send("job", 0).unwrap();
    assert_eq!(jobs.recv_bytes(0).unwrap(), b"job");
    drop((out, context, jobs));
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
    assert!(
        matches!(report.context(), ContextOutcome::Released { .. }),
        "{report}"
    );
    assert_eq!(registry.state(), RegistryState::Closed);
}

#[test]
fn ends_are_seen_and_the_last_to_let_go_waits_for_nothing_that_lingers() {
    let linger = Duration::from_millis(120);
    let registry = Registry::shared();
    let lost = registry
        .socket(zmq::PUSH)
        .name("lost")
        .linger(linger)
        .open()
        .unwrap();
    clog(&lost);
    drop(lost);
    let report = registry.close_by(ample());
    assert_eq!(
        *report.socket("lost").unwrap().outcome(),
        Outcome::Expired { linger }
    );
    assert!(
        matches!(report.context(), ContextOutcome::Released { .. }),
        "{report}"
    );
}

#[test]
fn a_clone_that_is_kept_for_ever_holds_up_nobody() {
    let registry = Registry::shared();
    let kept = registry.context().unwrap();
    let pull = registry.socket(zmq::PULL).open().unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    drop(pull);
    let began = Instant::now();
    let report = registry.close_by(began + Duration::from_secs(20));
    assert!(began.elapsed() < Duration::from_secs(10), "{report}");
    assert!(
        matches!(report.context(), ContextOutcome::Released { .. }),
        "{report}"
    );
    assert!(report.is_clean(), "{report}");
    // It was not ended: whoever has it can go on.
    let later = kept.socket(zmq::PULL).unwrap();
    later.bind("tcp://127.0.0.1:*").unwrap();
    bounded("the last clone", move || drop((later, kept)));
}

#[test]
fn a_release_that_waits_for_what_others_closed_is_reported_by_the_deadline() {
    let registry = Registry::shared();
    let context = registry.context().unwrap();
    let stuck = context.socket(zmq::PUSH).unwrap();
    stuck.set_linger(-1).unwrap();
    clog(&stuck);
    let own = registry.socket(zmq::PULL).name("own").open().unwrap();
    drop((stuck, context));
    drop(own);
    let limit = Duration::from_millis(500);
    let began = Instant::now();
    let report = registry.close_by(began + limit);
    assert!(began.elapsed() < limit + Duration::from_millis(250));
    assert!(
        matches!(report.context(), ContextOutcome::Releasing { .. }),
        "{report}"
    );
    assert!(report.to_string().contains("RELEASING"), "{report}");
    assert!(!report.is_clean());
    let own = report.socket("own").unwrap();
    assert!(matches!(own.outcome(), Outcome::Emptied { .. }), "{report}");
}

#[test]
fn what_lingers_beyond_the_deadline_is_named_and_is_let_go_of_later() {
    let registry = Registry::shared();
    let long = registry
        .socket(zmq::PUSH)
        .name("long")
        .linger(Duration::from_millis(900))
        .open()
        .unwrap();
    clog(&long);
    drop(long);
    eventually("it lingers", || {
        registry.snapshot()[0].state() == linger_registry::SocketState::Closing
    });
    let report = registry.close_by(after(Duration::from_millis(100)));
    // Closed before or after the close began: the closer thread may have been that slow.
    match report.socket("long").unwrap().outcome() {
        Outcome::Lingering { .. } => {
            let holders = vec!["long".to_owned()];
            assert_eq!(*report.context(), ContextOutcome::Pending { holders });
        }
        Outcome::Expired { linger } => assert!(*linger <= Duration::from_millis(100)),
        other => panic!("{other:?}"),
    }
    eventually("it is released", || {
        registry.state() == RegistryState::Closed
    });
}

#[test]
fn an_owner_that_does_not_let_go_is_named_and_not_woken() {
    let registry = Registry::shared();
    let deaf = registry.socket(zmq::PULL).name("deaf").open().unwrap();
    deaf.bind("inproc://deaf").unwrap();
    let waker = registry.context().unwrap().socket(zmq::PUSH).unwrap();
    waker.connect("inproc://deaf").unwrap();
    let (about_to, ready) = mpsc::channel();
    let owner = thread::spawn(move || {
        about_to.send(()).unwrap();
        deaf.recv_bytes(0)
    });
    ready.recv().unwrap();
    let report = registry.close_by(after(Duration::from_millis(300)));
    assert_eq!(
        *report.socket("deaf").unwrap().outcome(),
        Outcome::StillOpen
    );
    let holders = vec!["deaf".to_owned()];
    assert_eq!(*report.context(), ContextOutcome::Pending { holders });
    // No ETERM: it gets its message, and its late drop is still taken care of.
    waker.send("late", 0).unwrap();
    assert_eq!(
        bounded("the owner", move || owner.join().unwrap()),
        Ok(b"late".to_vec())
    );
    drop(waker);
    eventually("it is released", || {
        registry.state() == RegistryState::Closed
    });
}

#[test]
fn only_a_shared_registry_that_is_open_lends_its_context() {
    let private = Registry::new();
    assert!(matches!(private.context(), Err(ContextError::Private)));
    let shared = Registry::shared();
    let _ = shared.close_by(ample());
    assert!(matches!(
        shared.context(),
        Err(ContextError::Closing {
            state: RegistryState::Closed
        })
    ));
}

#[test]
fn abandoned_it_lets_go_once_its_sockets_are_gone() {
    let registry = Registry::shared();
    let context = registry.context().unwrap();
    let socket = registry.socket(zmq::PULL).open().unwrap();
    drop(registry);
    drop(socket);
    let reader = context.socket(zmq::PULL).unwrap();
    bounded("the drop", move || drop((reader, context)));
}

#[test]
fn a_socket_that_it_adopted_from_itself_is_observed() {
    let registry = Registry::shared();
    let context = registry.context().unwrap();
    let pull = context.socket(zmq::PULL).unwrap();
    let adopted = registry
        .adopt(pull)
        .context(&context)
        .name("adopted")
        .take()
        .unwrap();
    drop(context);
    drop(adopted);
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_context_that_is_ended_by_whoever_borrowed_it_holds_nobody() {
    let registry = Registry::shared();
    let mut borrowed = registry.context().unwrap();
    // So that no destructor ends it again.
    std::mem::forget(borrowed.clone());
    let held = registry
        .socket(zmq::PULL)
        .name("held")
        .observe()
        .open()
        .unwrap();
    let given = registry.socket(zmq::PULL).name("given").open().unwrap();
    let given = given.into_zmq();
    let ending = thread::spawn(move || borrowed.destroy());
    assert_eq!(held.recv_bytes(0), Err(zmq::Error::ETERM));
    assert_eq!(given.recv_bytes(0), Err(zmq::Error::ETERM));
    drop((held, given));
    // It waits for the registry's monitors too.
    assert_eq!(bounded("the end", move || ending.join().unwrap()), Ok(()));
    let report = bounded("the close", move || registry.close_by(ample()));
    for name in ["held", "given"] {
        let outcome = report.socket(name).unwrap().outcome();
        assert_eq!(*outcome, Outcome::Unobserved, "{report}");
    }
}
