//! A thread that blocks in `zmq::poll`.

use std::os::fd::AsRawFd;
use std::time::Instant;

use crate::close::{is_closed_late, wakes_at_once, wakes_late};
use crate::owner::asleep;
use linger_registry::{Polled, Registry, Socket, zmq};

fn two(registry: &Registry) -> [Socket; 2] {
    ["feed", "control"].map(|name| {
        let socket = registry.socket(zmq::PULL).name(name).open().unwrap();
        socket.bind("tcp://127.0.0.1:*").unwrap();
        socket
    })
}

#[test]
fn it_is_woken_by_the_end_of_the_context() {
    let registry = Registry::new();
    let [feed, control] = two(&registry);
    let owner = asleep("poller", move || {
        let mut items = [
            feed.as_poll_item(zmq::POLLIN),
            control.as_poll_item(zmq::POLLIN),
        ];
        let polled = zmq::poll(&mut items, -1);
        (polled, Instant::now())
    });
    let (polled, report) = wakes_late(&registry, owner);
    assert_eq!(polled, Err(zmq::Error::ETERM));
    is_closed_late(&report, "feed", "poller");
    is_closed_late(&report, "control", "poller");
}

#[test]
fn with_the_groups_descriptor_in_it_it_is_woken_by_the_stop() {
    let registry = Registry::new();
    let [feed, control] = two(&registry);
    let owner = asleep("poller", move || {
        let stop = feed.group().descriptor().unwrap().as_raw_fd();
        let mut items = [
            feed.as_poll_item(zmq::POLLIN),
            control.as_poll_item(zmq::POLLIN),
            zmq::PollItem::from_fd(stop, zmq::POLLIN),
        ];
        let polled = zmq::poll(&mut items, -1);
        (polled, items[2].is_readable())
    });
    let (polled, report) = wakes_at_once(&registry, owner);
    assert_eq!(polled, (Ok(1), true));
    assert!(report.is_clean(), "{report}");
}

#[test]
fn in_a_poll_set_it_is_woken_by_the_stop() {
    let registry = Registry::new();
    let [feed, control] = two(&registry);
    let owner = asleep("poller", move || {
        let mut set = feed.group().poll_set();
        set.add(&feed, zmq::POLLIN);
        set.add(&control, zmq::POLLIN);
        set.wait_until_stopped()
    });
    let (polled, report) = wakes_at_once(&registry, owner);
    assert_eq!(polled, Ok(Polled::Stopped));
    assert!(report.is_clean(), "{report}");
}
