//! A thread that blocks in `recv`.

use std::time::Instant;

use crate::close::{is_closed_late, wakes_at_once, wakes_late};
use crate::owner::asleep;
use linger_registry::{Outcome, Registry, Socket, zmq};

fn feed(registry: &Registry) -> Socket {
    let feed = registry.socket(zmq::PULL).name("feed").open().unwrap();
    feed.bind("tcp://127.0.0.1:*").unwrap();
    feed
}

#[test]
fn it_is_woken_by_the_end_of_the_context() {
    let registry = Registry::new();
    let feed = feed(&registry);
    let owner = asleep("reader", move || (feed.recv_bytes(0), Instant::now()));
    let (received, report) = wakes_late(&registry, owner);
    assert_eq!(received, Err(zmq::Error::ETERM));
    is_closed_late(&report, "feed", "reader");
    assert!(!report.is_clean(), "{report}");
}

#[test]
fn with_a_limit_of_zmq_it_looks_at_the_stop_in_between() {
    let registry = Registry::new();
    let feed = feed(&registry);
    feed.set_rcvtimeo(5).unwrap();
    let owner = asleep("reader", move || {
        while !feed.group().is_stopped() {
            assert_eq!(feed.recv_bytes(0), Err(zmq::Error::EAGAIN));
        }
    });
    let ((), report) = wakes_at_once(&registry, owner);
    assert!(report.is_clean(), "{report}");
}

#[test]
fn in_recv_until_stopped_it_is_woken_by_the_stop() {
    let registry = Registry::new();
    let feed = feed(&registry);
    let owner = asleep("reader", move || feed.recv_until_stopped());
    let (received, report) = wakes_at_once(&registry, owner);
    assert!(received.unwrap_err().is_stopped());
    assert!(report.is_clean(), "{report}");
    let feed = report.socket("feed").unwrap();
    assert!(matches!(feed.outcome(), Outcome::Emptied { .. }));
    assert_eq!(feed.info().last_thread(), "reader");
}
