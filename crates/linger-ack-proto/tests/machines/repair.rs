//! Cuts, gaps, SYNC, NACK.

use crate::world::{World, ms};
use bytes::Bytes;
use linger_ack_proto::wire::{Envelope, Header, Repair, ToSubscriber, TopicRange};
use linger_ack_proto::{Outcome, PublisherConfig, Quorum, SessionId, SubscriberConfig};

#[test]
fn a_gap_is_repaired_in_order_and_once() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.nodes[at].data = false;
    world.publish("T", "2");
    world.publish("T", "3");
    world.nodes[at].data = true;
    world.publish("T", "4");
    world.run();
    assert_eq!(world.nodes[at].payloads(), ["1", "2", "3", "4"]);
    assert_eq!(world.publisher.counters().repaired, 2);
}

#[test]
fn a_lost_tail_shows_by_sync_though_nothing_follows() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].data = false;
    world.publish("T", "1");
    world.nodes[at].data = true;
    world.pass(ms(1_000));
    assert_eq!(world.nodes[at].payloads(), ["1"]);
    assert_eq!(world.publisher.progress(world.now).outstanding, 0);
}

#[test]
fn a_publisher_whose_members_keep_up_sends_no_marker_and_asks_for_no_tick() {
    let mut world = World::new();
    world.member("a", "T");
    for _ in 0..100 {
        world.publish("T", "x");
        world.pass(ms(20));
    }
    world.pass(ms(300));
    assert_eq!(world.publisher.counters().markers, 0);
}

#[test]
fn acks_that_were_lost_with_the_control_connection_are_asked_for_again() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].control = false;
    world.publish("T", "1");
    world.pass(ms(50)); // delivered, and its ACK is lost
    assert_eq!(world.nodes[at].payloads(), ["1"]);
    assert_eq!(world.publisher.progress(world.now).outstanding, 1);
    world.reconnect_control(at);
    world.pass(ms(2_000)); // a beat shows the new connection
    assert_eq!(world.publisher.progress(world.now).outstanding, 0);
    assert_eq!(world.publisher.member_count(), 1);
}

#[test]
fn both_connections_cut_and_back_lose_nothing() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.run();
    world.nodes[at].data = false;
    world.nodes[at].control = false;
    world.publish("T", "2");
    world.pass(ms(1_500));
    world.nodes[at].data = true;
    world.reconnect_control(at);
    world.publish("T", "3");
    world.pass(ms(3_000));
    assert_eq!(world.nodes[at].payloads(), ["1", "2", "3"]);
    world.publisher.begin_close(world.now);
    world.run();
    assert_eq!(
        world.publisher.finish(Quorum::All).outcome,
        Outcome::Drained
    );
}

#[test]
fn repairs_come_in_bounded_pieces_until_all_is_there() {
    let mut config = PublisherConfig::default();
    config.repair_bytes = 1_024;
    let mut world = World::with(config);
    let at = world.member("a", "T");
    world.nodes[at].data = false;
    for _ in 0..100 {
        world.publish("T", &"x".repeat(100));
    }
    world.nodes[at].data = true;
    world.publish("T", "last");
    world.pass(ms(5_000));
    assert_eq!(world.nodes[at].delivered.len(), 101);
    assert_eq!(world.publisher.counters().repaired, 100);
}

#[test]
fn a_full_reorder_buffer_drops_what_is_early_and_gets_it_again() {
    let mut world = World::new();
    let mut config = SubscriberConfig::new("a").expect("a name").subscribe("T");
    config.reorder_messages = 2;
    let at = world.subscriber_with(config);
    world.run();
    world.nodes[at].data = false;
    world.publish("T", "1");
    world.nodes[at].data = true;
    world.nodes[at].control = false; // no repair gets through
    for n in 2..=9 {
        world.publish("T", &n.to_string());
    }
    world.run();
    assert!(world.nodes[at].payloads().is_empty());
    assert_eq!(world.nodes[at].machine.counters().overflowed, 6);
    world.nodes[at].control = true;
    world.pass(ms(3_000));
    assert_eq!(
        world.nodes[at].payloads(),
        ["1", "2", "3", "4", "5", "6", "7", "8", "9"]
    );
}

#[test]
fn a_repair_that_is_lost_is_asked_for_again() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].data = false;
    world.publish("T", "1");
    world.nodes[at].data = true;
    world.publish("T", "2");
    world.nodes[at].control = false;
    world.pass(ms(500));
    assert!(world.nodes[at].payloads().is_empty());
    world.nodes[at].control = true;
    world.pass(ms(2_000));
    assert_eq!(world.nodes[at].payloads(), ["1", "2"]);
}

#[test]
fn an_answer_whose_end_is_lost_is_followed_up_without_a_long_wait() {
    let mut config = PublisherConfig::default();
    config.repair_messages = 100;
    let mut world = World::with(config);
    let at = world.member("a", "T");
    world.nodes[at].data = false;
    for n in 0..2_000 {
        world.publish("T", &n.to_string());
    }
    world.nodes[at].data = true;
    // Of each answer only the first half gets through, never its end.
    world.control_limit = Some(50);
    world.publish("T", "last");
    world.pass(ms(60 * 2_000 / 50 + 500));
    assert_eq!(world.nodes[at].delivered.len(), 2_001);
}

#[test]
fn an_ack_that_was_lost_is_asked_for_though_nothing_follows_it() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].acks = false;
    world.publish("T", "1");
    world.pass(ms(10)); // received, by its own word
    world.faults.up = 100;
    let now = world.now;
    world.nodes[at].acknowledge_all(now);
    world.pass(ms(10)); // the ACK is lost, on a connection that goes on
    world.faults.up = 0;
    assert_eq!(world.publisher.progress(world.now).outstanding, 1);
    world.pass(ms(2_000));
    assert_eq!(world.publisher.progress(world.now).outstanding, 0);
    assert_eq!(world.nodes[at].machine.counters().repaired, 0);
}

#[test]
fn the_last_sequences_there_are_do_no_harm() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.run();
    let now = world.now;
    let tag = world.publisher.epoch().tag();
    for sequence in [u64::MAX, u64::MAX - 1] {
        let mut envelope = Vec::new();
        Envelope {
            topic: b"T",
            tag,
            number: 1,
            sequence,
        }
        .encode(&mut envelope);
        let node = &mut world.nodes[at];
        node.machine.handle_data(now, &envelope, Some(Bytes::new()));
    }
    assert_eq!(world.nodes[at].machine.counters().broken, 1);
    let header = Header {
        epoch: world.publisher.epoch(),
        session: SessionId::from_u128(1 << 64),
    };
    for last in [u64::MAX, u64::MAX - 2] {
        let range = TopicRange {
            number: 1,
            first: 2,
            last,
        };
        let gone = ToSubscriber::Gone(range).encode(&header);
        world.nodes[at].machine.handle_control(now, &gone);
    }
    let counters = world.nodes[at].machine.counters();
    assert_eq!((counters.broken, counters.gone), (2, u64::MAX - 3));
    assert_eq!(counters.delivered, 2, "what was held came after it");
}

#[test]
fn while_the_dealer_takes_nothing_what_is_to_be_said_merges() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].data = false;
    for n in 1..=3_000 {
        world.publish("T", &n.to_string());
    }
    let header = Header {
        epoch: world.publisher.epoch(),
        session: SessionId::from_u128(1 << 64),
    };
    let mut now = world.now;
    let machine = &mut world.nodes[at].machine;
    let repair = |sequence| {
        let repair = Repair {
            number: 1,
            sequence,
            last: true,
            topic: Bytes::from_static(b"T"),
            payload: Bytes::new(),
        };
        ToSubscriber::Repair(repair).encode(&header)
    };
    // Each answer shows another gap, each delivery is acknowledged, and nothing can be said.
    for sequence in 1..1_000 {
        now += ms(10);
        machine.handle_control(now, &repair(3_000));
        machine.handle_control(now, &repair(sequence));
        while let Some(item) = machine.poll_delivery() {
            let delivery = item.into_message().expect("a message");
            machine.acknowledge(now, &delivery.id);
        }
        machine.handle_timeout(now);
    }
    let said = std::iter::from_fn(|| machine.poll_transmit()).count();
    assert!((1..20).contains(&said), "{said} frames were waiting");
}
