//! A publisher that dies without a word: leaving it ends by itself, within a second or so.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger_ack::linger_registry::Registry;
use linger_ack::{Publisher, Subscriber};
use std::thread;
use std::time::{Duration, Instant};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// A member whose publisher is gone, and whose DEALER takes nothing any more.
fn forsaken(subscriber_registry: &Registry) -> Subscriber {
    let registry = Registry::new();
    let ticks = Publisher::builder("ticks")
        .registry(&registry)
        // Its members beat every 20 ms.
        .expiry(Duration::from_millis(100))
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let subscriber = Subscriber::builder("a")
        .registry(subscriber_registry)
        .subscribe("T")
        .connect(ticks.data_endpoint(), ticks.control_endpoint())
        .expect("connected");
    assert!(subscriber.wait_until_member(soon()));
    // The context ends under the publisher: no FIN, as if it had been killed.
    let report = registry.close_by(Instant::now() + Duration::from_millis(200));
    assert!(!report.is_clean(), "{report}");
    // Nothing comes; meanwhile many more beats fall due than the DEALER has room for.
    let nothing = subscriber.next_by(Instant::now() + Duration::from_secs(1));
    assert!(nothing.expect("nothing is gone").is_none());
    subscriber
}

#[test]
fn a_close_does_not_wait_for_a_publisher_that_is_gone() {
    let registry = Registry::new();
    let subscriber = forsaken(&registry);
    let begun = Instant::now();
    let report = subscriber.close_by(soon());
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "not the deadline: {report}"
    );
    assert_eq!(report.links[0].end.to_string(), "unconfirmed");
}

#[test]
fn a_drop_leaves_no_thread_behind_when_the_publisher_is_gone() {
    let registry = Registry::new();
    let subscriber = forsaken(&registry);
    drop(subscriber);
    let limit = Instant::now() + Duration::from_secs(5);
    while !registry.snapshot().is_empty() && Instant::now() < limit {
        thread::yield_now();
    }
    assert!(
        registry.snapshot().is_empty(),
        "its thread still holds its sockets"
    );
}
