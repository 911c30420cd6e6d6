//! What libzmq does with an address that is given up.

use linger_registry::{Outcome, Registry, zmq};

use crate::support::{ample, eventually};

/// A limit that is documented: should libzmq ever do better, the docs may say so.
#[test]
fn unbinding_discards_what_is_queued_for_those_who_connected_there() {
    const SENT: usize = 20_000;
    let registry = Registry::new();
    let push = registry.socket(zmq::PUSH).name("push").open().unwrap();
    push.set_sndhwm(0).unwrap();
    push.set_sndbuf(4096).unwrap();
    push.bind("tcp://127.0.0.1:*").unwrap();
    let address = push.last_endpoint().unwrap();
    let far = zmq::Context::new();
    let pull = far.socket(zmq::PULL).unwrap();
    pull.set_rcvhwm(10).unwrap();
    pull.set_rcvbuf(4096).unwrap();
    pull.connect(&address).unwrap();
    for _ in 0..SENT {
        push.send(&[7; 1000][..], 0).unwrap();
    }
    pull.recv_bytes(0).unwrap();
    push.unbind(&address).unwrap();
    // The listener is gone, and what was connected through it.
    eventually("nobody is connected", || {
        push.send("more", zmq::DONTWAIT) == Err(zmq::Error::EAGAIN)
    });
    drop(push);
    let report = registry.close_by(ample());
    let outcome = report.socket("push").unwrap().outcome();
    assert!(matches!(outcome, Outcome::Emptied { .. }), "{report}");
    pull.set_rcvtimeo(500).unwrap();
    let mut received = 1;
    while pull.recv_bytes(0).is_ok() {
        received += 1;
    }
    assert!(received < SENT / 2, "{received}");
}
