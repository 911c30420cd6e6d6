//! A registry that is dropped without a close. Alone in its process: it counts threads.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "registry/support.rs"]
mod support;

use std::fs;
use std::time::Duration;

use linger_registry::{Registry, zmq};
use support::{eventually, pair};

/// How many threads this process has. (Reading `/proc/self/task` misses some while others end.)
fn threads() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let count = status
        .lines()
        .find_map(|line| line.strip_prefix("Threads:"))
        .unwrap();
    count.trim().parse().unwrap()
}

#[test]
fn the_context_ends_in_the_background_after_the_last_socket() {
    let before = threads();
    for _ in 0..20 {
        let registry = Registry::new();
        let (push, pull) = pair(&registry);
        drop(registry);
        push.send("still works", 0).unwrap();
        assert_eq!(pull.recv_bytes(0).unwrap(), b"still works");
        // The closer, and libzmq's reaper and I/O thread.
        assert_eq!(threads(), before + 3);
        drop(pull);
        drop(push);
        eventually("all threads are gone", || threads() == before);
    }

    // Sockets first, and one that lingers.
    let registry = Registry::new();
    drop(support::stuck(
        &registry,
        "lingers",
        Duration::from_millis(50),
    ));
    drop(registry);
    eventually("all threads are gone", || threads() == before);

    // Closed, and never opened anything.
    let registry = Registry::new();
    drop(registry.socket(zmq::PUB).open().unwrap());
    assert!(registry.close_by(support::ample()).is_clean());
    eventually("all threads are gone", || threads() == before);
    drop(Registry::new());
    assert!(threads() == before);
}
