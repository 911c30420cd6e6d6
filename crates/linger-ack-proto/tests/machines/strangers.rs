//! Frames that nobody should have sent.

use crate::world::{World, ms};
use bytes::Bytes;
use linger_ack_proto::wire::{Header, Mark, ToPublisher, TopicRange};
use linger_ack_proto::{Epoch, PublishError, PublisherConfig, SessionId};

fn header(world: &World, session: u128) -> Header {
    Header {
        epoch: world.publisher.epoch(),
        session: SessionId::from_u128(session),
    }
}

#[test]
fn garbage_is_counted_and_has_no_effect() {
    let mut world = World::new();
    let at = world.member("a", "T");
    let route = Bytes::from_static(b"a stranger");
    let mut junk: u64 = 0x9E37_79B9_7F4A_7C15;
    for len in 0..200 {
        let frame: Vec<u8> = (0..len)
            .map(|_| {
                junk ^= junk << 13;
                junk ^= junk >> 7;
                junk ^= junk << 17;
                junk.to_be_bytes()[0]
            })
            .collect();
        let frame = Bytes::from(frame);
        world.publisher.handle_control(world.now, &route, &frame);
        let now = world.now;
        world.nodes[at].machine.handle_control(now, &frame);
        world.nodes[at]
            .machine
            .handle_data(now, &frame, Some(frame.clone()));
    }
    assert_eq!(world.publisher.counters().broken, 200);
    assert_eq!(world.publisher.member_count(), 1);
    world.publish("T", "1");
    world.run();
    assert_eq!(world.nodes[at].payloads(), ["1"]);
}

#[test]
fn an_ack_beyond_what_was_sent_is_a_broken_frame() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].acks = false;
    world.publish("T", "1");
    let route = world.nodes[at].route.clone();
    let header = header(&world, 1 << 64);
    for (number, received) in [(1, 2), (1, u64::MAX), (2, 1), (0, 0)] {
        let marks = vec![Mark {
            number,
            received,
            processed: received,
        }];
        let frame = ToPublisher::Ack { whole: true, marks }.encode(&header, 99);
        world.publisher.handle_control(world.now, &route, &frame);
    }
    assert_eq!(world.publisher.counters().broken, 4);
    assert_eq!(world.publisher.progress(world.now).outstanding, 1);
}

#[test]
fn an_ack_before_joined_is_a_broken_frame() {
    let mut world = World::new();
    world.publish("T", "before");
    let at = world.subscriber("a", "T");
    world.nodes[at].data = false; // no WELCOME, so no JOINED
    world.run();
    world.publish("T", "owed to the candidate");
    let route = world.nodes[at].route.clone();
    let marks = vec![Mark {
        number: 1,
        received: 2,
        processed: 2,
    }];
    let frame = ToPublisher::Ack { whole: true, marks }.encode(&header(&world, 1 << 64), 9);
    world.publisher.handle_control(world.now, &route, &frame);
    assert_eq!(world.publisher.counters().broken, 1);
    assert_eq!(world.publisher.progress(world.now).outstanding, 1);
}

#[test]
fn an_ack_of_another_epoch_is_stale() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].acks = false;
    world.publish("T", "1");
    world.run();
    let marks = vec![Mark {
        number: 1,
        received: 1,
        processed: 1,
    }];
    let header = Header {
        epoch: Epoch::from_u128(1),
        session: SessionId::from_u128(1 << 64),
    };
    let frame = ToPublisher::Ack { whole: true, marks }.encode(&header, 99);
    let route = Bytes::from_static(b"elsewhere");
    world.publisher.handle_control(world.now, &route, &frame);
    assert_eq!(world.publisher.counters().stale, 1);
    assert_eq!(world.publisher.progress(world.now).outstanding, 1);
}

#[test]
fn marks_never_go_back() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.publish("T", "2");
    world.pass(ms(10));
    let route = world.nodes[at].route.clone();
    let marks = vec![Mark {
        number: 1,
        received: 1,
        processed: 1,
    }];
    let frame = ToPublisher::Ack { whole: true, marks }.encode(&header(&world, 1 << 64), 1);
    world.publisher.handle_control(world.now, &route, &frame);
    assert_eq!(world.publisher.progress(world.now).outstanding, 0);
}

#[test]
fn a_nack_for_what_was_never_sent_gets_nothing() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.run();
    let route = world.nodes[at].route.clone();
    let ranges = vec![TopicRange {
        number: 1,
        first: 1,
        last: u64::MAX,
    }];
    let frame = ToPublisher::Nack { ranges }.encode(&header(&world, 1 << 64), 99);
    world.publisher.handle_control(world.now, &route, &frame);
    assert_eq!(world.publisher.counters().broken, 1);
    assert_eq!(world.publisher.counters().repaired, 0);
}

#[test]
fn an_old_connections_late_frame_does_not_take_the_route_back() {
    let mut world = World::new();
    let at = world.member("a", "T");
    let old = world.nodes[at].route.clone();
    world.reconnect_control(at);
    world.pass(ms(1_500)); // a beat on the new one
    let late = ToPublisher::Beat.encode(&header(&world, 1 << 64), 1);
    world.publisher.handle_control(world.now, &old, &late);
    world.nodes[at].data = false;
    world.publish("T", "1");
    world.nodes[at].data = true;
    world.publish("T", "2");
    world.run();
    assert_eq!(
        world.nodes[at].payloads(),
        ["1", "2"],
        "the repair took the new route"
    );
}

#[test]
fn topics_and_payloads_that_cannot_be_are_handed_back() {
    let mut config = PublisherConfig::default();
    config.max_payload = 4;
    config.max_topics = 2;
    let mut world = World::with(config);
    for topic in ["", "a\0b"] {
        let error = world.try_publish(topic, "x").expect_err("no topic");
        assert!(matches!(error, PublishError::Topic { .. }), "{error}");
        assert_eq!(error.into_message().topic, topic.as_bytes());
    }
    let error = world.try_publish("T", "12345").expect_err("too large");
    let text = "a message of 5 bytes on the topic b\"T\" not accepted: the limit is 4 bytes";
    assert_eq!(error.to_string(), text);
    world.publish("T", "1234");
    world.publish("U", "");
    let error = world.try_publish("V", "").expect_err("too many topics");
    assert!(matches!(
        error,
        PublishError::TooManyTopics { limit: 2, .. }
    ));
    assert_eq!(world.publisher.counters().accepted, 2);
}

#[test]
fn the_window_is_bounded_in_messages_and_in_bytes() {
    let mut config = PublisherConfig::default();
    config.window_messages = 8;
    config.window_bytes = 100;
    config.max_payload = 100;
    let mut world = World::with(config);
    let at = world.member("a", "T");
    world.nodes[at].acks = false;
    for _ in 0..8 {
        world.publish("T", "1234567890");
    }
    let error = world.try_publish("T", "").expect_err("eight messages");
    assert!(matches!(error, PublishError::WindowFull(_)));
    let ids = std::mem::take(&mut world.nodes[at].unacked);
    assert!(ids.is_empty(), "nothing was read yet");
    world.run();
    let now = world.now;
    for id in std::mem::take(&mut world.nodes[at].unacked) {
        world.nodes[at].acknowledge(now, id);
    }
    world.pass(ms(10));
    world.publish("T", &"x".repeat(95));
    let error = world
        .try_publish("T", "123456")
        .expect_err("a hundred bytes");
    assert!(matches!(error, PublishError::WindowFull(_)));
    world.publish("T", "12345");
}

#[test]
fn hello_said_at_any_pace_is_answered_at_a_bounded_one() {
    let mut world = World::new();
    let at = world.subscriber("a", "T");
    world.run_node(at);
    let hello = world.nodes[at].last_said.clone();
    let route = world.nodes[at].route.clone();
    let mut welcomes = 0;
    for _ in 0..1_000 {
        world.now += std::time::Duration::from_micros(100);
        world.publisher.handle_control(world.now, &route, &hello);
        welcomes += world.private_frames().len();
    }
    assert!((2..=6).contains(&welcomes), "{welcomes} within 100 ms");
}
