//! What strangers can't do: limits, versions, denials.

use crate::peer::{Bench, Peer, ms};
use bytes::Bytes;
use linger_ack_proto::wire::{Envelope, Header, Hello, Mark, Refusal, ToPublisher, ToSubscriber};
use linger_ack_proto::{Epoch, Event, Publisher, PublisherConfig};

fn refused(why: Refusal) -> [ToSubscriber; 1] {
    [ToSubscriber::Refused { change: 0, why }]
}

#[test]
fn so_many_candidates_and_no_more() {
    let mut bench = Bench::with(|config| config.max_candidates = 2);
    let mut first = bench.candidate("1", &["a"]);
    bench.candidate("2", &["a"]);
    let mut third = bench.candidate("3", &["a"]);
    assert_eq!(bench.control_to(&third), refused(Refusal::Busy));
    let counters = bench.publisher.counters();
    assert_eq!((counters.refused, counters.busy), (1, 1));
    let event = Event::Refused {
        name: "3".into(),
        why: Refusal::Busy,
    };
    assert_eq!(bench.events, [event]);
    bench.joined(&mut first);
    bench.hello(&mut third, &["a"]);
    assert!(bench.control_to(&third).is_empty(), "there is room for it");
}

#[test]
fn so_many_prefixes_and_so_many_topics_and_no_more() {
    let mut bench = Bench::with(|config| {
        config.max_prefixes = 2;
        config.max_member_topics = 2;
    });
    for topic in ["a", "b", "ba", "c", "ca"] {
        bench.publish(topic);
    }
    for (prefixes, why) in [
        (&["a", "b", "c"][..], Refusal::TooManyPrefixes),
        (&["a", "b", "c", "x"], Refusal::TooManyPrefixes),
        (&["a", "b"], Refusal::TooManyTopics),
        (&[""], Refusal::TooManyTopics),
    ] {
        let peer = bench.candidate("greedy", prefixes);
        assert_eq!(bench.control_to(&peer), refused(why), "{prefixes:?}");
    }
    bench.member("modest", &["b"]);
    bench.member("other", &["a", "x"]);
    let counters = bench.publisher.counters();
    assert_eq!((counters.refused, counters.busy), (4, 0));
}

#[test]
fn so_many_hellos_a_second_and_no_more() {
    let mut bench = Bench::with(|config| config.hello_rate = 10);
    for n in 0..10 {
        bench.member(&n.to_string(), &[]);
    }
    let mut late = bench.candidate("late", &[]);
    assert_eq!(bench.control_to(&late), refused(Refusal::Busy));
    bench.pass(ms(99));
    bench.hello(&mut late, &[]);
    assert_eq!(bench.control_to(&late), refused(Refusal::Busy));
    bench.pass(ms(1));
    bench.hello(&mut late, &[]);
    bench.joined(&mut late);
    assert_eq!(bench.control_to(&late), [ToSubscriber::Member]);
}

#[test]
fn a_hello_that_is_said_again_costs_nothing_of_the_rate() {
    let mut bench = Bench::with(|config| config.hello_rate = 1);
    let mut peer = bench.candidate("a", &[]);
    for _ in 0..10 {
        bench.pass(ms(20));
        bench.hello(&mut peer, &[]);
    }
    assert!(bench.control_to(&peer).is_empty());
    assert_eq!(bench.publisher.counters().hellos, 11);
}

#[test]
fn a_frame_that_is_too_long_is_not_read() {
    let mut bench = Bench::with(|config| config.max_frame = 1 << 17);
    let mut peer = bench.member("a", &["t"]);
    bench.publish("t");
    let marks = vec![
        Mark {
            number: 1,
            received: 1,
            processed: 1,
        };
        6_600
    ];
    let whole = false;
    bench.say(&mut peer, ToPublisher::Ack { whole, marks });
    assert_eq!(
        (bench.retained(), bench.publisher.counters().broken),
        (1, 1)
    );
    bench.ack(&mut peer, 1, 1);
    assert_eq!(bench.retained(), 0);
}

/// A HELLO of so many bytes, some 130,000 at least.
fn hello_of(peer: &Peer, len: usize) -> Bytes {
    let header = Header {
        epoch: Epoch::UNKNOWN,
        session: peer.session,
    };
    let hello = |credentials| {
        let hello = Hello {
            nonce: peer.nonce,
            level: peer.level,
            name: peer.name.clone(),
            credentials: vec![0; credentials].into(),
            prefixes: vec![Bytes::from_static(&[b'p'; 1_000]); 130],
        };
        ToPublisher::Hello(hello).encode(&header, 9)
    };
    let frame = hello(len - hello(0).len());
    assert_eq!(frame.len(), len);
    frame
}

#[test]
fn a_frame_of_just_the_limit_is_read() {
    let mut bench = Bench::with(|config| config.max_frame = 1 << 17);
    let peer = bench.member("a", &["t"]);
    bench.hand_over(&peer.route, &hello_of(&peer, 1 << 17));
    assert_eq!(bench.publisher.counters().broken, 0);
    bench.hand_over(&peer.route, &hello_of(&peer, (1 << 17) + 1));
    assert_eq!(bench.publisher.counters().broken, 1);
}

#[test]
fn no_authorizer_is_asked_about_a_frame_beyond_the_limit() {
    let mut bench = Bench::with(|config| config.max_frame = 1 << 17);
    let peer = bench.peer("a");
    let is_asked = |len| bench.publisher.request(&hello_of(&peer, len)).is_some();
    assert!(is_asked(1 << 17));
    assert!(!is_asked((1 << 17) + 1));
}

#[test]
fn the_high_water_mark_is_twice_the_window_and_its_markers() {
    let bench = Bench::with(|config| config.window_messages = 100);
    assert_eq!(bench.publisher.high_water_mark(), 328);
}

#[test]
fn another_version_is_told_which_are_spoken_whatever_it_says() {
    let mut bench = Bench::new();
    let peer = bench.peer("a");
    let header = Header {
        epoch: Epoch::UNKNOWN,
        session: peer.session,
    };
    let mut frame = ToPublisher::Beat.encode(&header, 1).to_vec();
    frame[2] = 9;
    frame[3] = 200;
    frame.truncate(36);
    bench.hand_over(&peer.route, &Bytes::from(frame.clone()));
    let versions = ToSubscriber::Versions {
        lowest: 1,
        highest: 1,
    };
    assert_eq!(bench.control_to(&peer), [versions]);
    frame.truncate(35);
    bench.hand_over(&peer.route, &Bytes::from(frame));
    let counters = bench.publisher.counters();
    assert_eq!((counters.versions, counters.broken), (1, 1));
}

#[test]
fn a_bare_topic_goes_without_its_envelope() {
    let mut config = PublisherConfig::default();
    config.bare_topics = true;
    let mut publisher = Publisher::new(config, Epoch::from_u128(7)).expect("valid");
    let bench = Bench::new();
    let mut trailer = vec![1, 2, 3];
    let payload = Bytes::from_static(b"x");
    let sent = publisher
        .publish(bench.now, b"EURUSD", payload, &mut trailer)
        .expect("accepted");
    assert_eq!(trailer.len(), 16);
    let envelope = Envelope::decode_bare(b"EURUSD", &trailer).expect("whole");
    let expected = (7, sent.number, sent.sequence);
    assert_eq!((envelope.tag, envelope.number, envelope.sequence), expected);
}

#[test]
fn sequences_at_the_end_of_their_range_are_broken_and_harmless() {
    let mut bench = Bench::new();
    let mut peer = bench.member("a", &["t"]);
    bench.publish("t");
    for up_to in [u64::MAX, u64::MAX - 1, 2] {
        bench.ack(&mut peer, 1, up_to);
    }
    bench.nack(&mut peer, 1, 1, u64::MAX - 1);
    bench.nack(&mut peer, 1, 2, u64::MAX - 1);
    bench.nack(&mut peer, u32::MAX, 1, 1);
    bench.subscribe(&mut peer, u64::MAX, &["t"]);
    assert_eq!(
        (bench.publisher.counters().broken, bench.retained()),
        (7, 1)
    );
    peer.welcome = u64::MAX;
    bench.joined(&mut peer);
    assert_eq!(bench.publisher.counters().broken, 8);
    // The highest serial there is: nothing is younger, and nothing breaks.
    peer.serial = u64::MAX - 1;
    bench.ack(&mut peer, 1, 1);
    assert_eq!(bench.retained(), 0);
}

#[test]
fn a_nack_of_the_next_sequence_is_broken() {
    let mut bench = Bench::new();
    let mut peer = bench.member("a", &["t"]);
    bench.publish("t");
    bench.nack(&mut peer, 1, 1, 2);
    assert_eq!(bench.publisher.counters().broken, 1);
    assert!(bench.control_to(&peer).is_empty());
    bench.nack(&mut peer, 1, 1, 1);
    assert_eq!(bench.publisher.counters().broken, 1);
    assert_eq!(bench.control_to(&peer).len(), 1);
}

#[test]
fn a_nonce_stays_that_of_one_session() {
    let mut bench = Bench::new();
    let mut member = bench.member("a", &["t"]);
    let mut thief = bench.peer("b");
    thief.nonce = member.nonce;
    bench.hello(&mut thief, &[]);
    assert!(
        bench.in_band_to(&member).is_empty(),
        "nothing of a stranger's"
    );
    assert!(bench.control_to(&thief).is_empty());
    bench.bye(&mut member, vec![]);
    bench.hello(&mut thief, &[]);
    assert!(
        bench.control_to(&thief).is_empty(),
        "it may not have heard BYE-OK"
    );
    assert_eq!(bench.publisher.counters().broken, 2);
}
