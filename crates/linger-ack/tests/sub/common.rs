//! Publishers and subscribers for the tests.

use crate::transport;
use linger_ack::proto::PublisherConfig;
use linger_ack::{Delivery, Publisher, Subscriber, SubscriberBuilder};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

pub(crate) fn config(change: impl FnOnce(&mut PublisherConfig)) -> PublisherConfig {
    let mut config = PublisherConfig::default();
    change(&mut config);
    config
}

pub(crate) fn publisher() -> Publisher {
    publisher_with(PublisherConfig::default())
}

pub(crate) fn publisher_with(config: PublisherConfig) -> Publisher {
    let (name, data, control) = transport::place();
    let builder = Publisher::builder(name).config(config);
    let builder = match transport::registry() {
        Some(registry) => builder.registry(&registry),
        None => builder,
    };
    builder.bind(&data, &control).expect("bound")
}

pub(crate) fn connect(builder: SubscriberBuilder, publisher: &Publisher) -> Subscriber {
    let builder = match transport::registry() {
        Some(registry) => builder.registry(&registry),
        None => builder,
    };
    let subscriber = builder.connect(publisher.data_endpoint(), publisher.control_endpoint());
    subscriber.expect("connected")
}

/// A member that is subscribed to these.
pub(crate) fn member(publisher: &Publisher, prefixes: &[&str]) -> Subscriber {
    let builder = Subscriber::builder("a");
    let builder = prefixes.iter().fold(builder, SubscriberBuilder::subscribe);
    let subscriber = connect(builder, publisher);
    assert!(subscriber.wait_until_member(soon()));
    subscriber
}

pub(crate) fn next(subscriber: &Subscriber) -> Delivery {
    let next = subscriber.next_by(soon()).expect("nothing is gone");
    next.expect("in time")
}

/// Looks again and again until it is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let limit = soon();
    while !is_so() {
        assert!(Instant::now() < limit, "not in time: {what}");
        thread::yield_now();
    }
}
