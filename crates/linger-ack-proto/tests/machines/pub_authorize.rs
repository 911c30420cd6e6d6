//! What an authorizer is asked, and what becomes of what it denies.

use crate::peer::{Bench, Peer, ms};
use bytes::Bytes;
use linger_ack_proto::wire::{Change, Header, Hello, InBand, Refusal, ToPublisher, ToSubscriber};
use linger_ack_proto::{Epoch, Event, Level, Request};

fn frame(bench: &Bench, peer: &mut Peer, body: &ToPublisher) -> Bytes {
    peer.serial += 1;
    let epoch = match body {
        ToPublisher::Hello(_) => Epoch::UNKNOWN,
        _ => bench.publisher.epoch(),
    };
    let session = peer.session;
    body.encode(&Header { epoch, session }, peer.serial)
}

fn hello(bench: &Bench, peer: &mut Peer) -> Bytes {
    let hello = Hello {
        nonce: peer.nonce,
        level: peer.level,
        name: peer.name.clone(),
        credentials: Bytes::from_static(b"secret"),
        prefixes: vec![Bytes::from_static(b"a")],
    };
    frame(bench, peer, &ToPublisher::Hello(hello))
}

fn subscribe(bench: &Bench, peer: &mut Peer, number: u64) -> Bytes {
    let prefixes = vec![Bytes::from_static(b"b")];
    let change = Change { number, prefixes };
    frame(bench, peer, &ToPublisher::Subscribe(change))
}

fn asked(request: Option<Request>) -> Option<(String, Bytes, Level, Vec<Bytes>, bool)> {
    request.map(|r| (r.name, r.credentials, r.level, r.prefixes, r.is_member))
}

fn denied(change: u64) -> [ToSubscriber; 1] {
    let why = Refusal::NotAuthorized;
    [ToSubscriber::Refused { change, why }]
}

/// A member that has said in HELLO what [`hello`] says.
fn member(bench: &mut Bench) -> Peer {
    let mut peer = bench.peer("m");
    let hello = hello(bench, &mut peer);
    bench.hand_over(&peer.route, &hello);
    if let [InBand::Welcome(welcome)] = &bench.in_band_to(&peer)[..] {
        peer.welcome = welcome.number;
    }
    bench.joined(&mut peer);
    assert_eq!(bench.control_to(&peer), [ToSubscriber::Member]);
    peer
}

#[test]
fn who_is_denied_is_told_and_leaves_nothing() {
    let mut bench = Bench::new();
    let mut peer = bench.peer("a");
    let frame = hello(&bench, &mut peer);
    bench.publisher.deny(bench.now, &peer.route, &frame);
    assert_eq!(bench.control_to(&peer), denied(0));
    let refused = Event::Refused {
        name: "a".to_owned(),
        why: Refusal::NotAuthorized,
    };
    assert_eq!(bench.events, [refused]);
    let counters = bench.publisher.counters();
    assert_eq!((counters.denied, counters.hellos), (1, 0));
    assert!(
        bench.publisher.request(&frame).is_some(),
        "it may ask again"
    );
    bench.hello(&mut peer, &["a"]);
    bench.joined(&mut peer);
    assert_eq!(bench.publisher.member_count(), 1, "later it is not");
}

#[test]
fn a_hello_is_judged_once_by_all_that_it_says() {
    let mut bench = Bench::new();
    let mut peer = bench.peer("a");
    peer.level = Level::Received;
    let frame = hello(&bench, &mut peer);
    let expected = (
        "a".to_owned(),
        Bytes::from_static(b"secret"),
        Level::Received,
        vec![Bytes::from_static(b"a")],
        false,
    );
    assert_eq!(asked(bench.publisher.request(&frame)), Some(expected));
    bench.hand_over(&peer.route, &frame);
    let again = hello(&bench, &mut peer);
    assert_eq!(bench.publisher.request(&again), None, "it is said again");
    bench.bye(&mut peer, vec![]);
    assert_eq!(bench.publisher.request(&again), None, "its end is known");
}

#[test]
fn more_prefixes_are_judged_with_what_its_hello_brought() {
    let mut bench = Bench::new();
    let mut peer = member(&mut bench);
    let frame = subscribe(&bench, &mut peer, 1);
    let expected = (
        "m".to_owned(),
        Bytes::from_static(b"secret"),
        Level::Processed,
        vec![Bytes::from_static(b"b")],
        true,
    );
    assert_eq!(asked(bench.publisher.request(&frame)), Some(expected));
}

#[test]
fn prefixes_that_are_denied_are_not_owed_and_their_number_is_used_up() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["a"]);
    let frame = subscribe(&bench, &mut peer, 1);
    bench.publisher.deny(bench.now, &peer.route, &frame);
    assert_eq!(bench.control_to(&peer), denied(1));
    bench.publish("b");
    assert_eq!(bench.retained(), 0, "it is not owed");
    bench.pass(ms(20));
    let again = subscribe(&bench, &mut peer, 1);
    assert_eq!(bench.publisher.request(&again), None, "it was answered");
    bench.hand_over(&peer.route, &again);
    assert_eq!(bench.control_to(&peer), denied(1), "the same again");
    let counters = bench.publisher.counters();
    assert_eq!((counters.denied, counters.granted), (1, 0));
    bench.subscribe(&mut peer, 2, &["b"]);
    assert_eq!(bench.changed(&peer), Some(("granted", 2, vec![(1, 2)])));
}

#[test]
fn whoever_is_denied_more_has_spoken_all_the_same() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["a"]);
    bench.now += ms(4_000);
    let frame = subscribe(&bench, &mut peer, 1);
    bench.publisher.deny(bench.now, &peer.route, &frame);
    bench.pass(ms(4_000));
    assert_eq!(bench.publisher.member_count(), 1, "it is not silent");
}

#[test]
fn what_grants_nothing_is_not_judged() {
    let mut bench = Bench::with(|config| config.max_frame = 128 << 10);
    let mut peer = bench.member("m", &["a"]);
    let mut candidate = bench.candidate("c", &["a"]);
    let mut stranger = bench.peer("s");
    let beat = frame(&bench, &mut peer, &ToPublisher::Beat);
    let early = subscribe(&bench, &mut candidate, 1);
    let unknown = subscribe(&bench, &mut stranger, 1);
    let too_high = subscribe(&bench, &mut peer, 2);
    let change = Change {
        number: 1,
        prefixes: vec![Bytes::from_static(b"b")],
    };
    let session = peer.session;
    let stale = Header {
        epoch: Epoch::from_u128(1),
        session,
    };
    let stale = ToPublisher::Subscribe(change.clone()).encode(&stale, 9);
    let less = frame(&bench, &mut peer, &ToPublisher::Unsubscribe(change));
    let cut = hello(&bench, &mut stranger).slice(..50);
    let nothing = Bytes::new();
    let mut long = hello(&bench, &mut stranger).to_vec();
    long.resize((128 << 10) + 1, 0);
    let frames = [
        beat,
        early,
        unknown,
        too_high,
        stale,
        less,
        cut,
        nothing,
        long.into(),
    ];
    for frame in frames {
        assert_eq!(bench.publisher.request(&frame), None, "{frame:?}");
    }
    let frame = subscribe(&bench, &mut peer, 1);
    assert!(bench.publisher.request(&frame).is_some());
    bench.publisher.begin_close(bench.now);
    assert_eq!(bench.publisher.request(&frame), None, "it closes");
}
