//! A close that begins while the closer thread puts a socket by for it. Alone: the subscriber that
//! holds that thread up is global.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "registry/support.rs"]
mod support;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use linger_registry::{Group, Linger, Registry, RegistryState, zmq};
use support::{after, ample, eventually};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static GROUP: OnceLock<Group> = OnceLock::new();
static HELD_UP: AtomicBool = AtomicBool::new(false);

/// Holds the closer thread up, at the first it says with a group to wait for, until the group stops.
struct HoldUp;

impl Subscriber for HoldUp {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("linger_registry")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        if thread::current().name() != Some("linger-closer") {
            return;
        }
        if let Some(group) = GROUP.get() {
            if !HELD_UP.swap(true, Ordering::SeqCst) {
                eventually("the close begins", || group.is_stopped());
            }
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn what_is_kept_does_not_hold_a_close_that_begins_without_time() {
    tracing::subscriber::set_global_default(HoldUp).unwrap();
    let registry = Registry::new();
    let (push, pull) = support::pair(&registry);
    push.send("x", 0).unwrap();
    assert_eq!(pull.recv_bytes(0).unwrap(), b"x");
    let endless = registry.socket(zmq::PUSH).name("endless");
    let endless = endless
        .linger(Linger::ForEverUntilTheCloseDeadline)
        .open()
        .unwrap();
    endless.connect("tcp://127.0.0.1:1").unwrap();
    endless.send("never taken", zmq::DONTWAIT).unwrap();
    // Something else for the thread to say is not what it is held up at: it sleeps by now.
    drop(support::stuck(
        &registry,
        "before",
        Duration::from_millis(1),
    ));
    eventually("it has ended", || registry.snapshot().len() == 3);

    GROUP.get_or_init(|| registry.group("default"));
    drop(endless);
    eventually("the closer puts it by", || HELD_UP.load(Ordering::SeqCst));
    let report = registry.close_by(after(Duration::ZERO));
    assert!(!report.socket("endless").unwrap().outcome().is_clean());
    drop((push, pull));
    eventually("the context ends", || {
        registry.state() == RegistryState::Closed
    });
    assert!(registry.close_by(ample()).is_same(&report));
}
