//! Prefixes: granted, refused, waited for, at one publisher or at all.

use crate::common::{config, connect, eventually, member, next, publisher, publisher_with, soon};
use linger_ack::{PrefixStanding, Publisher, Quorum, SubscribeError, Subscriber};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn what_is_asked_for_before_the_publisher_is_there_is_granted_when_it_comes() {
    let early = publisher();
    let (data, control) = (
        early.data_endpoint().to_owned(),
        early.control_endpoint().to_owned(),
    );
    let _ = early.close_by(soon(), Quorum::All);
    drop(early);

    let subscriber = Subscriber::builder("a").subscribe("A");
    let subscriber = subscriber.connect(&data, &control).expect("connected");
    assert_eq!(subscriber.subscribe("B"), Ok(true));
    assert_eq!(subscriber.subscribe("B"), Ok(false), "it is wanted already");
    assert_eq!(subscriber.subscribe("C"), Ok(true));
    assert!(subscriber.unsubscribe("A"));
    assert!(!subscriber.unsubscribe("A"));
    assert_eq!(subscriber.prefixes(), ["B", "C"]);
    let link = subscriber.link(&data).expect("it is one of them");
    assert_eq!(link.prefix("B"), PrefixStanding::Pending);
    let error = subscriber.wait_until_subscribed("B", Instant::now());
    let text = error.expect_err("nobody is there").to_string();
    assert_eq!(
        text,
        "0 of 1 publishers had granted the prefix b\"B\" by the deadline"
    );

    let ticks = Publisher::builder("late").bind(&data, &control);
    let ticks = ticks.expect("bound");
    assert_eq!(subscriber.wait_until_subscribed("B", soon()), Ok(()));
    assert_eq!(subscriber.wait_until_subscribed("C", soon()), Ok(()));
    for topic in ["A", "B", "C"] {
        ticks.publish(topic, topic).expect("accepted");
    }
    for topic in ["B", "C"] {
        let delivery = next(&subscriber);
        assert_eq!(delivery.topic(), topic);
        delivery.ack();
    }
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert_eq!(report.counters.unowed, 1, "A");
}

#[test]
pub(crate) fn what_was_published_before_an_unsubscribe_is_owed_and_nothing_after_its_release() {
    let ticks = publisher();
    let subscriber = member(&ticks, &["A", "B"]);
    ticks.publish("A", "1").expect("accepted");
    assert!(subscriber.unsubscribe("A"));
    let link = subscriber.links().next().expect("one");
    eventually("it is released", || {
        link.prefix("A") == PrefixStanding::Unsubscribed
    });
    ticks.publish("A", "2").expect("accepted");
    ticks.publish("B", "3").expect("accepted");
    // If A was new to it then, the first message came again after RELEASED.
    let mut payloads = [(); 2].map(|()| {
        let delivery = next(&subscriber);
        let payload = delivery.payload().clone();
        delivery.ack();
        payload
    });
    payloads.sort();
    assert_eq!(payloads, ["1", "3"]);
    let counters = link.counters();
    assert_eq!((counters.unsubscribed, counters.delivered), (1, 2));
    assert!(ticks.close_by(soon(), Quorum::All).is_drained());
}

#[test]
pub(crate) fn a_refused_prefix_is_named_at_once_with_the_reason_and_may_be_asked_for_again() {
    let ticks = publisher_with(config(|config| config.max_prefixes = 2));
    let subscriber = member(&ticks, &["A", "B"]);
    for _ in 0..2 {
        assert_eq!(subscriber.subscribe("C"), Ok(true));
        let error = subscriber.wait_until_subscribed("C", soon());
        let Err(SubscribeError::Refused {
            prefix, publisher, ..
        }) = error
        else {
            panic!("{error:?}");
        };
        assert_eq!(
            (&prefix[..], &*publisher),
            (&b"C"[..], ticks.data_endpoint())
        );
        assert_eq!(subscriber.prefixes(), ["A", "B"], "it is given up");
    }
    assert!(subscriber.unsubscribe("A"));
    assert_eq!(subscriber.subscribe("C"), Ok(true));
    assert_eq!(subscriber.wait_until_subscribed("C", soon()), Ok(()));
    ticks.publish("C", "1").expect("accepted");
    next(&subscriber).ack();
}

#[test]
pub(crate) fn a_prefix_of_one_publisher_is_not_asked_of_the_others() {
    let first = publisher();
    let second = publisher();
    let builder = Subscriber::builder("a");
    let builder = builder.publisher(first.data_endpoint(), first.control_endpoint());
    let subscriber = connect(builder, &second);
    assert!(subscriber.wait_until_member(soon()));
    let link = subscriber.link(first.data_endpoint()).expect("one of them");
    assert!(link.is_member());
    assert_eq!(link.subscribe("A"), Ok(true));
    assert_eq!(link.wait_until_subscribed("A", soon()), Ok(()));
    let error = subscriber.wait_until_subscribed("A", soon());
    let unwanted = SubscribeError::Unwanted {
        prefix: "A".into(),
        publisher: second.data_endpoint().to_owned(),
    };
    assert_eq!(error, Err(unwanted));
    assert_eq!(link.prefixes(), ["A"]);
    assert_eq!(subscriber.prefixes(), ["A"]);
    let other = subscriber.link(second.data_endpoint());
    assert!(other.expect("the other").prefixes().is_empty());
    assert!(subscriber.link("tcp://127.0.0.1:1").is_none());

    assert_eq!(subscriber.subscribe("A"), Ok(true), "of the second");
    assert_eq!(subscriber.wait_until_subscribed("A", soon()), Ok(()));
    for publisher in [&first, &second] {
        publisher.publish("A1", "x").expect("accepted");
        let delivery = next(&subscriber);
        assert_eq!(delivery.publisher(), publisher.data_endpoint());
        delivery.ack();
    }
    assert!(link.unsubscribe("A"));
    assert_eq!(subscriber.prefixes(), ["A"], "of the second");
}

#[test]
fn who_waits_for_a_prefix_is_told_when_it_is_given_up_or_the_subscriber_stopped() {
    let nobody = ("tcp://127.0.0.1:1", "tcp://127.0.0.1:2");
    let subscriber = Subscriber::builder("a").subscribe("A").subscribe("B");
    let subscriber = subscriber.connect(nobody.0, nobody.1).expect("connected");
    thread::scope(|scope| {
        let begun = Instant::now();
        let a = scope.spawn(|| subscriber.wait_until_subscribed("A", soon()));
        let b = scope.spawn(|| subscriber.wait_until_subscribed("B", soon()));
        let joined = scope.spawn(|| subscriber.wait_until_member(soon()));
        assert!(subscriber.unsubscribe("A"));
        let error = a.join().expect("no panic").expect_err("given up");
        assert!(matches!(error, SubscribeError::Unwanted { .. }), "{error}");
        subscriber.stop();
        let error = b.join().expect("no panic").expect_err("stopped");
        assert!(matches!(error, SubscribeError::Ended { .. }), "{error}");
        assert!(!joined.join().expect("no panic"));
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "not the deadline"
        );
    });
    let error = subscriber.subscribe("C").expect_err("stopped");
    assert!(matches!(error, SubscribeError::Ended { .. }), "{error}");
    assert_eq!(subscriber.prefixes(), ["B"]);
}

#[test]
fn a_prefix_that_cannot_be_is_asked_of_no_publisher() {
    let nobody = ("tcp://127.0.0.1:1", "tcp://127.0.0.1:2");
    let builder = Subscriber::builder("a").publisher("tcp://127.0.0.1:3", "tcp://127.0.0.1:4");
    let subscriber = builder.connect(nobody.0, nobody.1).expect("connected");
    for bad in [&b"\xFFprivate"[..], b"a\0b"] {
        let error = subscriber.subscribe(bad).expect_err("it can't be");
        assert!(matches!(error, SubscribeError::Prefix { .. }), "{error}");
    }
    // One more than there may be at one of them: all or none.
    let full = subscriber.link(nobody.0).expect("one of them");
    for number in 0..65_536 {
        assert_eq!(full.subscribe(format!("p{number}")), Ok(true));
    }
    let error = subscriber.subscribe("one more").expect_err("too many");
    assert!(matches!(error, SubscribeError::Prefix { .. }), "{error}");
    let other = subscriber.links().next().expect("the first");
    assert!(other.prefixes().is_empty());
    assert_eq!(full.prefixes().len(), 65_536);
}

#[test]
fn marks_say_how_far_a_session_has_come() {
    let ticks = publisher();
    let subscriber = member(&ticks, &["A"]);
    ticks.publish("A", "1").expect("accepted");
    ticks.publish("A", "2").expect("accepted");
    next(&subscriber).ack();
    let held = next(&subscriber);
    let link = subscriber.links().next().expect("one");
    let marks = link.marks();
    assert_eq!(marks.len(), 1);
    assert_eq!(
        (&marks[0].topic[..], marks[0].received, marks[0].processed),
        (&b"A"[..], 2, 1)
    );
    held.ack();
}

#[test]
pub(crate) fn a_topic_is_granted_anew_only_once_all_of_it_is_acknowledged() {
    let ticks = publisher();
    let subscriber = member(&ticks, &["A"]);
    ticks.publish("A", "1").expect("accepted");
    let held = next(&subscriber);
    assert!(subscriber.unsubscribe("A"));
    assert_eq!(subscriber.subscribe("A"), Ok(true));
    let link = subscriber.links().next().expect("one");
    eventually("it is asked, and not answered", || {
        ticks.counters().postponed > 0
    });
    assert_eq!(link.prefix("A"), PrefixStanding::Pending);
    held.ack();
    assert_eq!(link.wait_until_subscribed("A", soon()), Ok(()));
    ticks.publish("A", "2").expect("accepted");
    next(&subscriber).ack();
    assert!(ticks.close_by(soon(), Quorum::All).is_drained());
}

#[test]
fn what_was_abandoned_for_good_keeps_its_topic_from_being_granted_anew() {
    let ticks = publisher();
    let subscriber = member(&ticks, &["A"]);
    ticks.publish("A", "1").expect("accepted");
    assert!(!next(&subscriber).abandon());
    assert!(subscriber.unsubscribe("A"));
    for prefix in ["A", "B"] {
        assert_eq!(subscriber.subscribe(prefix), Ok(true));
    }
    eventually("it is asked, and not answered", || {
        ticks.counters().postponed > 1
    });
    for prefix in ["A", "B"] {
        let error = subscriber.wait_until_subscribed(prefix, Instant::now());
        assert!(matches!(error, Err(SubscribeError::Deadline { .. })));
    }
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(!report.is_drained(), "{report}");
    let error = subscriber.wait_until_subscribed("B", soon());
    assert!(error.is_err(), "the publisher has closed");
}
