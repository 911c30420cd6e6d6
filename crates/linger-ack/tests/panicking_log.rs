//! A tracing subscriber that panics on the library's threads: nobody waits for them for ever.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger_ack::{DeliveryError, PublishError, Publisher, Quorum, Subscriber};
use std::sync::Once;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

const LIMIT: Duration = Duration::from_secs(20);

struct Panicking;

impl tracing::Subscriber for Panicking {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("linger_ack")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        let thread = thread::current();
        let is_ours = thread
            .name()
            .is_some_and(|name| name.starts_with("linger-ack unlucky"));
        assert!(!is_ours, "nothing can be written to the log");
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn set_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing::subscriber::set_global_default(Panicking).expect("the only one");
    });
}

/// That the membership begins is logged, on both sides.
fn joined(publisher: &str, subscriber: &str) -> (Publisher, Subscriber) {
    set_log();
    let ticks = Publisher::builder(publisher)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let subscriber = Subscriber::builder(subscriber).subscribe("T");
    let subscriber = subscriber.connect(ticks.data_endpoint(), ticks.control_endpoint());
    (ticks, subscriber.expect("connected"))
}

#[test]
fn a_log_that_panics_ends_a_subscriber_which_says_so() {
    let (_ticks, subscriber) = joined("lucky publisher", "unlucky subscriber");
    let (ended, end) = channel();
    thread::spawn(move || {
        let first = subscriber.deliveries().next();
        let _ = ended.send((first.map(|next| next.map(drop)), subscriber.memberships()));
    });
    let (first, memberships) = end.recv_timeout(LIMIT).expect("deliveries end");
    assert!(
        matches!(first, Some(Err(DeliveryError::Terminated { .. }))),
        "{first:?}"
    );
    assert_eq!(memberships, 0);
}

#[test]
fn a_log_that_panics_ends_a_publisher_which_says_so() {
    let (ticks, _subscriber) = joined("unlucky publisher", "lucky subscriber");
    let deadline = Instant::now() + LIMIT;
    let refused = loop {
        match ticks.publish("T", "x") {
            Ok(_) => assert!(Instant::now() < deadline, "it goes on without its thread"),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, PublishError::Closed(_)), "{refused}");
    let report = ticks.close_by(deadline, Quorum::All);
    assert!(Instant::now() < deadline, "there is nothing to wait for");
    assert!(!report.is_drained(), "{report}");
}
