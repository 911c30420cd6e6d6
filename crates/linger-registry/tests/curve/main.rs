//! CURVE and ZAP between sockets of registries: who has a key that is known is heard, nobody else.
//!
//! The bundled libzmq is built without CURVE, so `cargo test` leaves all of these out:
//! `cargo xtask integration --system-libzmq` runs them.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

mod doorkeeper;
mod keys;
mod pair;
mod strangers;
mod wire;

use std::time::{Duration, Instant};

use linger_registry::zmq;

/// A deadline that no test that passes comes near.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Waits for a condition that nothing announces.
#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = soon();
    while !holds() {
        assert!(Instant::now() < limit, "never: {what}");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

#[test]
fn the_libzmq_that_is_linked_has_curve() {
    let asked = std::env::var_os("LINGER_SYSTEM_LIBZMQ");
    assert!(asked.is_some(), "cargo xtask integration --system-libzmq");
    assert_eq!(zmq::has("curve"), Some(true));
}
