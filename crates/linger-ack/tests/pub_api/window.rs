//! A window that is full, by messages and by bytes.

use crate::common::{bind, eventually, member, next, over_each_transport, soon, take};
use linger_ack::{PublishError, Publisher, Quorum};
use std::thread;
use std::time::Duration;

#[test]
fn a_window_in_bytes_is_full_before_one_in_messages() {
    over_each_transport("bytes", |ports| {
        let builder = Publisher::builder("ticks").window(1_000, 100);
        let ticks = ports.bind(builder.publish_limit(Duration::from_secs(20)));
        let subscriber = ports.member(&ticks, "a");
        for _ in 0..4 {
            ticks.publish("T", &[b'x'; 25]).expect("accepted");
        }
        let error = ticks.try_publish("T", "y").expect_err("a hundred bytes");
        assert!(matches!(error, PublishError::WindowFull(_)), "{error}");
        assert_eq!(&error.into_message().payload[..], b"y");
        ticks.try_publish("T", "").expect("nothing needs no room");
        let waiter = {
            let ticks = ticks.clone();
            thread::spawn(move || ticks.publish("T", &[b'z'; 50]))
        };
        // One is not enough for it, two are.
        next(&subscriber).ack();
        eventually("there is some room", || ticks.outstanding().bytes == 75);
        assert!(!waiter.is_finished());
        next(&subscriber).ack();
        waiter.join().expect("no panic").expect("there is room");
        take(&subscriber, 4);
        let report = ticks.close_by(soon(), Quorum::All);
        assert!(report.is_drained(), "{report}");
        assert!(subscriber.close_by(soon()).is_clean());
    });
}

#[test]
fn threads_that_publish_at_once_share_a_small_window_and_lose_nothing() {
    const EACH: usize = 300;
    let builder = Publisher::builder("ticks").window(8, 1 << 20);
    let ticks = bind(builder.publish_limit(Duration::from_secs(20)));
    let subscriber = member(&ticks, "a");
    let sources = ["A", "B", "C"].map(|topic| {
        let ticks = ticks.clone();
        thread::spawn(move || {
            (1..=EACH as u64).all(|n| ticks.publish(topic, topic).is_ok_and(|sent| sent == n))
        })
    });
    assert_eq!(take(&subscriber, 3 * EACH).len(), 3 * EACH);
    for source in sources {
        assert!(source.join().expect("no panic"), "each topic counts alone");
    }
    assert!(ticks.close_by(soon(), Quorum::All).is_drained());
}
