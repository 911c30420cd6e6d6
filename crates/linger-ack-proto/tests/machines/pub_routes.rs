//! To which connection a session is answered (SPEC M5).

use crate::peer::Bench;
use bytes::Bytes;
use linger_ack_proto::wire::{Header, ToPublisher, ToSubscriber};

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
