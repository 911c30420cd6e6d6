//! Long lists: said part by part, and never in the way of what is short.
#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "a part of a test"
)]

use crate::peer::Bench;
use crate::world::{World, ms};
use linger_ack_proto::wire::{InBand, ToSubscriber, split_private};
use linger_ack_proto::{PublisherConfig, Quorum, Transmit};

const TOPICS: usize = 100;

/// Two members that are owed a hundred topics, of which nothing is acknowledged.
fn world() -> World {
    let mut config = PublisherConfig::default();
    config.entries_per_part = 10;
    let mut world = World::with(config);
    for name in ["a", "b"] {
        let at = world.subscriber(name, "");
        world.nodes[at].acks = false;
    }
    world.run();
    for topic in 0..TOPICS {
        world.publish(&format!("{topic:03}"), "x");
    }
    world.run();
    world
}

/// What a member is told next in-band: which one, and what.
fn next_in_band(world: &mut World) -> Option<(usize, InBand)> {
    loop {
        if let Transmit::Private { frame } = world.publisher.poll_transmit()? {
            let (nonce, body) = split_private(&frame).expect("a private frame");
            let mut topic = vec![0xFF];
            topic.extend_from_slice(nonce.as_bytes());
            let mut nodes = world.nodes.iter();
            let at = nodes.position(|node| node.machine.private_topic() == topic);
            let (_, body) = InBand::decode(&body).expect("a whole frame");
            return Some((at.expect("a node's"), body));
        }
    }
}

#[test]
fn the_parts_of_an_end_come_in_order_and_each_member_has_its_turn() {
    let mut world = world();
    world.publisher.begin_close(world.now);
    let mut seen = Vec::new();
    while let Some((at, body)) = next_in_band(&mut world) {
        let InBand::End { part, entries } = body else {
            panic!("nothing but END: {body:?}");
        };
        assert_eq!((part.count, entries.len()), (10, 10));
        seen.push((at, part.index));
    }
    let expected = (0..10).flat_map(|part| [(0, part), (1, part)]);
    assert_eq!(seen, expected.collect::<Vec<_>>());
    assert_eq!(world.publisher.counters().markers, 20);
}

#[test]
fn what_is_short_does_not_wait_for_a_list() {
    let mut world = world();
    world.publisher.begin_close(world.now);
    assert!(next_in_band(&mut world).is_some(), "the list has begun");
    let (route, frame) = (
        world.nodes[1].route.clone(),
        world.nodes[1].last_said.clone(),
    );
    // A route that is new makes the publisher ask for all marks, at once.
    let other = bytes::Bytes::from_static(b"another connection");
    assert_ne!(route, other);
    world.nodes[1].machine.leave(world.now);
    world.nodes[1].machine.handle_timeout(world.now);
    let bye = world.nodes[1].machine.poll_transmit().expect("BYE");
    assert_ne!(bye.frame, frame);
    world
        .publisher
        .handle_control(world.now, &other, &bye.frame);
    let next = world.publisher.poll_transmit();
    let Some(Transmit::Control { frame, .. }) = next else {
        panic!("the list went first: {next:?}");
    };
    assert!(ToSubscriber::decode(&frame).is_ok());
    while let Some((at, _)) = next_in_band(&mut world) {
        assert_eq!(at, 0, "who has left is told nothing more");
    }
}

#[test]
fn a_list_that_is_being_said_is_not_begun_again() {
    let mut world = world();
    world.publisher.begin_close(world.now);
    for _ in 0..20 {
        world.now += ms(1_500);
        let beat = world.nodes[0].last_said.clone();
        for at in 0..2 {
            let route = world.nodes[at].route.clone();
            world.publisher.handle_control(world.now, &route, &beat);
        }
        world.publisher.handle_timeout(world.now);
    }
    let mut parts = 0;
    while next_in_band(&mut world).is_some() {
        parts += 1;
    }
    assert!(parts <= 20, "{parts} parts waited for two members");
}

#[test]
fn after_the_end_no_list_is_said() {
    let mut world = world();
    world.publisher.begin_close(world.now);
    let _ = world.publisher.finish(Quorum::All);
    assert!(next_in_band(&mut world).is_none());
}

#[test]
fn the_list_of_end_stays_though_a_prefix_is_given_up_meanwhile() {
    let mut bench = Bench::with(|config| config.entries_per_part = 2);
    let mut peer = bench.member("a", &["b", "c"]);
    for topic in ["b", "c1", "c2", "c3"] {
        bench.publish(topic);
    }
    bench.ack(&mut peer, 1, 1);
    bench.publisher.begin_close(bench.now);
    let first = bench.in_band_to(&peer);
    assert_eq!(first.len(), 2);
    bench.unsubscribe(&mut peer, 1, &["b"]);
    bench.in_band_to(&peer);
    bench.pass(ms(200));
    let again = bench.in_band_to(&peer);
    assert_eq!(again[..2], first, "parts of two rounds make one list");
}
