//! Expiry, suspension, restarts.

use crate::world::{World, ms};
use bytes::Bytes;
use linger_ack_proto::{
    Epoch, Event, MemberOutcome, Publisher, PublisherConfig, Quorum, SubscriberEvent,
};

#[test]
fn who_beats_lives_though_its_application_is_busy() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].acks = false;
    world.publish("T", "1");
    world.pass(ms(60_000));
    assert_eq!(world.publisher.member_count(), 1);
}

#[test]
fn who_is_silent_expires_and_frees_the_window() {
    let mut config = PublisherConfig::default();
    config.window_messages = 8;
    let mut world = World::with(config);
    let at = world.member("a", "T");
    world.nodes[at].runs = false;
    for _ in 0..8 {
        world.publish("T", "x");
    }
    assert!(world.try_publish("T", "x").is_err());
    world.pass(ms(6_500));
    world.publish("T", "x");
    assert!(world.events.contains(&Event::Departed {
        name: "a".into(),
        outcome: MemberOutcome::Expired,
        unacked: 8
    }));
    assert!(world.events.contains(&Event::Room));
}

#[test]
fn an_expiry_shorter_than_a_join_may_take_counts_from_the_join_on() {
    let mut config = PublisherConfig::default();
    config.expiry = ms(300);
    let mut world = World::with(config);
    let at = world.member("a", "T");
    world.nodes[at].runs = false;
    world.pass(ms(500));
    assert_eq!(world.publisher.member_count(), 0);
}

#[test]
fn a_publisher_that_was_suspended_expires_nobody_who_beat_in_time() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.pass(ms(500));
    // Suspended for 20 s: the beats are said, and wait in the kernel.
    let mut waiting = Vec::new();
    for _ in 0..20 {
        world.now += ms(1_000);
        let now = world.now;
        world.nodes[at].machine.handle_timeout(now);
        while let Some(transmit) = world.nodes[at].machine.poll_transmit() {
            waiting.push(transmit.frame);
        }
    }
    // It wakes, and its timer is judged before a single beat has come up.
    world.publisher.handle_timeout(world.now);
    assert_eq!(world.publisher.member_count(), 1);
    let route = world.nodes[at].route.clone();
    for frame in waiting {
        world.publisher.handle_control(world.now, &route, &frame);
    }
    world.pass(ms(10_000));
    assert_eq!(world.publisher.member_count(), 1);
}

#[test]
fn who_expired_and_comes_back_is_told_what_it_missed() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.pass(ms(10));
    world.nodes[at].data = false;
    world.nodes[at].control = false;
    world.publish("T", "2");
    world.publish("T", "3");
    world.pass(ms(10_000));
    assert_eq!(world.publisher.member_count(), 0);
    world.nodes[at].data = true;
    world.reconnect_control(at);
    world.pass(ms(2_000));
    assert_eq!(world.publisher.member_count(), 1);
    world.publish("T", "4");
    world.run();
    assert_eq!(world.nodes[at].payloads(), ["1", "4"]);
    assert_eq!(world.nodes[at].gone, [(Bytes::from_static(b"T"), 2, 3)]);
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(report.departed_with_unacked, 1);
}

#[test]
fn an_idle_publisher_that_restarts_gets_its_members_back() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "of the old epoch");
    world.pass(ms(100));
    let old = world.publisher.epoch();
    let config = PublisherConfig::default();
    world.publisher = Publisher::new(config, Epoch::from_u128(78)).expect("valid");
    world.publish("T", "before anybody came back");
    world.pass(ms(2_000)); // a beat is answered with UNKNOWN
    let mut events = world.nodes[at].events.iter();
    let is_restart = |event: &&SubscriberEvent| matches!(event, SubscriberEvent::Restarted { old: of, .. } if *of == old);
    assert!(events.any(|event| is_restart(&event)));
    assert_eq!(world.publisher.member_count(), 1);
    world.publish("T", "of the new epoch");
    world.run();
    assert_eq!(
        world.nodes[at].payloads(),
        ["of the old epoch", "of the new epoch"]
    );
    assert!(
        world.nodes[at].gone.is_empty(),
        "another epoch's sequences say nothing"
    );
}

#[test]
fn an_ack_of_a_former_session_counts_for_nothing() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].acks = false;
    world.publish("T", "1");
    world.run();
    let former = world.nodes[at].unacked[0];
    let config = PublisherConfig::default();
    world.publisher = Publisher::new(config, Epoch::from_u128(78)).expect("valid");
    world.pass(ms(2_000));
    world.publish("T", "1 of the new epoch");
    world.run();
    let now = world.now;
    assert!(!world.nodes[at].machine.acknowledge(now, &former));
    world.pass(ms(1_000));
    assert_eq!(world.publisher.progress(world.now).outstanding, 1);
}
