//! What else can be set.

use crate::common::{bind, member, over_each_transport, soon, take};
use linger_ack::linger_registry::{Registry, zmq};
use linger_ack::{OpenError, Publisher, Quorum};

#[test]
fn bare_topics_are_read_by_members_and_by_plain_subscribers() {
    over_each_transport("bare", |ports| {
        let ticks = ports.bind(Publisher::builder("ticks").bare_topics(true));
        let subscriber = ports.member(&ticks, "a");
        for payload in ["1", "2"] {
            ticks.publish("T", payload).expect("accepted");
        }
        assert_eq!(take(&subscriber, 2), ["1", "2"]);
        let report = ticks.close_by(soon(), Quorum::All);
        assert!(report.is_drained(), "{report}");
        assert_eq!(report.counters.repaired, 0, "they came by themselves");
        assert!(subscriber.close_by(soon()).is_clean());
    });
}

/// Reads the data port as any SUB does, until a message comes that is not of a member.
fn read(ticks: &Publisher) -> Vec<Vec<u8>> {
    let registry = Registry::new();
    let plain = registry.socket(zmq::SUB).open().expect("a socket");
    plain.set_rcvtimeo(10).expect("settable");
    plain.set_subscribe(b"T").expect("settable");
    plain.connect(ticks.data_endpoint()).expect("connected");
    let limit = soon();
    while std::time::Instant::now() < limit {
        ticks.publish("T", "payload").expect("accepted");
        if let Ok(frames) = plain.recv_multipart(0) {
            return frames;
        }
    }
    panic!("nothing came");
}

#[test]
fn a_plain_reader_finds_the_topic_alone_or_before_a_nul() {
    let bare = read(&bind(Publisher::builder("bare").bare_topics(true)));
    assert_eq!(bare.len(), 3);
    assert_eq!((&bare[0][..], &bare[1][..]), (&b"T"[..], &b"payload"[..]));
    assert_eq!(bare[2].len(), 16);
    let whole = read(&bind(Publisher::builder("whole")));
    assert_eq!(whole.len(), 2);
    assert_eq!((&whole[0][..2], whole[0].len()), (&b"T\0"[..], 18));
    assert_eq!(whole[1], b"payload");
}

#[test]
fn what_is_configured_is_judged_and_used() {
    let bind_with = |change: fn(&mut linger_ack::PublisherConfig)| {
        let builder = Publisher::builder("ticks").configure(change);
        builder.bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
    };
    let error = bind_with(|config| config.hello_rate = 0).expect_err("no rate");
    assert!(matches!(error, OpenError::Config { .. }));
    assert_eq!(
        error.to_string(),
        "publisher ticks: hello_rate must be in 1..=1000000, not 0"
    );
    let ticks = bind_with(|config| config.max_topics = 1).expect("bound");
    ticks.publish("T", "1").expect("the only topic");
    let error = ticks.publish("U", "2").expect_err("one too many");
    assert!(error.to_string().ends_with("there are 1 topics already"));
    let _a = member(&ticks, "a");
}
