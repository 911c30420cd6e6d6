//! What can be set, and what of it reaches the wire.

use crate::common::soon;
use bytes::Bytes;
use linger_ack::linger_registry::Registry;
use linger_ack::proto::wire::ToPublisher;
use linger_ack::{ConnectError, Level, Subscriber, zmq};

#[test]
fn hello_carries_name_level_credentials_and_prefixes() {
    let registry = Registry::new();
    let data = registry.socket(zmq::PUB).open().expect("open");
    let control = registry.socket(zmq::ROUTER).open().expect("open");
    data.bind("inproc://data").expect("bound");
    control.bind("inproc://control").expect("bound");
    let subscriber = Subscriber::builder("risk-1")
        .level(Level::Received)
        .credentials(b"open \x00 sesame")
        .subscribe("B")
        .subscribe("A")
        .subscribe("B")
        .registry(&registry)
        .connect("inproc://data", "inproc://control")
        .expect("connected");
    control.set_rcvtimeo(60_000).expect("set");
    let frames = control.recv_multipart(0).expect("in time");
    let frame = Bytes::from(frames.last().expect("HELLO").clone());
    let (_, _, body) = ToPublisher::decode(&frame).expect("whole");
    let ToPublisher::Hello(hello) = body else {
        panic!("{body:?}");
    };
    assert_eq!(hello.name, "risk-1");
    assert_eq!(hello.level, Level::Received);
    assert_eq!(&hello.credentials[..], b"open \x00 sesame");
    assert_eq!(hello.prefixes, ["A", "B"]);
    drop((data, control));
    let report = subscriber.close_by(soon());
    assert!(!report.is_clean(), "it was never a member: {report}");
}

#[test]
fn what_cannot_be_set_is_named_before_any_socket_is_opened() {
    let registry = Registry::new();
    let connect = |builder: linger_ack::SubscriberBuilder| {
        builder
            .registry(&registry)
            .connect("tcp://127.0.0.1:1", "tcp://127.0.0.1:2")
            .expect_err("out of range")
    };
    let builder = Subscriber::builder("s");
    let error = connect(builder.configure(|config| config.max_topics = 0));
    assert_eq!(
        error.to_string(),
        "subscriber s: max_topics must be in 1..=2^31, not 0"
    );
    let error = connect(Subscriber::builder("s").credentials(vec![0; 65_536]));
    assert!(error.to_string().contains("credentials"), "{error}");
    let error = connect(Subscriber::builder("").redeliveries(1));
    assert!(matches!(error, ConnectError::Config { .. }), "{error}");
    assert!(registry.snapshot().is_empty());
}

#[test]
fn a_queue_of_nothing_is_one_of_one() {
    let ticks = crate::common::publisher();
    let builder = Subscriber::builder("a").subscribe("A").queue(0);
    let subscriber = crate::common::connect(builder, &ticks);
    assert!(subscriber.wait_until_member(soon()));
    for _ in 0..10 {
        ticks.publish("A", "1").expect("accepted");
    }
    for _ in 0..10 {
        crate::common::next(&subscriber).ack();
    }
}

#[test]
fn a_prefix_that_was_named_twice_is_gone_once_it_is_unsubscribed() {
    let ticks = crate::common::publisher();
    let builder = Subscriber::builder("a").subscribe("A").subscribe("B");
    let builder = builder.configure(|config| config.prefixes.push("A".into()));
    let subscriber = crate::common::connect(builder, &ticks);
    assert!(subscriber.wait_until_member(soon()));
    assert!(subscriber.unsubscribe("A"));
    let link = subscriber.links().next().expect("one");
    crate::common::eventually("it is released", || {
        link.prefix("A") == linger_ack::PrefixStanding::Unsubscribed
    });
    // Answered on both connections, so the publisher has heard what SUB said before.
    for prefix in ["C", "D"] {
        assert_eq!(subscriber.subscribe(prefix), Ok(true));
        assert_eq!(subscriber.wait_until_subscribed(prefix, soon()), Ok(()));
    }
    for _ in 0..100 {
        ticks.publish("A", "unwanted").expect("accepted");
    }
    ticks.publish("B", "1").expect("accepted");
    crate::common::next(&subscriber).ack();
    assert_eq!(link.counters().unasked, 0, "SUB took what nobody wants");
}
