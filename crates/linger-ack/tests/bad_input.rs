//! What can't be gets a typed error that names it; what is garbage has no effect.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger_ack::zmq;
use linger_ack::{ConnectError, OpenError, PublishError, Publisher, Quorum, Subscriber};
use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn publisher() -> Publisher {
    Publisher::builder("ticks")
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound")
}

#[test]
fn a_taken_port_is_named() {
    let first = publisher();
    let taken = first.data_endpoint();
    let error = Publisher::builder("second").bind(taken, "tcp://127.0.0.1:*");
    let error = error.expect_err("taken");
    assert!(matches!(error, OpenError::Bind { .. }));
    assert!(error.to_string().contains(taken), "{error}");
    let error = Publisher::builder("third").bind("tcp://127.0.0.1:*", taken);
    assert!(error.expect_err("taken").to_string().contains(taken));
}

#[test]
fn bad_endpoints_are_named() {
    for bad in [
        "",
        "nonsense",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:99999999",
        "foo://x",
        "a\0b",
    ] {
        let error = Publisher::builder("p")
            .bind(bad, "tcp://127.0.0.1:*")
            .expect_err(bad);
        let shown = bad.escape_debug().to_string();
        assert!(error.to_string().contains(&shown), "{error:?}");
        let error = Subscriber::builder("s")
            .subscribe("")
            .connect(bad, "tcp://127.0.0.1:1");
        let error = error.expect_err(bad);
        assert!(error.to_string().contains(&shown), "{error}");
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let bind = |builder: linger_ack::PublisherBuilder| {
        builder
            .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
            .expect_err("out of range")
    };
    let error = bind(Publisher::builder("p").window(0, 1 << 20));
    assert_eq!(
        error.to_string(),
        "publisher p: window_messages must be in 8..=16777216, not 0"
    );
    let error = bind(Publisher::builder("p").expiry(Duration::ZERO));
    assert!(error.to_string().contains("expiry"), "{error}");
    let connect = |builder: linger_ack::SubscriberBuilder| {
        builder
            .connect("tcp://127.0.0.1:1", "tcp://127.0.0.1:2")
            .expect_err("out of range")
    };
    let error = connect(Subscriber::builder(""));
    assert!(matches!(error, ConnectError::Config { .. }), "{error}");
    let twice = Subscriber::builder("s").publisher("tcp://127.0.0.1:3", "tcp://127.0.0.1:1");
    let error = connect(twice).to_string();
    assert_eq!(error, "subscriber s: tcp://127.0.0.1:1 is named twice");
    let error = connect(Subscriber::builder("s").subscribe(b"\xFFprivate"));
    assert!(matches!(error, ConnectError::Config { .. }), "{error}");
}

#[test]
fn a_name_with_a_nul_in_it_is_only_a_name() {
    let ticks = Publisher::builder("a\0b").bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    let ticks = ticks.expect("bound");
    let subscriber = Subscriber::builder("c\0d").subscribe("");
    let subscriber = subscriber.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let subscriber = subscriber.expect("connected");
    assert!(subscriber.wait_until_member(soon()));
}

#[test]
fn messages_that_cannot_be_are_handed_back() {
    let ticks = Publisher::builder("ticks")
        .max_payload(4)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    for topic in [&b""[..], b"a\0b", b"\xFFa", &[b'x'; 1_025]] {
        let error = ticks.publish(topic, "x").expect_err("no topic");
        assert!(matches!(error, PublishError::Topic { .. }), "{error}");
        assert_eq!(&error.into_message().topic[..], topic);
    }
    let error = ticks.publish("T", "12345").expect_err("too large");
    assert!(
        matches!(error, PublishError::TooLarge { limit: 4, .. }),
        "{error}"
    );
    assert_eq!(&error.into_message().payload[..], b"12345");
    assert_eq!(ticks.counters().accepted, 0);
}

#[test]
fn garbage_on_either_port_has_no_effect_on_members() {
    let ticks = publisher();
    let subscriber = Subscriber::builder("a").subscribe("T");
    let subscriber = subscriber.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let subscriber = subscriber.expect("connected");
    ticks.wait_for_members(1, soon()).expect("it joins");

    // Raw bytes on both ports, as a port scanner would send them.
    for endpoint in [ticks.data_endpoint(), ticks.control_endpoint()] {
        let address = endpoint.trim_start_matches("tcp://");
        let mut stream = TcpStream::connect(address).expect("the port is open");
        let _ = stream.write_all(&[0xA5; 4_096]);
    }
    // Whole ZeroMQ messages that mean nothing, on the control port.
    let context = zmq::Context::new();
    let stranger = context.socket(zmq::DEALER).expect("a socket");
    stranger.set_linger(0).expect("settable");
    stranger
        .connect(ticks.control_endpoint())
        .expect("connected");
    let junk: [&[&[u8]]; 4] = [
        &[b"hello"],
        &[b"several", b"parts"],
        &[b""],
        &[b"LG\x01\x03 cut off"],
    ];
    for parts in junk {
        stranger.send_multipart(parts, 0).expect("sent");
    }
    // A subscriber of the data port that says nonsense as subscriptions.
    let reader = context.socket(zmq::XSUB).expect("a socket");
    reader.set_linger(0).expect("settable");
    reader.connect(ticks.data_endpoint()).expect("connected");
    reader.send(&b"\x01"[..], 0).expect("sent");
    reader.send(&b"\x07nonsense"[..], 0).expect("sent");

    let begun = Instant::now();
    while ticks.counters().broken < 4 && begun.elapsed() < Duration::from_secs(10) {
        std::thread::yield_now();
    }
    assert_eq!(ticks.counters().broken, 4, "each is counted");
    assert_eq!(ticks.member_count(), 1);
    ticks.publish("T", "1").expect("accepted");
    subscriber
        .next_by(soon())
        .expect("not gone")
        .expect("in time")
        .ack();
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert_eq!(report.members.len(), 1);
}
