//! Flush, close, and what the report says.

use crate::world::{World, ms};
use linger_ack_proto::{EndReason, MemberOutcome, Outcome, Quorum, SubscriberEvent, Verdict};

#[test]
fn nobody_ever_joined_is_no_drain() {
    let mut world = World::new();
    world.publish("T", "1");
    world.publisher.begin_close(world.now);
    let target = world.publisher.target();
    assert!(world.publisher.is_settled(&target), "nothing to wait for");
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::NoMembers);
    assert_eq!((report.counters.accepted, report.counters.unowed), (1, 1));
}

#[test]
fn a_member_that_was_owed_nothing_makes_no_drain_either() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("other", "1");
    world.publisher.begin_close(world.now);
    world.run();
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Confirmed));
    assert_eq!(
        world.publisher.finish(Quorum::All).outcome,
        Outcome::NothingOwed
    );
}

#[test]
fn processed_means_that_the_application_said_so() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].acks = false;
    world.publish("T", "1");
    world.publish("T", "2");
    world.publisher.begin_close(world.now);
    world.pass(ms(1_000));
    let target = world.publisher.target();
    assert_eq!(
        world.publisher.verdict(&target, &Quorum::All),
        Verdict::Pending
    );

    let ids = std::mem::take(&mut world.nodes[at].unacked);
    let now = world.now;
    world.nodes[at].acknowledge(now, ids[1]);
    world.run();
    assert_eq!(
        world.publisher.verdict(&target, &Quorum::All),
        Verdict::Pending
    );
    world.nodes[at].acknowledge(now, ids[0]);
    world.run();
    assert_eq!(world.publisher.verdict(&target, &Quorum::All), Verdict::Met);
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Drained);
    assert_eq!(report.members[0].outcome, MemberOutcome::Left);
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Confirmed));
}

#[test]
fn received_means_that_the_library_has_it() {
    let mut world = World::new();
    let at = world.received_level("a", "T");
    world.nodes[at].acks = false;
    world.run();
    world.publish("T", "1");
    world.publisher.begin_close(world.now);
    world.run();
    assert_eq!(
        world.publisher.finish(Quorum::All).outcome,
        Outcome::Drained
    );
}

#[test]
fn end_of_stream_waits_for_what_is_missing() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].data = false;
    world.publish("T", "1");
    world.publisher.begin_close(world.now); // END is lost too
    world.run();
    assert!(world.nodes[at].payloads().is_empty());
    world.nodes[at].data = true;
    world.pass(ms(300));
    assert_eq!(world.nodes[at].payloads(), ["1"]);
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
fn who_is_behind_is_named_with_what_it_lacks() {
    let mut world = World::new();
    let quick = world.member("quick", "T");
    let stuck = world.member("stuck", "T");
    world.publish("T", "1");
    world.run();
    world.nodes[stuck].acks = false;
    for n in 2..=5 {
        world.publish("T", &n.to_string());
    }
    world.publisher.begin_close(world.now);
    world.pass(ms(2_000));
    let progress = world.publisher.progress(world.now);
    assert_eq!(
        (progress.members.len(), progress.acked()),
        (1, 0),
        "quick has left"
    );
    assert_eq!(progress.slowest().map(|m| &m.name[..]), Some("stuck"));
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind);
    let member = report.member("stuck").expect("named");
    assert_eq!(
        (member.outcome, member.unacked()),
        (MemberOutcome::Behind, 4)
    );
    let range = member.topics[0].unacked().expect("a range");
    assert_eq!((range.first(), range.last()), (2, 5));
    assert_eq!(report.member("quick").expect("named").unacked(), 0);
    let text = report.to_string();
    assert!(
        text.contains("stuck: behind, 5 owed, 4 not processed"),
        "{text}"
    );
    assert!(text.contains("T: 2..=5"), "{text}");
    world.run();
    assert_eq!(world.nodes[quick].ended(), Some(EndReason::Confirmed));
}

#[test]
fn one_ack_each_is_enough_for_at_least_one_though_nobody_has_all() {
    let mut world = World::new();
    let first = world.member("first", "T");
    let second = world.member("second", "T");
    world.publish("T", "1");
    world.run();
    world.nodes[first].runs = false;
    world.publish("T", "2");
    world.pass(ms(6));
    let target = world.publisher.target();
    assert_eq!(
        world.publisher.verdict(&target, &Quorum::AtLeast(1)),
        Verdict::Met
    );
    assert_eq!(
        world.publisher.verdict(&target, &Quorum::AtLeast(2)),
        Verdict::Pending
    );
    assert_eq!(
        world.publisher.verdict(&target, &Quorum::All),
        Verdict::Pending
    );
    let _ = second;
}

#[test]
fn at_least_is_judged_by_message_not_by_member() {
    let mut world = World::new();
    let first = world.member("first", "a");
    let second = world.member("second", "b");
    world.publish("a", "1");
    world.publish("b", "1");
    world.run();
    // Two members have acknowledged all they were owed, yet each message has one ack.
    world.publisher.begin_close(world.now);
    world.run();
    let report = world.publisher.finish(Quorum::AtLeast(2));
    assert_eq!(report.outcome, Outcome::Behind);
    let _ = (first, second);
}

#[test]
fn who_expired_with_something_unacknowledged_bars_all_but_not_at_least_one() {
    let mut world = World::new();
    world.member("lives", "T");
    let dies = world.member("dies", "T");
    world.nodes[dies].runs = false;
    world.publish("T", "1");
    world.pass(ms(10_000));
    assert_eq!(world.publisher.member_count(), 1);
    let target = world.publisher.target();
    assert_eq!(
        world.publisher.verdict(&target, &Quorum::All),
        Verdict::Impossible
    );
    assert!(
        world.publisher.is_settled(&target),
        "waiting longer changes nothing"
    );
    assert_eq!(
        world.publisher.verdict(&target, &Quorum::AtLeast(1)),
        Verdict::Met
    );
    world.publisher.begin_close(world.now);
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind);
    let member = report.member("dies").expect("named");
    assert_eq!(
        (member.outcome, member.unacked()),
        (MemberOutcome::Expired, 1)
    );
}

#[test]
fn a_message_that_only_the_dead_were_owed_has_no_acks() {
    let mut world = World::new();
    let dies = world.member("dies", "T");
    world.nodes[dies].runs = false;
    world.publish("T", "1");
    world.pass(ms(10_000));
    world.member("late", "T");
    world.publish("T", "2");
    world.run();
    let target = world.publisher.target();
    assert_eq!(
        world.publisher.verdict(&target, &Quorum::AtLeast(1)),
        Verdict::Impossible
    );
}

#[test]
fn flush_is_answered_within_an_ack_delay_though_the_message_was_lost() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.nodes[at].data = false;
    world.publish("T", "lost, with nothing after it");
    world.nodes[at].data = true;
    let target = world.publisher.target();
    world.publisher.sync_now(world.now);
    world.pass(ms(6));
    assert_eq!(world.publisher.verdict(&target, &Quorum::All), Verdict::Met);
    world.publish("T", "accepted after the flush began");
    assert_eq!(world.publisher.verdict(&target, &Quorum::All), Verdict::Met);
}

#[test]
fn publishing_after_close_hands_the_message_back() {
    let mut world = World::new();
    world.publisher.begin_close(world.now);
    let error = world.try_publish("T", "late").expect_err("closed");
    let message = error.into_message();
    assert_eq!(
        (&message.topic[..], &message.payload[..]),
        (&b"T"[..], &b"late"[..])
    );
}

#[test]
fn a_flush_is_not_barred_by_who_left_later_messages_unacknowledged() {
    let mut world = World::new();
    world.member("lives", "T");
    let dies = world.member("dies", "T");
    world.publish("T", "1");
    world.pass(ms(10));
    let target = world.publisher.target();
    world.nodes[dies].runs = false;
    world.publish("T", "accepted after the flush began");
    world.pass(ms(10_000));
    let now = world.publisher.target();
    let verdict = |target| world.publisher.verdict(target, &Quorum::All);
    assert_eq!(verdict(&target), Verdict::Met);
    assert_eq!(verdict(&now), Verdict::Impossible);
}

#[test]
fn a_flush_of_at_least_one_is_not_barred_by_what_came_after_it() {
    let mut world = World::new();
    let at = world.member("a", "T");
    world.publish("T", "1");
    world.pass(ms(10));
    let target = world.publisher.target();
    world.nodes[at].runs = false;
    world.publish("T", "accepted after the flush began");
    world.pass(ms(10_000));
    let now = world.publisher.target();
    let verdict = |target| world.publisher.verdict(target, &Quorum::AtLeast(1));
    assert_eq!(verdict(&target), Verdict::Met);
    assert_eq!(verdict(&now), Verdict::Impossible);
}

#[test]
fn a_name_of_a_stranger_makes_no_line_of_its_own_in_the_report() {
    let mut world = World::new();
    world.member("a\nb: acked", "T");
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(
        report.to_string(),
        "nothing owed: 0 accepted, 0 owed to nobody\n  a\\nb: acked: acked, 0 owed, 0 not processed"
    );
}
