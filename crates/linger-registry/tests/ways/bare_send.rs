//! A thread that blocks in `send`, at the high-water mark.

use std::time::{Duration, Instant};

use crate::close::{is_closed_late, wakes_at_once, wakes_late};
use crate::owner::asleep;
use linger_registry::{ContextOutcome, Outcome, Registry, Socket, zmq};

/// A `PUSH` that is full, and whose peer never comes.
fn full(registry: &Registry, linger: Duration) -> Socket {
    let builder = registry.socket(zmq::PUSH).name("full").linger(linger);
    let push = builder.open().unwrap();
    push.set_sndhwm(1).unwrap();
    push.connect("tcp://127.0.0.1:1").unwrap();
    push.send("fills it", 0).unwrap();
    push
}

#[test]
fn it_is_woken_by_the_end_of_the_context() {
    let registry = Registry::new();
    let full = full(&registry, Duration::ZERO);
    let owner = asleep("writer", move || (full.send("more", 0), Instant::now()));
    let (sent, report) = wakes_late(&registry, owner);
    assert_eq!(sent, Err(zmq::Error::ETERM));
    is_closed_late(&report, "full", "writer");
}

#[test]
fn then_no_linger_can_be_set_any_more_and_its_own_goes_beyond_the_deadline() {
    let registry = Registry::new();
    let full = full(&registry, Duration::from_secs(30));
    let owner = asleep("writer", move || {
        let sent = full.send("more", 0);
        let woken = Instant::now();
        assert_eq!(full.set_linger(0), Err(zmq::Error::ETERM));
        (sent, woken)
    });
    let (_, report) = wakes_late(&registry, owner);
    is_closed_late(&report, "full", "writer");
    let ContextOutcome::Pending { holders } = report.context() else {
        panic!("{report}")
    };
    assert_eq!(*holders, ["full"]);
}

#[test]
fn in_send_until_stopped_it_is_woken_by_the_stop_and_what_was_queued_is_named() {
    let registry = Registry::new();
    let linger = Duration::from_millis(100);
    let full = full(&registry, linger);
    let owner = asleep("writer", move || full.send_until_stopped("more"));
    let (sent, report) = wakes_at_once(&registry, owner);
    assert!(sent.unwrap_err().is_stopped());
    let outcome = report.socket("full").unwrap().outcome();
    assert_eq!(*outcome, Outcome::Expired { linger }, "{report}");
}

#[test]
fn past_the_stop_it_can_bring_out_what_it_still_has() {
    let registry = Registry::new();
    let out = registry.socket(zmq::PUSH).name("out").open().unwrap();
    out.set_sndhwm(1).unwrap();
    out.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = out.last_endpoint().unwrap();
    let owner = asleep("writer", move || {
        let refused = out.send_until_stopped("result").unwrap_err();
        assert!(refused.is_stopped());
        out.send_past_stop_by("result", crate::support::ample())
    });
    // The peer comes only after the stop: outside of the registry, as other processes are.
    let stop = registry.group("default");
    let peer = std::thread::spawn(move || {
        crate::support::eventually("the close begins", || stop.is_stopped());
        let context = zmq::Context::new();
        let peer = context.socket(zmq::PULL).unwrap();
        peer.connect(&endpoint).unwrap();
        peer.recv_bytes(0)
    });
    let (sent, report) = wakes_at_once(&registry, owner);
    assert_eq!(sent, Ok(()));
    assert_eq!(peer.join().unwrap().unwrap(), b"result");
    assert!(report.is_clean(), "{report}");
}
