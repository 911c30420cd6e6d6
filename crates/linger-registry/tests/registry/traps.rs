//! Options that do not do what they promise.

use linger_registry::{Linger, Registry, Trap, zmq};

use crate::support::ample;

#[test]
fn they_stand_in_the_snapshot_and_in_the_report() {
    let registry = Registry::new();
    let out = registry.socket(zmq::PUSH).name("out").open().unwrap();
    out.set_conflate(true).unwrap();
    out.connect("tcp://127.0.0.1:1").unwrap();
    assert_eq!(registry.snapshot()[0].traps(), [Trap::Conflate]);
    // Set once it was connected: found at the close.
    out.set_linger(-1).unwrap();
    drop(out);
    let sub = registry.socket(zmq::SUB).name("sub").open().unwrap();
    sub.set_conflate(true).unwrap();
    sub.connect("tcp://127.0.0.1:1").unwrap();
    drop(sub);
    let report = registry.close_by(ample());
    let out = report.socket("out").unwrap().info();
    assert_eq!(out.traps(), [Trap::Conflate, Trap::LingerForEver]);
    assert_eq!(report.socket("sub").unwrap().info().traps(), []);
    let text = report.to_string();
    assert!(text.contains("CONFLATE, LINGER -1"), "{text}");
}

#[test]
fn a_linger_of_ours_is_no_trap() {
    let registry = Registry::new();
    let out = registry
        .socket(zmq::PUSH)
        .linger(Linger::ForEverUntilTheCloseDeadline)
        .open()
        .unwrap();
    out.bind("tcp://127.0.0.1:*").unwrap();
    drop(out);
    let report = registry.close_by(ample());
    assert_eq!(report.sockets()[0].info().traps(), []);
    let text = report.to_string();
    assert!(!text.contains("notes"), "{text}");
}
