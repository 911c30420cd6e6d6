//! A tracing subscriber that panics on the library's threads: nobody waits for them for ever.

use linger_ack::{DeliveryError, PublishError, Publisher, Quorum, Subscriber};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

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
            .is_some_and(|name| name.starts_with("linger-ack"));
        assert!(!is_ours, "nothing can be written to the log");
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_log_that_panics_ends_both_and_both_say_so() {
    tracing::subscriber::set_global_default(Panicking).expect("the only one");
    let ticks = Publisher::builder("ticks")
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let subscriber = Subscriber::builder("a").subscribe("T");
    let subscriber = subscriber.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let subscriber = subscriber.expect("connected");

    // That the membership began is logged, on both sides.
    let limit = Duration::from_secs(10);
    let (ended, end) = channel();
    thread::spawn(move || {
        let first = subscriber.deliveries().next();
        let _ = ended.send((first.map(|next| next.map(drop)), subscriber.memberships()));
    });
    let (first, memberships) = end.recv_timeout(limit).expect("deliveries end");
    assert!(
        matches!(first, Some(Err(DeliveryError::Terminated { .. }))),
        "{first:?}"
    );
    assert_eq!(memberships, 0);

    let deadline = Instant::now() + limit;
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
