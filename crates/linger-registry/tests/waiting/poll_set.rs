//! A poll set: sockets, descriptors and the stop in one wait.

use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::owner::asleep;
use crate::support::{after, ample, pair, stuck};
use linger_registry::{Polled, Registry, zmq};

#[test]
fn it_says_which_member_is_ready() {
    let registry = Registry::new();
    let group = registry.group("default");
    let (push, pull) = pair(&registry);
    let (mut writer, reader) = UnixStream::pair().unwrap();
    let mut set = group.poll_set();
    let socket = set.add(&pull, zmq::POLLIN);
    let stream = set.add_descriptor(reader.as_fd(), zmq::POLLIN);
    assert_eq!(set.wait_by(Instant::now()), Ok(Polled::TimedOut));
    assert!(!set.is_readable(socket) && !set.is_readable(stream));

    push.send("here", 0).unwrap();
    assert_eq!(set.wait_until_stopped(), Ok(Polled::Ready));
    assert!(set.is_readable(socket) && !set.is_readable(stream));
    assert_eq!(pull.recv_bytes(0).unwrap(), b"here");

    writer.write_all(b"x").unwrap();
    assert_eq!(set.wait_by(ample()), Ok(Polled::Ready));
    assert!(!set.is_readable(socket) && set.is_readable(stream));
    assert!(!set.is_writable(stream) && !set.is_error(stream));
}

#[test]
fn the_stop_wakes_it() {
    let registry = Registry::new();
    let (_push, pull) = pair(&registry);
    let group = registry.group("default");
    let owner = asleep("poller", move || {
        let mut set = pull.group().poll_set();
        set.add(&pull, zmq::POLLIN);
        set.wait_until_stopped()
    });
    group.stop();
    assert_eq!(owner.join().unwrap(), Ok(Polled::Stopped));
}

#[test]
fn the_stop_comes_before_what_is_ready() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    push.send("queued", 0).unwrap();
    let mut set = pull.group().poll_set();
    let slot = set.add(&pull, zmq::POLLIN);
    assert_eq!(set.wait_until_stopped(), Ok(Polled::Ready));
    assert!(set.is_readable(slot));
    registry.stop("default");
    assert_eq!(set.wait_until_stopped(), Ok(Polled::Stopped));
    assert!(!set.is_readable(slot), "as of the last wait");
    assert_eq!(set.wait_past_stop_by(ample()), Ok(Polled::Ready));
    assert!(set.is_readable(slot));
}

#[test]
fn the_deadline_ends_it_and_not_before() {
    let registry = Registry::new();
    let (_push, pull) = pair(&registry);
    let mut set = pull.group().poll_set();
    set.add(&pull, zmq::POLLIN);
    let deadline = after(Duration::from_millis(30));
    assert_eq!(set.wait_by(deadline), Ok(Polled::TimedOut));
    assert!(Instant::now() >= deadline);
    registry.stop("default");
    let deadline = after(Duration::from_millis(30));
    assert_eq!(set.wait_past_stop_by(deadline), Ok(Polled::TimedOut));
    assert!(Instant::now() >= deadline);
    assert!(Instant::now() < deadline + Duration::from_secs(5));
}

#[test]
fn an_empty_set_waits_for_the_stop_or_the_deadline() {
    let registry = Registry::new();
    let group = registry.group("nobody's");
    let mut set = group.poll_set();
    let deadline = after(Duration::from_millis(10));
    assert_eq!(set.wait_by(deadline), Ok(Polled::TimedOut));
    let deadline = after(Duration::from_millis(10));
    assert_eq!(set.wait_past_stop_by(deadline), Ok(Polled::TimedOut));
    assert!(Instant::now() >= deadline);
    let owner = asleep("poller", {
        let group = group.clone();
        move || group.poll_set().wait_until_stopped()
    });
    group.stop();
    assert_eq!(owner.join().unwrap(), Ok(Polled::Stopped));
}

#[test]
fn what_a_member_is_waited_for_can_change() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    push.send("queued", 0).unwrap();
    let mut set = registry.group("default").poll_set();
    let reader = set.add(&pull, zmq::POLLIN);
    let writer = set.add(&push, zmq::PollEvents::empty());
    assert_eq!(set.wait_by(ample()), Ok(Polled::Ready));
    assert!(set.is_readable(reader) && !set.is_writable(writer));
    set.set_events(reader, zmq::PollEvents::empty());
    assert_eq!(set.wait_by(Instant::now()), Ok(Polled::TimedOut));
    set.set_events(writer, zmq::POLLOUT);
    assert_eq!(set.wait_by(ample()), Ok(Polled::Ready));
    assert!(!set.is_readable(reader) && set.is_writable(writer));
}

#[test]
fn a_descriptor_that_hangs_up_is_an_error() {
    let registry = Registry::new();
    let (writer, reader) = UnixStream::pair().unwrap();
    let mut set = registry.group("default").poll_set();
    let slot = set.add_descriptor(reader.as_fd(), zmq::POLLOUT);
    drop(writer);
    assert_eq!(set.wait_by(ample()), Ok(Polled::Ready));
    assert!(set.is_error(slot));
}

#[test]
fn a_slot_of_a_larger_set_says_nothing() {
    let registry = Registry::new();
    let (_push, pull) = pair(&registry);
    let mut large = pull.group().poll_set();
    large.add(&pull, zmq::POLLIN);
    let slot = large.add(&pull, zmq::POLLIN);
    let mut small = registry.group("default").poll_set();
    small.set_events(slot, zmq::POLLIN);
    assert!(!small.is_readable(slot) && !small.is_writable(slot) && !small.is_error(slot));
}

#[test]
fn the_end_of_the_context_ends_it_too() {
    let registry = Registry::new();
    let push = stuck(&registry, "stuck", Duration::ZERO);
    let owner = asleep("poller", move || {
        let mut set = push.group().poll_set();
        set.add(&push, zmq::POLLIN);
        set.wait_past_stop_by(ample())
    });
    let _ = registry.close_by(after(Duration::from_millis(500)));
    assert_eq!(owner.join().unwrap(), Ok(Polled::Stopped));
}
