//! Owners that don't let go.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{after, eventually};
use linger_registry::{ContextOutcome, Outcome, Registry, RegistryState, SocketState, zmq};

#[test]
fn a_socket_that_is_held_is_named_with_place_and_thread() {
    let registry = Registry::new();
    let line = line!() + 1;
    let held = registry.socket(zmq::PUSH).name("held").open().unwrap();
    let (opened, ready) = mpsc::channel();
    let (release, wait) = mpsc::channel::<()>();
    let owner = thread::Builder::new()
        .name("hoarder".into())
        .spawn(move || {
            held.get_sndhwm().unwrap(); // through Deref
            opened.send(()).unwrap();
            let _ = wait.recv();
            drop(held);
        })
        .unwrap();
    ready.recv().unwrap();

    let limit = Duration::from_millis(300);
    let began = Instant::now();
    let report = registry.close_by(began + limit);
    assert!(began.elapsed() < limit + Duration::from_millis(250));
    let held = report.socket("held").unwrap();
    assert_eq!(*held.outcome(), Outcome::StillOpen);
    assert_eq!(held.info().state(), SocketState::Open);
    assert!(held.info().opened_at().file().ends_with("still_open.rs"));
    assert_eq!(held.info().opened_at().line(), line);
    assert_eq!(held.info().last_thread(), "hoarder");
    assert_eq!(
        *report.context(),
        ContextOutcome::Pending {
            holders: vec!["held".into()]
        }
    );
    assert_eq!(registry.state(), RegistryState::Closing);

    // It comes back in the end, and so does the context; the report stays what it was.
    release.send(()).unwrap();
    owner.join().unwrap();
    eventually("the context ends", || {
        registry.state() == RegistryState::Closed
    });
    assert!(
        registry
            .close_by(after(Duration::from_secs(1)))
            .is_same(&report)
    );
}

#[test]
fn a_bare_recv_is_woken_by_eterm_at_the_reserve() {
    let registry = Registry::new();
    let deaf = registry.socket(zmq::PULL).name("deaf").open().unwrap();
    deaf.bind("tcp://127.0.0.1:*").unwrap();
    let (about_to, ready) = mpsc::channel();
    let owner = thread::Builder::new()
        .name("receiver".into())
        .spawn(move || {
            about_to.send(()).unwrap();
            deaf.recv_bytes(0)
        })
        .unwrap();
    ready.recv().unwrap();

    // A reserve wide enough for a busy machine: half of 400 ms.
    let report = registry.close_by(after(Duration::from_secs(3)));
    assert_eq!(owner.join().unwrap(), Err(zmq::Error::ETERM));
    let deaf = report.socket("deaf").unwrap();
    assert!(
        matches!(deaf.outcome(), Outcome::ClosedLate { .. }),
        "{report}"
    );
    assert_eq!(deaf.info().last_thread(), "receiver");
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
    assert!(!report.is_clean());
}

#[test]
fn a_leaked_socket_keeps_nobody_past_the_deadline() {
    let registry = Registry::new();
    std::mem::forget(registry.socket(zmq::DEALER).name("leaked").open().unwrap());
    let limit = Duration::from_millis(200);
    let began = Instant::now();
    let report = registry.close_by(began + limit);
    assert!(began.elapsed() < limit + Duration::from_millis(250));
    assert_eq!(
        *report.socket("leaked").unwrap().outcome(),
        Outcome::StillOpen
    );
}
