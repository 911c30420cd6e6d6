//! Groups and their descriptors.

use std::os::fd::AsRawFd;

use crate::support::ample;
use linger_registry::{Group, Registry, zmq};

fn is_readable(group: &Group) -> bool {
    let descriptor = group.descriptor().unwrap().as_raw_fd();
    let mut items = [zmq::PollItem::from_fd(descriptor, zmq::POLLIN)];
    zmq::poll(&mut items, 0).unwrap();
    items[0].is_readable()
}

#[test]
fn the_descriptor_is_readable_for_ever_once_the_group_stops() {
    let registry = Registry::new();
    let group = registry.group("intake");
    assert!(!group.is_stopped());
    assert!(!is_readable(&group));
    group.stop();
    group.stop();
    for _ in 0..3 {
        assert!(group.is_stopped());
        assert!(is_readable(&group));
    }
}

#[test]
fn a_poll_that_waits_is_woken() {
    let registry = Registry::new();
    let group = registry.group("intake");
    let descriptor = group.descriptor().unwrap().as_raw_fd();
    let waiter = std::thread::spawn(move || {
        let mut items = [zmq::PollItem::from_fd(descriptor, zmq::POLLIN)];
        while zmq::poll(&mut items, -1) == Err(zmq::Error::EINTR) {}
        items[0].is_readable()
    });
    registry.stop("intake");
    assert!(waiter.join().unwrap());
}

#[test]
fn one_group_stops_and_the_other_goes_on() {
    let registry = Registry::new();
    registry.stop("intake");
    assert!(registry.group("intake").is_stopped());
    assert!(is_readable(&registry.group("intake")));
    assert!(!registry.group("work").is_stopped());
    assert!(!is_readable(&registry.group("work")));
}

#[test]
fn a_close_stops_all_of_them_and_those_to_come() {
    let registry = Registry::new();
    let before = registry.group("before");
    assert!(registry.close_by(ample()).is_clean());
    assert!(before.is_stopped() && is_readable(&before));
    let later = registry.group("later");
    assert!(later.is_stopped() && is_readable(&later));
}
