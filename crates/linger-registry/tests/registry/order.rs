//! Groups that stop one after another.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use linger_registry::{Group, Outcome, Registry, Socket, zmq};

use crate::support::{after, ample, eventually};

fn stopped(group: &Group) {
    eventually("the group stops", || group.is_stopped());
}

/// A `PUSH` that sends until its group stops, and then drops; the number of messages it sent.
fn producer(push: Socket) -> thread::JoinHandle<u32> {
    thread::spawn(move || {
        let mut sent: u32 = 0;
        while !push.group().is_stopped() {
            match push.send(&sent.to_ne_bytes()[..], zmq::DONTWAIT) {
                Ok(()) => sent += 1,
                Err(zmq::Error::EAGAIN) => thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        }
        sent
    })
}

#[test]
fn what_was_produced_in_process_is_consumed_before_the_consumers_stop() {
    let registry = Registry::new();
    registry.close_order(["intake", "work", "outbound"]);
    let open = |kind, name, group| {
        registry
            .socket(kind)
            .name(name)
            .group(group)
            .open()
            .unwrap()
    };
    let jobs = open(zmq::PULL, "jobs", "work");
    jobs.bind("inproc://jobs").unwrap();
    let feed = open(zmq::PUSH, "feed", "intake");
    feed.connect("inproc://jobs").unwrap();
    let results = open(zmq::PULL, "results", "outbound");
    results.bind("inproc://results").unwrap();
    let out = open(zmq::PUSH, "out", "work");
    out.connect("inproc://results").unwrap();

    let (first, begun) = mpsc::channel();
    let intake = producer(feed);
    let work = thread::spawn(move || {
        let mut worked: u32 = 0;
        for job in jobs.messages() {
            out.send(job.unwrap(), 0).unwrap();
            worked += 1;
            let _ = first.send(());
        }
        worked
    });
    let outbound = thread::spawn(move || {
        results
            .messages()
            .map(|result| u32::from_ne_bytes(result.unwrap()[..].try_into().unwrap()))
            .collect::<Vec<u32>>()
    });
    begun.recv().unwrap();
    let report = registry.close_by(ample());
    let sent = intake.join().unwrap();
    assert_eq!(work.join().unwrap(), sent);
    assert_eq!(outbound.join().unwrap(), (0..sent).collect::<Vec<u32>>());
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.socket("results").unwrap().info().unread(), Some(0));
}

#[test]
fn the_rest_stop_together_after_those_that_are_named() {
    let registry = Registry::new();
    registry.close_order(["first", "second"]);
    let hold = |group: &str| {
        registry
            .socket(zmq::PULL)
            .name(group)
            .group(group)
            .open()
            .unwrap()
    };
    let (first, second, other) = (hold("first"), hold("second"), hold("other"));
    let closing = {
        let registry = registry.clone();
        thread::spawn(move || registry.close_by(ample()))
    };
    stopped(first.group());
    assert!(!second.group().is_stopped() && !other.group().is_stopped());
    drop(first);
    stopped(second.group());
    assert!(!other.group().is_stopped());
    drop(second);
    stopped(other.group());
    drop(other);
    assert!(closing.join().unwrap().is_clean());
}

#[test]
fn a_group_whose_owner_hangs_does_not_keep_the_next_from_stopping() {
    let registry = Registry::new();
    registry.close_order(["hangs", "next"]);
    let hangs = registry
        .socket(zmq::PULL)
        .name("hangs")
        .group("hangs")
        .open()
        .unwrap();
    let next = registry
        .socket(zmq::PULL)
        .name("next")
        .group("next")
        .open()
        .unwrap();
    let limit = Duration::from_millis(600);
    let began = Instant::now();
    let closing = {
        let registry = registry.clone();
        thread::spawn(move || registry.close_by(began + limit))
    };
    stopped(next.group());
    drop(next);
    let report = closing.join().unwrap();
    assert!(began.elapsed() < limit + Duration::from_millis(250));
    assert_eq!(
        *report.socket("hangs").unwrap().outcome(),
        Outcome::StillOpen
    );
    assert!(matches!(
        report.socket("next").unwrap().outcome(),
        Outcome::Emptied { .. }
    ));
    drop(hangs);
}

#[test]
fn with_a_deadline_in_the_past_all_stop_at_once() {
    let registry = Registry::new();
    registry.close_order(["first", "second"]);
    let first = registry.socket(zmq::PULL).group("first").open().unwrap();
    let _report = registry.close_by(after(Duration::ZERO));
    assert!(first.group().is_stopped());
    assert!(registry.group("second").is_stopped() && registry.group("rest").is_stopped());
}

#[test]
fn a_group_without_sockets_takes_no_time() {
    let registry = Registry::new();
    registry.close_order(["nobody", "nobody", "none"]);
    let report = registry.close_by(ample());
    assert!(report.is_clean());
    assert!(registry.group("none").is_stopped());
}
