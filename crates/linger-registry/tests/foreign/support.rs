//! What the tests share.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use linger_registry::zmq;

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

/// Runs it on a thread of its own; fails if it has not come back within 10 seconds.
///
/// For what must not block: should it, the test fails instead of hanging.
#[track_caller]
pub(crate) fn bounded<T: Send + 'static>(
    what: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, wait) = mpsc::channel();
    thread::spawn(move || drop(done.send(run())));
    wait.recv_timeout(Duration::from_secs(10))
        .unwrap_or_else(|_| panic!("{what} within 10 seconds"))
}

/// Gives it a message that nobody will ever take.
pub(crate) fn clog(push: &zmq::Socket) {
    // Port 1 of the loopback: nobody listens.
    push.connect("tcp://127.0.0.1:1").unwrap();
    push.send("never taken", zmq::DONTWAIT).unwrap();
}

/// A context that its last owner waits for, for ever: a closed socket lingers in it.
pub(crate) fn endless() -> zmq::Context {
    let context = zmq::Context::new();
    let stuck = context.socket(zmq::PUSH).unwrap();
    stuck.set_linger(-1).unwrap();
    clog(&stuck);
    drop(stuck);
    context
}
