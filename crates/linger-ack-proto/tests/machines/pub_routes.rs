//! To which connection a session is answered (SPEC M5), who is a stranger, and who is silent.

use crate::peer::{Bench, ms};
use bytes::Bytes;
use linger_ack_proto::Event;
use linger_ack_proto::wire::{Header, ToPublisher, ToSubscriber};
use std::time::Duration;

#[test]
fn a_younger_frame_moves_the_route_and_an_older_one_does_not() {
    let mut bench = Bench::new();
    let mut peer = bench.member("a", &["t"]);
    bench.publish("t");
    let old = peer.route.clone();
    let header = Header {
        epoch: bench.publisher.epoch(),
        session: peer.session,
    };
    let late = ToPublisher::Beat.encode(&header, peer.serial);
    peer.route = Bytes::from_static(b"its next connection");
    bench.say(&mut peer, ToPublisher::Beat);
    assert_eq!(bench.control_to(&peer), [ToSubscriber::Query]);
    bench.hand_over(&old, &late);
    assert!(bench.control_to(&peer).is_empty(), "it is no news");
    bench.nack(&mut peer, 1, 1, 1);
    assert_eq!(bench.control_to(&peer).len(), 1);
    peer.route = old;
    assert!(bench.control_to(&peer).is_empty());
}

#[test]
fn whoever_has_left_is_told_so_again_and_is_a_stranger_otherwise() {
    let mut bench = Bench::new();
    let mut peer = bench.member("a", &["t"]);
    bench.bye(&mut peer, vec![]);
    bench.bye(&mut peer, vec![]);
    assert_eq!(
        bench.control_to(&peer),
        [ToSubscriber::ByeOk, ToSubscriber::ByeOk]
    );
    assert_eq!(bench.publisher.counters().stale, 0);
    bench.say(&mut peer, ToPublisher::Beat);
    assert_eq!(bench.control_to(&peer), [ToSubscriber::Unknown]);
    assert_eq!(bench.publisher.counters().stale, 1);
}

#[test]
fn a_look_that_is_a_fifth_of_the_expiry_late_judges_and_a_later_one_does_not() {
    for (late, judges) in [(Duration::ZERO, true), (Duration::from_nanos(1), false)] {
        let mut bench = Bench::new();
        bench.member("a", &["t"]);
        bench.now += ms(5_000) + ms(1_000) + late;
        bench.publisher.handle_timeout(bench.now);
        bench.pass(Duration::ZERO);
        let name = "a".to_owned();
        let is_suspected = bench.events.contains(&Event::Suspected { name });
        assert_eq!(is_suspected, judges, "{late:?}");
    }
}
