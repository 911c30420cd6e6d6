//! Prefixes that change and deliveries that come back, with a publisher and faults between them.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use crate::world::{Node, Rng, World, ms};
use linger_ack_proto::{
    EndReason, Level, MemberOutcome, Outcome, PublisherConfig, Quorum, SubscriberConfig,
    SubscriberEvent,
};

const TOPICS: [&str; 6] = ["a", "ab", "abc", "b", "bc", "c"];
const PREFIXES: [&str; 6] = ["", "a", "ab", "b", "c", "bc"];

fn subscribe(world: &mut World, at: usize, prefix: &'static str) {
    let now = world.now;
    let is_new = world.nodes[at].machine.subscribe(now, prefix);
    is_new.expect("a prefix");
}

fn unsubscribe(world: &mut World, at: usize, prefix: &str) {
    let now = world.now;
    world.nodes[at].machine.unsubscribe(now, prefix.as_bytes());
}

fn matches(node: &Node, topic: &str) -> bool {
    let mut prefixes = node.machine.prefixes();
    prefixes.any(|prefix| topic.as_bytes().starts_with(prefix))
}

#[test]
fn what_a_prefix_that_is_added_matches_is_owed_from_then_on() {
    let mut world = World::new();
    let at = world.member("one", "a");
    world.publish("b", "before");
    subscribe(&mut world, at, "b");
    world.run();
    world.publish("b", "after");
    world.publish("bc", "new");
    world.run();
    assert_eq!(world.nodes[at].payloads(), ["after", "new"]);
    unsubscribe(&mut world, at, "b");
    world.run();
    world.publish("b", "nobody's");
    world.pass(ms(200));
    assert_eq!(world.nodes[at].payloads(), ["after", "new"]);
    world.publisher.begin_close(world.now);
    world.run();
    assert_eq!(world.nodes[at].ended(), Some(EndReason::Confirmed));
    let report = world.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Drained, "{report}");
}

#[test]
fn a_lost_released_is_said_again_and_what_came_meanwhile_breaks_no_acknowledgement() {
    let mut world = World::new();
    let at = world.member("one", "a");
    unsubscribe(&mut world, at, "a");
    world.publish("a", "1");
    world.run_node(at); // UNSUBSCRIBE
    assert_eq!(world.private_frames().len(), 1, "RELEASED is lost");
    world.publish("a", "not owed");
    world.publish("ab", "never owed");
    world.pass(ms(500));
    assert_eq!(world.nodes[at].payloads()[0], "1");
    assert_eq!(world.publisher.counters().broken, 0);
    assert_eq!(world.publisher.member_count(), 1);
    subscribe(&mut world, at, "a");
    world.pass(ms(1_500));
    world.publish("a", "owed");
    world.pass(ms(500));
    assert_eq!(world.nodes[at].payloads().last(), Some(&"owed"));
    assert_eq!(world.publisher.counters().broken, 0);
}

#[test]
fn a_topic_is_not_granted_again_before_its_former_period_is_acknowledged() {
    let mut world = World::new();
    let at = world.member("one", "a");
    world.nodes[at].acks = false;
    world.publish("a", "1");
    unsubscribe(&mut world, at, "a");
    world.run();
    subscribe(&mut world, at, "a");
    world.pass(ms(5_000));
    let granted = |event: &SubscriberEvent| matches!(event, SubscriberEvent::Subscribed { .. });
    assert!(!world.nodes[at].events.iter().any(granted));
    let now = world.now;
    world.nodes[at].acknowledge_all(now);
    world.pass(ms(1_500));
    assert!(world.nodes[at].events.iter().any(granted));
}

#[test]
fn more_prefixes_than_a_frame_holds_are_all_granted() {
    let mut config = PublisherConfig::default();
    config.max_frame = 1 << 17;
    let mut world = World::with(config);
    let names: Vec<String> = (0..300).map(|n| format!("{n:01000}")).collect();
    let mut config = SubscriberConfig::new("a").expect("a name");
    for name in &names {
        config = config.subscribe(name.clone().into_bytes());
    }
    config.credentials = vec![7; 65_535].into();
    let at = world.subscriber_with(config);
    world.nodes[at].acks = true;
    world.pass(ms(5_000));
    assert!(world.nodes[at].machine.is_member());
    for name in &names {
        world.publish(name, "x");
    }
    world.pass(ms(1_000));
    assert_eq!(world.nodes[at].payloads().len(), names.len());
    assert_eq!(world.publisher.counters().unowed, 0);
    assert_eq!(world.publisher.counters().broken, 0);
}

/// Changes, losses and closes of every kind: whoever stays has acknowledged all it was owed.
fn random(seed: u64) -> bool {
    let mut rng = Rng(seed);
    let mut config = PublisherConfig::default();
    config.entries_per_part = rng.pick(&[1, 2, 1_024]);
    config.repair_messages = rng.pick(&[1, 3, 512]);
    let mut world = World::with(config);
    world.faults.rng = Rng(rng.next());
    let mut config = SubscriberConfig::new("one").expect("a name");
    config.level = rng.pick(&[Level::Received, Level::Processed]);
    config.redeliveries = rng.pick(&[0, 3]);
    for _ in 0..rng.below(3) {
        config = config.subscribe(rng.pick(&PREFIXES));
    }
    let at = world.subscriber_with(config);
    world.run();
    for step in 0..60 {
        let topic = rng.pick(&TOPICS);
        match rng.below(12) {
            0..5 => {
                world.publish(topic, &format!("{step}"));
            }
            5 | 6 => subscribe(&mut world, at, rng.pick(&PREFIXES)),
            7 | 8 => unsubscribe(&mut world, at, rng.pick(&PREFIXES)),
            9 => {
                world.faults.data = rng.pick(&[0, 30, 80]);
                world.faults.up = rng.pick(&[0, 30, 80]);
                world.faults.down = rng.pick(&[0, 30, 80]);
            }
            10 => world.pass(ms(rng.next() % 400)),
            _ => world.run(),
        }
    }
    let close_early = rng.chance(30);
    if close_early {
        world.publisher.begin_close(world.now);
    }
    world.faults.heal();
    world.pass(ms(6_000));
    assert_eq!(world.publisher.counters().broken, 0);
    if !close_early {
        assert!(world.nodes[at].machine.is_member());
        // Every change has been answered: what is wanted now is owed, and nothing else.
        let before = world.nodes[at].delivered.len();
        for topic in TOPICS {
            world.publish(topic, "last");
        }
        world.pass(ms(2_000));
        let last = TOPICS
            .iter()
            .filter(|topic| matches(&world.nodes[at], topic));
        let last: Vec<_> = last.map(|topic| topic.as_bytes()).collect();
        let given = world.nodes[at].delivered[before..].iter();
        let mut given: Vec<_> = given.map(|(topic, _)| &topic[..]).collect();
        given.sort_unstable();
        assert_eq!(given, last);
        let set = &mut world.nodes[at].prefixes;
        set.sort_unstable();
        let set = set.clone();
        let wanted: Vec<_> = world.nodes[at].machine.prefixes().cloned().collect();
        assert_eq!(set, wanted, "SUB is set to what is wanted, each once");
        world.publisher.begin_close(world.now);
        world.pass(ms(3_000));
    }
    let ended = world.nodes[at].ended();
    let report = world.publisher.finish(Quorum::All);
    let member = report.member("one");
    if member.is_some_and(|member| member.outcome != MemberOutcome::Left) {
        assert_eq!(ended, Some(EndReason::Confirmed), "{report}");
    }
    // A session that expired under the faults has lost what it was owed.
    let is_first = world.nodes[at].machine.counters().sessions_lost == 0;
    if is_first {
        let unacked = member.map_or(0, linger_ack_proto::MemberReport::unacked);
        assert_eq!((unacked, world.nodes[at].gone.len()), (0, 0), "{report}");
    }
    is_first
}

#[test]
fn prefixes_that_change_under_faults_heal_and_leave_nothing_unacknowledged() {
    let mut lasted = 0;
    for seed in 0..2_000 {
        match std::panic::catch_unwind(|| random(seed)) {
            Ok(is_first) => lasted += usize::from(is_first),
            Err(_) => panic!("seed {seed}"),
        }
    }
    assert!(lasted > 1_000, "{lasted} sessions lasted");
}
