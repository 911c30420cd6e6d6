//! CURVE and ZAP on both ports: who has the right key is heard, nobody else.
//!
//! The bundled libzmq is built without CURVE, so `cargo test` leaves all of these out:
//! `cargo xtask integration --system-libzmq` runs them.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

mod doorkeeper;
mod joins;
mod keys;
mod scene;
mod secrets;
mod strangers;
mod wire;

#[test]
fn the_libzmq_that_is_linked_has_curve() {
    let asked = std::env::var_os("LINGER_SYSTEM_LIBZMQ");
    assert!(asked.is_some(), "cargo xtask integration --system-libzmq");
    assert_eq!(linger_ack::zmq::has("curve"), Some(true));
}
