//! Leaving and ending at odd moments.

use crate::world::{World, ms};
use bytes::Bytes;
use linger_ack_proto::wire::{Header, ToSubscriber, TopicRange};
use linger_ack_proto::{
    EndReason, Epoch, MemberOutcome, Outcome, Publisher, PublisherConfig, Quorum, SessionId,
    SubscriberEvent,
};

#[test]
fn who_leaves_before_member_came_has_left() {
    let mut world = World::new();
    let at = world.subscriber("a", "T");
    world.faults.down = 100; // MEMBER is lost
    world.run();
    assert_eq!(world.publisher.member_count(), 1);
    assert!(!world.nodes[at].machine.is_member());
    world.faults.down = 0;
    world.publish("T", "1");
    let now = world.now;
    world.nodes[at].machine.leave(now);
    world.run();
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Confirmed));
    let report = world.publisher.finish(Quorum::All);
    let member = report.member("a").expect("named");
    assert_eq!(member.outcome, MemberOutcome::Left);
}

#[test]
fn a_candidate_that_leaves_is_kept_nothing_for() {
    let mut world = World::new();
    let at = world.subscriber("a", "T");
    world.run_node(at); // HELLO
    world.publisher_turn(); // WELCOME
    world.publish("T", "kept for it");
    world.faults.up = 100; // JOINED is lost
    world.run_node(at);
    world.faults.up = 0;
    let now = world.now;
    world.nodes[at].machine.leave(now);
    world.run();
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Confirmed));
    assert_eq!(world.publisher.progress(world.now).outstanding, 0);
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(
        (report.outcome, report.counters.unowed),
        (Outcome::NoMembers, 1)
    );
}

#[test]
fn what_was_kept_for_candidates_is_unowed_though_the_close_was_never_begun() {
    let mut world = World::new();
    let at = world.subscriber("a", "T");
    world.nodes[at].data = false; // no WELCOME
    world.run();
    world.publish("T", "kept for it");
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(
        (report.outcome, report.counters.unowed),
        (Outcome::NoMembers, 1)
    );
}

#[test]
fn who_was_handed_everything_and_is_slow_misses_nothing_when_fin_comes() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].acks = false;
    world.publish("T", "1");
    world.publisher.begin_close(world.now);
    world.run();
    assert_eq!(world.publisher.finish(Quorum::All).outcome, Outcome::Behind);
    world.pass(ms(2_000));
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Unconfirmed));
}

#[test]
fn who_misses_something_when_another_epoch_takes_over_ends_as_incomplete() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].data = false;
    world.publish("T", "lost");
    world.nodes[at].data = true;
    world.publisher.begin_close(world.now);
    for frame in world.private_frames() {
        world.on_data(&frame, None); // END; then the publisher is killed
    }
    world.nodes[at].control = false;
    world.run();
    let config = PublisherConfig::default();
    world.publisher = Publisher::new(config, Epoch::from_u128(78)).expect("valid");
    world.reconnect_control(at);
    world.pass(ms(2_000));
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Incomplete));
    let end = SubscriberEvent::EndOfStream;
    assert!(!world.nodes[at].events.contains(&end));
}

#[test]
fn fin_to_a_member_that_was_owed_nothing_ends_it_though_member_never_came() {
    let mut world = World::new();
    let at = world.subscriber("a", "T");
    world.faults.down = 100; // MEMBER is lost
    world.run();
    world.faults.down = 0;
    world.nodes[at].data = false; // and END
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::NothingOwed);
    world.run();
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Confirmed));
}

#[test]
fn nothing_is_delivered_after_the_end() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.run();
    let now = world.now;
    world.nodes[at].machine.leave(now);
    world.run();
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Confirmed));
    let header = Header {
        epoch: world.publisher.epoch(),
        session: SessionId::from_u128(1 << 64),
    };
    let range = TopicRange {
        number: 1,
        first: 2,
        last: 3,
    };
    let gone: Bytes = ToSubscriber::Gone(range).encode(&header);
    world.nodes[at].machine.handle_control(now, &gone);
    world.run();
    assert!(world.nodes[at].gone.is_empty());
}

#[test]
fn leaving_with_everything_acknowledged_is_fine() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.run();
    world.nodes[at].machine.leave(world.now);
    world.run();
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Confirmed));
    world.publish("T", "nobody is owed this");
    world.publisher.begin_close(world.now);
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Drained);
    assert_eq!(report.counters.unowed, 1);
}

#[test]
fn leaving_with_something_unacknowledged_is_not() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].acks = false;
    world.publish("T", "1");
    world.run();
    world.nodes[at].machine.leave(world.now);
    world.run();
    world.publisher.begin_close(world.now);
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind);
    let member = report.member("a").expect("named");
    assert_eq!((member.outcome, member.unacked()), (MemberOutcome::Left, 1));
}

#[test]
fn a_lost_bye_ok_is_said_again() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.run();
    world.nodes[at].machine.leave(world.now);
    let now = world.now;
    world.nodes[at].machine.handle_timeout(now);
    let bye = world.nodes[at].machine.poll_transmit().expect("BYE").frame;
    let route = world.nodes[at].route.clone();
    world.publisher.handle_control(now, &route, &bye);
    while world.publisher.poll_transmit().is_some() {} // BYE-OK is lost
    world.pass(ms(200));
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Confirmed));
}

#[test]
fn fin_alone_ends_a_stream_that_is_acknowledged_whole() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.pass(ms(10));
    world.nodes[at].data = false; // END is lost
    world.publisher.begin_close(world.now);
    world.run();
    assert_eq!(world.nodes[at].ended(), None);
    assert_eq!(
        world.publisher.finish(Quorum::All).outcome,
        Outcome::Drained
    );
    world.run();
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Confirmed));
    assert!(
        world.nodes[at]
            .events
            .contains(&SubscriberEvent::EndOfStream)
    );
}

#[test]
fn fin_to_a_member_that_lacks_something_ends_it_as_incomplete() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].data = false;
    world.publish("T", "lost");
    world.publisher.begin_close(world.now);
    assert_eq!(world.publisher.finish(Quorum::All).outcome, Outcome::Behind);
    world.run();
    assert_eq!(world.nodes[at].ended(), None, "what was sent may come yet");
    world.pass(ms(1_500));
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Incomplete));
}

#[test]
fn without_fin_a_subscriber_that_was_confirmed_by_nobody_ends_all_the_same() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.run();
    world.publisher.begin_close(world.now);
    // END arrives, everything after it is lost: the publisher was killed.
    while let Some(transmit) = world.publisher.poll_transmit() {
        if let linger_ack_proto::Transmit::Private { frame } = transmit {
            world.on_data(&frame, None);
        }
    }
    world.nodes[at].control = false;
    world.pass(ms(1_500));
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Unconfirmed));
}
