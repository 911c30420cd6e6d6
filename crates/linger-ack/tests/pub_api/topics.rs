//! Topic handles.

use crate::common::{bind, eventually, member, next, over_each_transport, soon, take};
use linger_ack::{PublishError, Publisher, Quorum, TopicError};
use std::thread;
use std::time::Duration;

#[test]
fn handles_and_names_publish_on_the_same_topic() {
    for bare in [false, true] {
        over_each_transport(&format!("topics-{bare}"), |ports| {
            let ticks = ports.bind(Publisher::builder("ticks").bare_topics(bare));
            let subscriber = ports.member(&ticks, "a");
            let topic = ticks.topic("EURUSD").expect("a topic");
            assert_eq!(topic.name(), b"EURUSD");
            assert_eq!(topic.publish("1"), Ok(1));
            assert_eq!(ticks.publish("EURUSD", "2"), Ok(2));
            assert_eq!(topic.clone().try_publish("3"), Ok(3));
            for payload in ["1", "2", "3"] {
                let delivery = next(&subscriber);
                assert_eq!(delivery.topic(), &b"EURUSD"[..]);
                assert_eq!(&delivery.payload()[..], payload.as_bytes());
                delivery.ack();
            }
            let report = ticks.close_by(soon(), Quorum::All);
            assert!(report.is_drained(), "{report}");
            assert_eq!(report.counters.repaired, 0, "they came by themselves");
            assert!(subscriber.close_by(soon()).is_clean());
        });
    }
}

#[test]
fn handles_of_several_threads_share_the_window_and_lose_nothing() {
    const EACH: usize = 2_000;
    let builder = Publisher::builder("ticks").window(64, 1 << 20);
    let ticks = bind(builder.publish_limit(Duration::from_secs(20)));
    let subscriber = member(&ticks, "a");
    let shared = ticks.topic("shared").expect("a topic");
    let threads = ["A", "B", "C"].map(|name| {
        let own = ticks.topic(name).expect("a topic");
        let shared = shared.clone();
        thread::spawn(move || {
            for n in 1..=EACH as u64 {
                assert_eq!(own.publish(name), Ok(n), "its own topic counts alone");
                shared.publish(name).expect("accepted");
            }
        })
    });
    assert_eq!(take(&subscriber, 6 * EACH).len(), 6 * EACH);
    for thread in threads {
        thread.join().expect("no panic");
    }
    assert_eq!(shared.publish("last"), Ok(3 * EACH as u64 + 1));
    take(&subscriber, 1);
    assert!(ticks.close_by(soon(), Quorum::All).is_drained());
}

#[test]
fn a_handle_waits_for_room_as_long_as_it_is_told() {
    let builder = Publisher::builder("ticks").window(8, 1 << 20);
    let ticks = bind(builder.publish_limit(Duration::from_secs(20)));
    let subscriber = member(&ticks, "a");
    let topic = ticks.topic("T").expect("a topic");
    while topic.try_publish("x").is_ok() {}
    let error = topic.publish_within("late", Duration::from_millis(20));
    let error = error.expect_err("nobody makes room");
    assert!(matches!(error, PublishError::WindowFull(_)), "{error}");
    let message = error.into_message();
    assert_eq!(
        (&message.topic[..], &message.payload[..]),
        (&b"T"[..], &b"late"[..])
    );
    let full = ticks.counters().full;
    let waiter = {
        let topic = topic.clone();
        thread::spawn(move || topic.publish("waits"))
    };
    eventually("it waits", || ticks.counters().full > full);
    next(&subscriber).ack();
    assert_eq!(waiter.join().expect("no panic"), Ok(9));
}

#[test]
fn what_cannot_be_a_topic_has_no_handle() {
    let ticks = bind(Publisher::builder("ticks").configure(|config| config.max_topics = 1));
    let error = ticks.topic("a\0b").expect_err("no topic");
    assert!(matches!(error, TopicError::Topic(_)), "{error}");
    let topic = ticks.topic("T").expect("a topic");
    let error = ticks.topic("U").expect_err("one too many");
    assert_eq!(error, TopicError::TooMany { limit: 1 });
    let _ = ticks.close_by(soon(), Quorum::All);
    assert!(matches!(ticks.topic("T"), Err(TopicError::Closed)));
    let error = topic.publish("late").expect_err("closed");
    assert!(matches!(error, PublishError::Closed(_)), "{error}");
    assert_eq!(&error.into_message().topic[..], b"T");
}

#[test]
fn a_handle_keeps_its_publisher() {
    let ticks = bind(Publisher::builder("ticks"));
    let subscriber = member(&ticks, "a");
    let topic = ticks.topic("T").expect("a topic");
    drop(ticks);
    assert_eq!(topic.publish("1"), Ok(1));
    assert_eq!(take(&subscriber, 1), ["1"]);
    let report = topic.publisher().close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
}
