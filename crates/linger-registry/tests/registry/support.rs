//! What the tests share.

use std::thread;
use std::time::{Duration, Instant};

use linger_registry::{Registry, Socket, zmq};

/// A deadline that no test that passes comes near.
pub(crate) fn ample() -> Instant {
    after(Duration::from_secs(20))
}

pub(crate) fn after(limit: Duration) -> Instant {
    Instant::now() + limit
}

/// Waits for a condition that nothing announces; fails after 10 seconds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = after(Duration::from_secs(10));
    while !holds() {
        assert!(Instant::now() < limit, "{what} within 10 seconds");
        thread::park_timeout(Duration::from_millis(1));
    }
}

/// A bound `PULL` and a `PUSH` connected to it over TCP.
pub(crate) fn pair(registry: &Registry) -> (Socket, Socket) {
    let pull = registry.socket(zmq::PULL).name("pull").open().unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let push = registry.socket(zmq::PUSH).name("push").open().unwrap();
    push.connect(&pull.last_endpoint().unwrap()).unwrap();
    (push, pull)
}

/// A `PUSH` with one message that nobody will ever take.
#[track_caller]
pub(crate) fn stuck(registry: &Registry, name: &str, linger: Duration) -> Socket {
    let push = registry
        .socket(zmq::PUSH)
        .name(name)
        .linger(linger)
        .open()
        .unwrap();
    // Port 1 of the loopback: nobody listens.
    push.connect("tcp://127.0.0.1:1").unwrap();
    push.send("never taken", zmq::DONTWAIT).unwrap();
    push
}
