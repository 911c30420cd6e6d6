//! HELLO, WELCOME, JOINED, MEMBER.

use crate::world::{World, ms};
use linger_ack_proto::{
    Epoch, Event, Outcome, Publisher, PublisherConfig, Quorum, SubscriberEvent,
};

#[test]
fn a_subscriber_joins_without_any_time_passing() {
    let mut world = World::new();
    let at = world.member("risk-1", "EUR");
    assert_eq!(world.publisher.member_count(), 1);
    assert_eq!(
        world.events,
        [Event::Joined {
            name: "risk-1".into(),
            returned: false
        }]
    );
    assert_eq!(world.nodes[at].events, [SubscriberEvent::Joined]);
}

#[test]
fn what_was_published_before_is_not_owed_and_what_comes_after_is() {
    let mut world = World::new();
    world.publish("EURUSD", "before");
    let at = world.member("risk-1", "EUR");
    world.publish("EURUSD", "after");
    world.publish("EURGBP", "a topic that is new");
    world.publish("USDJPY", "a topic that does not match");
    world.pass(ms(10));
    assert_eq!(world.nodes[at].payloads(), ["after", "a topic that is new"]);
    assert_eq!(world.publisher.counters().unowed, 2);
}

#[test]
fn a_lost_welcome_is_said_again_with_the_same_base_and_the_gap_is_repaired() {
    let mut world = World::new();
    world.publish("T", "before");
    let at = world.subscriber("a", "T");
    world.nodes[at].data = false; // WELCOME is lost
    world.run();
    assert!(!world.nodes[at].machine.is_member());
    world.publish("T", "while it was away");
    world.nodes[at].data = true;
    world.pass(ms(60)); // HELLO again
    assert!(world.nodes[at].machine.is_member());
    world.publish("T", "later");
    world.run();
    assert_eq!(world.nodes[at].payloads(), ["while it was away", "later"]);
}

#[test]
fn what_was_published_between_two_welcomes_is_found_missing_though_nothing_follows() {
    let mut world = World::new();
    world.publish("T", "before");
    let at = world.subscriber("a", "T");
    world.nodes[at].data = false;
    world.run();
    world.publish("T", "the last word");
    world.nodes[at].data = true;
    world.pass(ms(60));
    assert!(world.nodes[at].payloads().is_empty());
    world.pass(ms(500)); // SYNC
    assert_eq!(world.nodes[at].payloads(), ["the last word"]);
}

#[test]
fn a_lost_joined_is_said_again() {
    let mut world = World::new();
    let at = world.subscriber("a", "T");
    let frame = {
        world.nodes[at].machine.handle_timeout(world.now);
        world.nodes[at]
            .machine
            .poll_transmit()
            .expect("HELLO")
            .frame
    };
    let route = world.nodes[at].route.clone();
    world.publisher.handle_control(world.now, &route, &frame);
    world.nodes[at].control = false; // JOINED is lost
    world.run();
    assert_eq!(world.publisher.member_count(), 0);
    world.nodes[at].control = true;
    world.pass(ms(200));
    assert_eq!(world.publisher.member_count(), 1);
}

#[test]
fn long_lists_of_topics_come_in_parts() {
    let mut config = PublisherConfig::default();
    config.entries_per_part = 2;
    let mut world = World::with(config);
    for topic in ["a", "b", "c", "d", "e"] {
        world.publish(topic, "before");
    }
    let at = world.member("a", "");
    for topic in ["a", "b", "c", "d", "e"] {
        world.publish(topic, topic);
    }
    world.publisher.begin_close(world.now);
    world.run();
    assert_eq!(world.nodes[at].payloads(), ["a", "b", "c", "d", "e"]);
    assert!(
        world.nodes[at]
            .events
            .contains(&SubscriberEvent::EndOfStream)
    );
    assert_eq!(
        world.publisher.finish(Quorum::All).outcome,
        Outcome::Drained
    );
}

#[test]
fn a_newer_session_supersedes_the_older_of_its_name() {
    let mut world = World::new();
    let older = world.member("a", "T");
    let newer = world.member("a", "T");
    world.pass(ms(100));
    assert_eq!(
        world.nodes[older].ended(),
        Some(linger_ack_proto::EndReason::Superseded)
    );
    assert!(world.nodes[newer].machine.is_member());
    assert_eq!(world.publisher.member_count(), 1);
}

#[test]
fn a_publisher_that_closes_takes_no_members() {
    let mut world = World::new();
    world.publisher.begin_close(world.now);
    let at = world.subscriber("late", "T");
    world.run();
    assert!(matches!(
        world.nodes[at].events[..],
        [SubscriberEvent::Refused { .. }]
    ));
    assert_eq!(
        world.publisher.finish(Quorum::All).outcome,
        Outcome::NoMembers
    );
}

#[test]
fn members_beyond_the_limit_are_refused() {
    let mut config = PublisherConfig::default();
    config.max_members = 1;
    let mut world = World::with(config);
    world.member("a", "T");
    let at = world.subscriber("b", "T");
    world.run();
    assert!(matches!(
        world.nodes[at].events[..],
        [SubscriberEvent::Refused { .. }]
    ));
    assert_eq!(world.publisher.counters().refused, 1);
}

#[test]
fn a_candidate_that_never_joins_holds_the_window_no_longer_than_the_expiry() {
    let mut config = PublisherConfig::default();
    config.window_messages = 8;
    let mut world = World::with(config);
    let at = world.subscriber("a", "T");
    world.nodes[at].data = false;
    world.run();
    world.nodes[at].runs = false; // it said HELLO, and died
    for _ in 0..8 {
        world.publish("T", "kept for it");
    }
    assert!(world.try_publish("T", "no room").is_err());
    world.pass(ms(10_000));
    world.publish("T", "room again");
    assert_eq!(
        world.publisher.counters().unowed,
        9,
        "it was never a member"
    );
    assert_eq!(
        world.publisher.finish(Quorum::All).outcome,
        Outcome::NoMembers
    );
}

#[test]
fn parts_of_two_epochs_never_make_one_welcome() {
    let mut config = PublisherConfig::default();
    config.entries_per_part = 1;
    let mut world = World::with(config.clone());
    for topic in ["a", "b", "c"] {
        world.publish(topic, "of the old epoch");
        world.publish(topic, "of the old epoch");
    }
    let at = world.subscriber("a", "");
    world.run_node(at); // HELLO
    world.nodes[at].control = false;
    let mut parts = world.private_frames();
    parts.truncate(2); // the last part of WELCOME is lost
    for frame in parts {
        world.on_data(&frame, None);
    }
    world.run();
    world.publisher = Publisher::new(config, Epoch::from_u128(78)).expect("valid");
    world.publish("b", "of the new one");
    world.reconnect_control(at);
    world.pass(ms(2_000));
    assert!(world.nodes[at].machine.is_member());
    world.publish("a", "1");
    world.publish("b", "2");
    world.run();
    assert_eq!(world.nodes[at].payloads(), ["1", "2"]);
}

#[test]
fn a_welcome_that_is_confirmed_after_its_candidate_expired_leads_to_another_session() {
    let mut world = World::new();
    let at = world.subscriber("a", "T");
    world.run_node(at); // HELLO
    let hello = world.nodes[at].last_said.clone();
    world.nodes[at].control = false; // JOINED does not get through
    world.pass(ms(7_000)); // the candidate expires
    let now = world.now;
    world
        .publisher
        .handle_control(now, &bytes::Bytes::from_static(b"old"), &hello); // said long ago
    world.reconnect_control(at);
    world.pass(ms(2_000));
    assert!(world.nodes[at].machine.is_member());
    assert_eq!(world.publisher.member_count(), 1);
}

#[test]
fn a_candidate_that_only_goes_on_asking_holds_the_window_no_longer_than_the_expiry() {
    let mut config = PublisherConfig::default();
    config.window_messages = 8;
    let mut world = World::with(config);
    let at = world.subscriber("a", "T");
    world.nodes[at].data = false; // its HELLO gets through, again and again; no WELCOME does
    world.run();
    for _ in 0..8 {
        world.publish("T", "kept for it");
    }
    assert!(world.try_publish("T", "no room").is_err());
    world.pass(ms(7_000));
    world.publish("T", "room again");
}

#[test]
fn a_late_joined_does_not_supersede_the_session_that_came_after_it() {
    let mut world = World::new();
    let older = world.subscriber("a", "T");
    world.run_node(older); // HELLO
    world.nodes[older].control = false;
    world.nodes[older].dawdles = true;
    world.run(); // its JOINED is under way
    let newer = world.member("a", "T");
    world.nodes[older].control = true;
    let late = std::mem::take(&mut world.nodes[older].late);
    for (route, frame) in late {
        world.tell_publisher(route, frame);
    }
    world.pass(ms(2_000));
    assert!(world.nodes[newer].machine.is_member());
    let ended = world.nodes[older].ended();
    assert_eq!(ended, Some(linger_ack_proto::EndReason::Superseded));
}
