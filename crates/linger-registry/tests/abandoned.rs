//! A registry that is dropped without a close. Alone in its process: it counts threads.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "registry/support.rs"]
mod support;

use std::fs;
use std::time::Duration;

use linger_registry::{Registry, zmq};
use support::{eventually, pair};

/// Threads of ours and of libzmq, by name.
fn threads() -> Vec<String> {
    fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| name.starts_with("linger-") || name.starts_with("ZMQ"))
        .collect()
}

#[test]
fn the_context_ends_in_the_background_after_the_last_socket() {
    for _ in 0..20 {
        let registry = Registry::new();
        let (push, pull) = pair(&registry);
        drop(registry);
        push.send("still works", 0).unwrap();
        assert_eq!(pull.recv_bytes(0).unwrap(), b"still works");
        assert!(
            threads().contains(&"linger-closer".to_owned()),
            "{:?}",
            threads()
        );
        drop(pull);
        drop(push);
        eventually("all threads are gone", || threads().is_empty());
    }

    // Sockets first, and one that lingers.
    let registry = Registry::new();
    drop(support::stuck(
        &registry,
        "lingers",
        Duration::from_millis(50),
    ));
    drop(registry);
    eventually("all threads are gone", || threads().is_empty());

    // Closed, and never opened anything.
    let registry = Registry::new();
    drop(registry.socket(zmq::PUB).open().unwrap());
    assert!(registry.close_by(support::ample()).is_clean());
    eventually("all threads are gone", || threads().is_empty());
    drop(Registry::new());
    assert!(threads().is_empty());
}
