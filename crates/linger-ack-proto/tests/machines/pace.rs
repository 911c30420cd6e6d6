//! How often is acknowledged, and what a slow application holds back.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use crate::world::{World, ms};
use bytes::Bytes;
use linger_ack_proto::{PublisherConfig, Subscriber, SubscriberConfig};

fn config() -> SubscriberConfig {
    SubscriberConfig::new("a").expect("a name").subscribe("T")
}

/// Publishes a message that goes nowhere by itself.
fn publish(world: &mut World, payload: &str) -> (Vec<u8>, Bytes) {
    let payload = Bytes::copy_from_slice(payload.as_bytes());
    let mut envelope = Vec::new();
    let (now, publisher) = (world.now, &mut world.publisher);
    let sent = publisher.publish(now, b"T", payload.clone(), &mut envelope);
    let _ = sent.expect("accepted");
    (envelope, payload)
}

/// Hands a message to the machine alone; nobody takes what it delivers.
fn receive(world: &mut World, at: usize, payload: &str) {
    let (envelope, payload) = publish(world, payload);
    let now = world.now;
    world.nodes[at]
        .machine
        .handle_data(now, &envelope, Some(payload));
}

fn acks(machine: &mut Subscriber) -> usize {
    std::iter::from_fn(|| machine.poll_transmit()).count()
}

#[test]
fn large_payloads_are_acknowledged_by_their_bytes() {
    let mut publisher = PublisherConfig::default();
    publisher.window_bytes = 8 << 10;
    publisher.max_payload = 8 << 10;
    let mut world = World::with(publisher);
    let at = world.subscriber_with(config());
    world.run();
    let payload = "x".repeat(600);
    for _ in 0..2 {
        receive(&mut world, at, &payload);
    }
    let now = world.now;
    let machine = &mut world.nodes[at].machine;
    let items: Vec<_> = std::iter::from_fn(|| machine.poll_delivery()).collect();
    let ids = items.into_iter().filter_map(|item| item.into_message());
    let ids: Vec<_> = ids.map(|delivery| delivery.id).collect();
    // An eighth of the window is 1,024 bytes.
    assert!(!machine.acknowledge(now, &ids[0]), "600 bytes can wait");
    assert!(machine.acknowledge(now, &ids[1]), "1,200 bytes can not");
    machine.handle_timeout(now);
    assert_eq!(acks(machine), 1);
}

#[test]
fn while_the_application_is_behind_nothing_is_asked_for_and_then_at_once() {
    let mut world = World::new();
    let mut config = config();
    config.pending_messages = 2;
    let at = world.subscriber_with(config);
    world.run();
    receive(&mut world, at, "1");
    receive(&mut world, at, "2");
    publish(&mut world, "lost");
    receive(&mut world, at, "4");
    let now = world.now + ms(1);
    let machine = &mut world.nodes[at].machine;
    assert!(machine.is_full());
    machine.handle_timeout(now);
    assert_eq!(acks(machine), 0, "no NACK yet");
    while machine.poll_delivery().is_some() {}
    assert!(!machine.is_full());
    machine.handle_timeout(now);
    assert_eq!(acks(machine), 1, "the NACK");
}

#[test]
fn a_subscriber_that_is_full_asks_for_no_wake_up_that_is_past() {
    let mut world = World::new();
    let mut config = config();
    config.pending_messages = 1;
    let at = world.subscriber_with(config);
    world.run();
    receive(&mut world, at, "1");
    publish(&mut world, "lost");
    receive(&mut world, at, "3");
    let now = world.now + ms(100);
    let machine = &mut world.nodes[at].machine;
    machine.handle_timeout(now);
    let due = machine.poll_timeout().expect("a beat at least");
    assert!(due > now, "what waits for room is no timer's business");
}

#[test]
fn a_run_is_acknowledged_as_its_messages_are_one_by_one() {
    // Which are acknowledged by themselves first, and then the run.
    let cases: [(&[usize], usize, usize, u64); 4] = [
        (&[], 0, 5, 6),
        (&[0, 1], 2, 5, 6),
        (&[3], 0, 5, 6),
        (&[0], 2, 4, 1),
    ];
    for (single, first, last, processed) in cases {
        let mut world = World::with(PublisherConfig::default());
        let at = world.subscriber_with(config());
        world.run();
        for number in 0..6 {
            receive(&mut world, at, &number.to_string());
        }
        let now = world.now;
        let machine = &mut world.nodes[at].machine;
        let items: Vec<_> = std::iter::from_fn(|| machine.poll_delivery()).collect();
        let ids = items.into_iter().filter_map(|item| item.into_message());
        let ids: Vec<_> = ids.map(|delivery| delivery.id).collect();
        for &single in single {
            machine.acknowledge(now, &ids[single]);
        }
        let run = &ids[first..=last];
        let bytes = run.iter().map(|id| id.len).sum();
        machine.acknowledge_run(now, &ids[last], run.len() as u64, bytes);
        assert_eq!(machine.topic_marks()[0].processed, processed, "{single:?}");
        // Twice is once.
        machine.acknowledge_run(now, &ids[last], run.len() as u64, bytes);
        assert_eq!(machine.topic_marks()[0].processed, processed, "{single:?}");
    }
}
