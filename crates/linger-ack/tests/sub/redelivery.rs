//! Deliveries that come back: handed out again with a limit, then named.

use crate::common::{connect, eventually, next, publisher, soon};
use linger_ack::{Level, Outcome, Publisher, Quorum, Subscriber, SubscriberBuilder};
use std::thread;
use std::time::{Duration, Instant};

fn member(ticks: &Publisher, redeliveries: u32) -> Subscriber {
    member_with(ticks, |builder| builder.redeliveries(redeliveries))
}

fn member_with(
    ticks: &Publisher,
    change: impl FnOnce(SubscriberBuilder) -> SubscriberBuilder,
) -> Subscriber {
    let subscriber = connect(change(Subscriber::builder("a").subscribe("T")), ticks);
    assert!(subscriber.wait_until_member(soon()));
    subscriber
}

#[test]
pub(crate) fn what_is_abandoned_comes_again_before_anything_new_and_is_named_after_the_limit() {
    let ticks = publisher();
    let subscriber = member(&ticks, 2);
    for payload in ["1", "2", "3"] {
        ticks.publish("T", payload).expect("accepted");
    }
    let first = next(&subscriber);
    assert_eq!((first.sequence(), first.attempt()), (1, 1));
    assert!(first.abandon());
    let again = next(&subscriber);
    assert_eq!((again.sequence(), again.attempt()), (1, 2));
    assert_eq!(again.payload(), "1");
    drop(again);
    let last = next(&subscriber);
    assert_eq!((last.sequence(), last.attempt()), (1, 3));
    let link = subscriber.links().next().expect("one");
    assert!(link.abandoned().is_empty(), "not yet");
    assert!(!last.abandon());
    for sequence in [2, 3] {
        let delivery = next(&subscriber);
        assert_eq!((delivery.sequence(), delivery.attempt()), (sequence, 1));
        delivery.ack();
    }
    let abandoned = link.abandoned();
    assert_eq!(abandoned.len(), 1);
    assert_eq!(&abandoned[0].topic[..], b"T");
    assert_eq!(abandoned[0].ranges[0].to_string(), "1");
    let counters = link.counters();
    assert_eq!((counters.redelivered, counters.abandoned), (2, 1));

    let report = ticks.close_by(soon(), Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind, "{report}");
    let entry = report.member("a").expect("named");
    assert_eq!(entry.topics[0].unacked().expect("named").first(), 1);
    let report = subscriber.close_by(soon());
    assert_eq!((report.abandoned, report.held, report.waiting), (1, 0, 0));
    assert_eq!(report.links[0].abandoned, abandoned);
    assert!(!report.is_clean());
    assert!(report.to_string().contains("T: 1 abandoned"), "{report}");
}

#[test]
fn an_acknowledgement_of_a_later_attempt_counts() {
    let ticks = publisher();
    let subscriber = member(&ticks, 1);
    ticks.publish("T", "1").expect("accepted");
    next(&subscriber).abandon();
    next(&subscriber).ack();
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert!(subscriber.close_by(soon()).is_clean());
}

#[test]
fn what_a_panicking_worker_held_is_given_to_another() {
    let ticks = publisher();
    let subscriber = member(&ticks, 1);
    ticks.publish("T", "1").expect("accepted");
    let panicked = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _held = next(&subscriber);
            panic!("the worker's own");
        });
        worker.join()
    });
    assert!(panicked.is_err());
    let delivery = next(&subscriber);
    assert_eq!(delivery.attempt(), 2);
    delivery.ack();
    assert!(ticks.close_by(soon(), Quorum::All).is_drained());
}

#[test]
pub(crate) fn at_the_end_of_the_stream_a_wait_goes_on_for_what_others_hold() {
    let ticks = publisher();
    let subscriber = member(&ticks, 1);
    ticks.publish("T", "1").expect("accepted");
    let held = next(&subscriber);
    thread::scope(|scope| {
        let closing = scope.spawn(|| ticks.close_by(soon(), Quorum::All));
        // Without a deadline nobody waits for it: the holder may be the one who asks.
        assert!(subscriber.deliveries().next().is_none());
        assert!(!subscriber.is_at_end(), "it may come back");
        let waiting = scope.spawn(|| subscriber.next_by(soon()));
        let late = subscriber.next_by(Instant::now());
        assert!(late.expect("nothing is gone").is_none());
        assert!(held.abandon());
        let again = waiting.join().expect("no panic");
        let again = again.expect("nothing is gone").expect("it came back");
        assert_eq!(again.attempt(), 2);
        again.ack();
        assert!(subscriber.is_at_end());
        let none = subscriber.next_by(soon());
        assert!(none.expect("nothing is gone").is_none(), "at once");
        let report = closing.join().expect("no panic");
        assert!(report.is_drained(), "{report}");
    });
    assert!(subscriber.close_by(soon()).is_clean());
}

#[test]
pub(crate) fn at_the_level_received_it_comes_again_though_the_publisher_has_closed() {
    let ticks = publisher();
    let subscriber = member_with(&ticks, |builder| {
        builder.redeliveries(1).level(Level::Received)
    });
    ticks.publish("T", "1").expect("accepted");
    let held = next(&subscriber);
    assert!(ticks.close_by(soon(), Quorum::All).is_drained());
    assert!(held.abandon());
    next(&subscriber).ack();
    assert!(subscriber.is_at_end());
}

#[test]
fn what_was_never_taken_is_counted_as_waiting() {
    let ticks = publisher();
    let subscriber = member(&ticks, 1);
    for payload in ["1", "2"] {
        ticks.publish("T", payload).expect("accepted");
    }
    next(&subscriber).abandon();
    let second = {
        let again = next(&subscriber);
        let second = next(&subscriber);
        again.abandon(); // for good
        second
    };
    assert!(second.abandon());
    let report = subscriber.close_by(soon());
    assert_eq!((report.abandoned, report.held, report.waiting), (1, 0, 1));
    assert_eq!(report.links[0].waiting, 1);
    assert!(!report.is_clean(), "{report}");
    assert!(report.to_string().contains("1 waiting"), "{report}");
}

#[test]
fn who_waits_for_what_others_hold_is_told_when_it_is_acknowledged_instead() {
    let ticks = publisher();
    let subscriber = member_with(&ticks, |builder| {
        builder.redeliveries(1).level(Level::Received)
    });
    ticks.publish("T", "1").expect("accepted");
    let held = next(&subscriber);
    assert!(ticks.close_by(soon(), Quorum::All).is_drained());
    let link = subscriber.links().next().expect("one");
    eventually("it has left", || !link.is_member());
    thread::scope(|scope| {
        let begun = Instant::now();
        let waiting = scope.spawn(|| subscriber.next_by(soon()));
        let late = subscriber.next_by(Instant::now() + Duration::from_millis(50));
        assert!(late.expect("nothing is gone").is_none());
        let waited = begun.elapsed();
        assert!(waited >= Duration::from_millis(50), "it may come back");
        assert!(!waiting.is_finished());
        held.ack();
        let none = waiting.join().expect("no panic");
        assert!(none.expect("nothing is gone").is_none());
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "not the deadline"
        );
    });
}

#[test]
pub(crate) fn after_a_stop_what_was_taken_in_is_finished_by_whoever_waits_for_it() {
    let ticks = publisher();
    let subscriber = member(&ticks, 1);
    for payload in ["1", "2"] {
        ticks.publish("T", payload).expect("accepted");
    }
    let held = next(&subscriber);
    let link = subscriber.links().next().expect("one");
    eventually("the second is there", || link.counters().delivered == 2);
    subscriber.stop();
    assert!(!subscriber.is_at_end(), "one waits");
    next(&subscriber).ack();
    assert!(!subscriber.is_at_end(), "one may come back");
    let deadline = Instant::now() + Duration::from_millis(50);
    let late = subscriber.next_by(deadline);
    assert!(late.expect("nothing is gone").is_none());
    assert!(Instant::now() >= deadline);
    assert!(held.abandon());
    next(&subscriber).ack();
    assert!(subscriber.is_at_end());
    let begun = Instant::now();
    let none = subscriber.next_by(soon());
    assert!(none.expect("nothing is gone").is_none());
    assert!(begun.elapsed() < Duration::from_secs(30), "at once");
    assert!(subscriber.deliveries().next().is_none());
    assert!(subscriber.close_by(soon()).is_clean());
}
