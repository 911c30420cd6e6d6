//! Durable names: what one is owed waits for it.

use crate::peer::{Bench, Peer, mark, ms};
use linger_ack_proto::wire::{Mark, Refusal, ToPublisher, ToSubscriber, TopicRange};
use linger_ack_proto::{Event, Level, MemberOutcome, Outcome, PublisherConfig, Quorum, Verdict};

fn durable(names: &[&str]) -> impl FnOnce(&mut PublisherConfig) {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    |config: &mut PublisherConfig| config.durable = names
}

/// Its process dies, and it expires.
fn die(bench: &mut Bench, others: &mut [&mut Peer]) {
    bench.pass_with(ms(6_500), others);
}

#[test]
fn what_an_absent_name_is_owed_waits_for_it() {
    let mut bench = Bench::with(durable(&["d"]));
    let mut peer = bench.member("d", &["a"]);
    bench.publish("a");
    bench.publish("a");
    bench.ack(&mut peer, 1, 1);
    die(&mut bench, &mut []);
    let absent = Event::Absent {
        name: "d".into(),
        unacked: 1,
    };
    assert!(bench.events.contains(&absent), "{:?}", bench.events);
    assert_eq!(bench.publisher.member_count(), 0);
    bench.publish("a");
    bench.publish("ab");
    assert_eq!(bench.retained(), 3);
    assert_eq!(bench.publisher.counters().unowed, 0);

    let mut again = bench.peer("d");
    let bases = bench.hello(&mut again, &["a"]);
    assert_eq!(bases, [(1, 2), (2, 1)], "after its mark");
    bench.joined(&mut again);
    let joined = Event::Joined {
        name: "d".into(),
        returned: true,
    };
    assert!(bench.events.contains(&joined));
    bench.nack(&mut again, 1, 2, 3);
    assert_eq!(bench.control_to(&again).len(), 3, "MEMBER and two repairs");
    bench.ack(&mut again, 1, 3);
    bench.ack(&mut again, 2, 1);
    assert_eq!(bench.retained(), 0);
    bench.publisher.begin_close(bench.now);
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Drained, "{report}");
    assert_eq!(report.members.len(), 2);
    assert_eq!(report.members[0].outcome, MemberOutcome::Expired);
    assert_eq!(
        (report.members[0].owed(), report.members[0].unacked()),
        (1, 0)
    );
    assert_eq!(
        (report.members[1].owed(), report.members[1].unacked()),
        (3, 0)
    );
}

#[test]
fn a_claim_ends_after_its_time_and_is_named() {
    let mut bench = Bench::with(durable(&["d"]));
    let mut peer = bench.member("d", &["a"]);
    bench.publish("a");
    bench.bye(&mut peer, vec![]);
    assert_eq!(bench.control_to(&peer), [ToSubscriber::ByeOk]);
    assert_eq!(bench.retained(), 1, "it said BYE before END");
    bench.pass(ms(59_000));
    assert_eq!(bench.retained(), 1);
    bench.pass(ms(1_000));
    assert_eq!(bench.retained(), 0);
    let departed = Event::Departed {
        name: "d".into(),
        outcome: MemberOutcome::Expired,
        unacked: 1,
    };
    assert_eq!(bench.events.last(), Some(&Event::Room));
    assert!(bench.events.contains(&departed));
    bench.publish("a");
    assert_eq!(bench.publisher.counters().unowed, 1);
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind);
    assert_eq!(report.members.len(), 1);
    assert_eq!(report.departed_with_unacked, 1);
}

#[test]
fn who_is_no_durable_name_leaves_no_claim() {
    let mut bench = Bench::with(durable(&["d"]));
    bench.member("e", &["a"]);
    bench.publish("a");
    die(&mut bench, &mut []);
    assert_eq!(bench.retained(), 0);
}

#[test]
fn who_comes_back_with_other_prefixes_leaves_the_rest_of_its_debts_named() {
    let mut bench = Bench::with(durable(&["d"]));
    let mut peer = bench.member("d", &["a", "b"]);
    for topic in ["a", "b", "c"] {
        bench.publish(topic);
    }
    bench.bye(&mut peer, vec![]);
    bench.publish("a");
    let mut again = bench.peer("d");
    let bases = bench.hello(&mut again, &["a", "c"]);
    assert_eq!(bases, [(1, 1), (3, 2)], "of the claim, and what comes next");
    bench.events.clear();
    bench.joined(&mut again);
    let left = Event::Departed {
        name: "d".into(),
        outcome: MemberOutcome::Left,
        unacked: 1,
    };
    assert!(bench.events.contains(&left), "{:?}", bench.events);
    assert_eq!(bench.retained(), 2, "b is let go");
    bench.ack(&mut again, 1, 2);
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind);
    let topics = &report.members[0].topics;
    assert_eq!(topics.len(), 1);
    assert_eq!((&topics[0].topic[..], topics[0].last), (&b"b"[..], 1));
    assert_eq!(report.members[1].unacked(), 0);
}

#[test]
fn a_session_that_is_here_still_is_superseded_and_its_claim_taken_over() {
    let mut bench = Bench::with(durable(&["d"]));
    let mut older = bench.member("d", &["a"]);
    for _ in 0..4 {
        bench.publish("a");
    }
    bench.ack(&mut older, 1, 1);
    let mut newer = bench.peer("d");
    assert_eq!(bench.hello(&mut newer, &["a"]), [(1, 2)]);
    // Between its HELLO and its JOINED the older one comes farther.
    bench.ack(&mut older, 1, 3);
    let target = bench.publisher.target();
    bench.joined(&mut newer);
    assert_eq!(bench.control_to(&older), [ToSubscriber::Superseded]);
    bench.hello(&mut older, &["a"]);
    assert_eq!(bench.control_to(&older), [ToSubscriber::Superseded]);
    bench.ack(&mut older, 1, 4);
    assert_eq!(bench.control_to(&older), [ToSubscriber::Superseded]);
    let at_least = |bench: &Bench, least| {
        let quorum = Quorum::AtLeast(least);
        bench.publisher.verdict(&target, &quorum)
    };
    assert_eq!(at_least(&bench, 1), Verdict::Pending);
    bench.ack(&mut newer, 1, 4);
    assert_eq!(at_least(&bench, 1), Verdict::Met);
    assert_eq!(at_least(&bench, 2), Verdict::Impossible, "one name is one");
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Drained, "{report}");
    assert_eq!(report.members[0].outcome, MemberOutcome::Superseded);
    assert_eq!(
        (report.members[0].owed(), report.members[0].unacked()),
        (3, 0)
    );
    let counters = report.counters;
    assert_eq!((counters.superseded, counters.returned), (1, 1));
}

#[test]
fn what_a_former_session_received_beyond_what_it_was_owed_in_the_end_is_not_its_mark() {
    let mut bench = Bench::with(durable(&["d"]));
    let mut older = bench.member("d", &["a"]);
    for _ in 0..4 {
        bench.publish("a");
    }
    let received = Mark {
        number: 1,
        received: 3,
        processed: 1,
    };
    let (whole, marks) = (false, vec![received]);
    bench.say(&mut older, ToPublisher::Ack { whole, marks });
    let mut newer = bench.peer("d");
    assert_eq!(bench.hello(&mut newer, &["a"]), [(1, 2)]);
    bench.joined(&mut newer);
    let report = bench.publisher.finish(Quorum::All);
    let topic = &report.members[0].topics[0];
    let found = (topic.last, topic.received, topic.processed);
    assert_eq!(found, (1, 1, 1), "the newer session is owed the rest");
    assert_eq!(report.members[1].unacked(), 3);
}

#[test]
fn what_was_met_stays_met_when_a_claim_is_taken_over() {
    let mut bench = Bench::with(durable(&["d"]));
    let mut other = bench.member("slow", &["a"]);
    let mut older = bench.member("d", &["a"]);
    bench.publish("a");
    let mut newer = bench.peer("d");
    assert_eq!(bench.hello(&mut newer, &["a"]), [(1, 1)]);
    bench.ack(&mut older, 1, 1);
    let target = bench.publisher.target();
    let verdict = |bench: &Bench| bench.publisher.verdict(&target, &Quorum::AtLeast(1));
    assert_eq!(verdict(&bench), Verdict::Met);
    bench.joined(&mut newer);
    assert_eq!(verdict(&bench), Verdict::Met);
    bench.ack(&mut other, 1, 1);
    bench.ack(&mut newer, 1, 1);
    assert_eq!(verdict(&bench), Verdict::Met);
}

#[test]
fn two_candidates_of_one_durable_name_take_over_one_after_the_other() {
    let mut bench = Bench::with(durable(&["d"]));
    let mut first = bench.member("d", &["a"]);
    bench.publish("a");
    bench.bye(&mut first, vec![]);
    let mut second = bench.peer("d");
    let mut third = bench.peer("d");
    assert_eq!(bench.hello(&mut second, &["a"]), [(1, 1)]);
    assert_eq!(bench.hello(&mut third, &["a"]), [(1, 1)]);
    bench.joined(&mut third);
    // Its JOINED is late: the newer one has the name.
    bench.joined(&mut second);
    assert_eq!(bench.control_to(&second), [ToSubscriber::Superseded]);
    assert_eq!(bench.publisher.member_count(), 1);
    bench.ack(&mut third, 1, 1);
    assert_eq!(bench.retained(), 0);
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Drained, "{report}");
}

#[test]
fn a_full_window_passes_over_who_is_absent_and_tells_what_it_lost() {
    let mut bench = Bench::with(|config| {
        durable(&["d"])(config);
        config.window_messages = 16;
    });
    let mut peer = bench.member("d", &["a", "b"]);
    for n in 0..16 {
        bench.publish(if n % 2 == 0 { "a" } else { "b" });
    }
    assert!(bench.try_publish("a").is_err(), "it is here");
    bench.ack(&mut peer, 1, 1);
    bench.bye(&mut peer, vec![mark(1, 1)]);
    bench.publish("a"); // that makes 16 again
    bench.events.clear();
    bench.publish("a");
    assert_eq!(
        bench.retained(),
        15,
        "an eighth was let go, the oldest: b 1 and a 2"
    );
    let gone = bench.events.iter().filter_map(|event| match event {
        Event::Gone { name, topic, range } => Some((&name[..], &topic[..], range.first())),
        _ => None,
    });
    let gone: Vec<_> = gone.collect();
    assert_eq!(gone, [("d", &b"b"[..], 1), ("d", &b"a"[..], 2)]);
    let counters = bench.publisher.counters();
    assert_eq!((counters.let_go, counters.gone), (2, 2));

    let mut again = bench.peer("d");
    assert_eq!(bench.hello(&mut again, &["a", "b"]), [(1, 2), (2, 1)]);
    bench.joined(&mut again);
    let range = |number, at| {
        ToSubscriber::Gone(TopicRange {
            number,
            first: at,
            last: at,
        })
    };
    assert_eq!(
        bench.control_to(&again),
        [ToSubscriber::Member, range(1, 2), range(2, 1)]
    );
    bench.nack(&mut again, 1, 2, 2);
    assert_eq!(bench.control_to(&again), [range(1, 2)], "told again");
    bench.ack(&mut again, 1, 10);
    bench.ack(&mut again, 2, 8);
    assert_eq!(bench.retained(), 0);
    let target = bench.publisher.target();
    let verdict = |quorum| bench.publisher.verdict(&target, &quorum);
    assert_eq!(verdict(Quorum::All), Verdict::Impossible);
    assert_eq!(verdict(Quorum::AtLeast(1)), Verdict::Impossible);
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind);
    let member = report.members.last().expect("named");
    assert_eq!(
        (member.outcome, member.unacked()),
        (MemberOutcome::Behind, 2)
    );
    assert_eq!(report.members[0].unacked(), 0, "not twice");
}

#[test]
fn who_was_welcomed_to_a_claim_that_ends_before_it_joins_is_told_what_is_gone() {
    let mut bench = Bench::with(|config| {
        durable(&["d"])(config);
        config.window_messages = 8;
    });
    let mut peer = bench.member("d", &["a"]);
    bench.bye(&mut peer, vec![]);
    for _ in 0..9 {
        bench.publish("a");
    }
    bench.pass(ms(59_000));
    let mut again = bench.peer("d");
    assert_eq!(bench.hello(&mut again, &["a"]), [(1, 1)]);
    bench.pass(ms(1_000));
    bench.joined(&mut again);
    let gone = ToSubscriber::Gone(TopicRange {
        number: 1,
        first: 1,
        last: 1,
    });
    assert_eq!(bench.control_to(&again), [ToSubscriber::Member, gone]);
    bench.ack(&mut again, 1, 9);
    assert_eq!(bench.retained(), 0);
    let report = bench.publisher.finish(Quorum::All);
    let unacked = report.members.iter().map(|m| (m.outcome, m.unacked()));
    let expected = [(MemberOutcome::Expired, 9), (MemberOutcome::Behind, 1)];
    assert_eq!(unacked.collect::<Vec<_>>(), expected, "{report}");
}

#[test]
fn what_a_member_holds_is_not_let_go_for_who_is_absent() {
    let mut bench = Bench::with(|config| {
        durable(&["d"])(config);
        config.window_messages = 8;
    });
    let mut here = bench.member("here", &["a"]);
    let mut peer = bench.member("d", &[""]);
    bench.bye(&mut peer, vec![]);
    bench.publish("b");
    for _ in 0..7 {
        bench.publish("a");
    }
    bench.publish("b"); // b 1 was let go for it
    assert_eq!(bench.publisher.counters().let_go, 1);
    bench.publish("b");
    assert_eq!(bench.publisher.counters().let_go, 2);
    bench.publish("a");
    assert!(
        bench.try_publish("a").is_err(),
        "what is left is held by who is here"
    );
    assert_eq!(bench.publisher.counters().full, 1);
    bench.ack(&mut here, 2, 1);
    bench.publish("a");
    assert_eq!(bench.publisher.counters().let_go, 4);
    assert_eq!(bench.retained(), 8);
}

#[test]
fn gone_ranges_pass_from_claim_to_claim() {
    let mut bench = Bench::with(|config| {
        durable(&["d"])(config);
        config.window_messages = 8;
    });
    let mut peer = bench.member("d", &["a"]);
    bench.bye(&mut peer, vec![]);
    for _ in 0..10 {
        bench.publish("a");
    }
    for _ in 0..3 {
        let mut again = bench.peer("d");
        assert_eq!(bench.hello(&mut again, &["a"]), [(1, 1)]);
        bench.joined(&mut again);
        bench.bye(&mut again, vec![]);
    }
    let mut last = bench.member("d", &["a"]);
    bench.ack(&mut last, 1, 10);
    assert_eq!(bench.retained(), 0);
    let report = bench.publisher.finish(Quorum::All);
    let unacked: Vec<_> = report.members.iter().map(|m| m.unacked()).collect();
    assert_eq!(unacked, [0, 0, 0, 0, 2], "{report}");
    let gone = report.members[4].topics[0].gone[0];
    assert_eq!((gone.first(), gone.last()), (1, 2));
}

#[test]
fn a_close_lets_an_absent_name_come_back_and_nobody_else() {
    let mut bench = Bench::with(durable(&["d", "e"]));
    let mut peer = bench.member("d", &["a"]);
    bench.publish("a");
    bench.bye(&mut peer, vec![]);
    bench.publisher.begin_close(bench.now);
    let target = bench.publisher.target();
    let verdict = |bench: &Bench| bench.publisher.verdict(&target, &Quorum::All);
    assert_eq!(verdict(&bench), Verdict::Pending);
    for name in ["x", "e"] {
        let stranger = bench.candidate(name, &["a"]);
        assert_eq!(bench.control_to(&stranger), [ToSubscriber::Closing]);
    }
    assert_eq!(bench.publisher.counters().refused, 2);
    let mut again = bench.candidate("d", &["a"]);
    bench.joined(&mut again);
    let ends = bench.in_band_to(&again);
    assert_eq!(ends.len(), 1, "END at once: {ends:?}");
    bench.ack(&mut again, 1, 1);
    assert_eq!(verdict(&bench), Verdict::Met);
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Drained);
}

#[test]
fn a_candidate_for_a_claim_is_not_dropped_by_a_close() {
    let mut bench = Bench::with(durable(&["d"]));
    let mut peer = bench.member("d", &["a"]);
    bench.publish("a");
    bench.bye(&mut peer, vec![]);
    let mut again = bench.candidate("d", &["a"]);
    let other = bench.candidate("x", &["a"]);
    bench.publisher.begin_close(bench.now);
    assert_eq!(bench.control_to(&other), [ToSubscriber::Closing]);
    assert!(bench.control_to(&again).is_empty());
    bench.joined(&mut again);
    bench.ack(&mut again, 1, 1);
    assert_eq!(
        bench.publisher.finish(Quorum::All).outcome,
        Outcome::Drained
    );
}

#[test]
fn a_released_period_of_a_claim_can_be_taken_over_only_while_all_that_follows_is_kept() {
    for others_hold in [true, false] {
        let mut bench = Bench::with(durable(&["d"]));
        if others_hold {
            bench.member("slow", &["a"]);
        }
        let mut peer = bench.member("d", &["a"]);
        bench.publish("a");
        bench.unsubscribe(&mut peer, 1, &["a"]);
        bench.publish("a");
        bench.bye(&mut peer, vec![]);
        let mut again = bench.peer("d");
        let base = if others_hold { 1 } else { 3 };
        assert_eq!(bench.hello(&mut again, &["a"]), [(1, base)]);
        bench.joined(&mut again);
        bench.ack(&mut again, 1, 2);
        let report = bench.publisher.finish(Quorum::AtLeast(1));
        let named: Vec<_> = report.members.iter().filter(|m| m.name == "d").collect();
        let unacked: u64 = named.iter().map(|m| m.unacked()).sum();
        assert_eq!(unacked, u64::from(!others_hold), "{report}");
    }
}

#[test]
fn a_name_that_is_full_of_members_may_be_taken_by_its_own() {
    let mut bench = Bench::with(|config| {
        durable(&["d"])(config);
        config.max_members = 1;
    });
    bench.member("d", &["a"]);
    let stranger = bench.candidate("x", &["a"]);
    let why = Refusal::TooManyMembers;
    assert_eq!(
        bench.control_to(&stranger),
        [ToSubscriber::Refused { change: 0, why }]
    );
    let mut again = bench.candidate("d", &["a"]);
    bench.joined(&mut again);
    assert_eq!(bench.publisher.member_count(), 1);
}

#[test]
fn the_level_of_a_claim_is_that_of_its_session() {
    let mut bench = Bench::with(durable(&["d"]));
    let mut peer = bench.peer("d");
    peer.level = Level::Received;
    bench.hello(&mut peer, &["a"]);
    bench.joined(&mut peer);
    bench.publish("a");
    bench.publish("a");
    let marks = vec![Mark {
        number: 1,
        received: 1,
        processed: 0,
    }];
    bench.bye(&mut peer, marks);
    let mut again = bench.peer("d");
    assert_eq!(bench.hello(&mut again, &["a"]), [(1, 2)]);
}

#[test]
fn a_publisher_that_was_suspended_ends_no_claim_at_once() {
    let mut bench = Bench::with(durable(&["d"]));
    let mut peer = bench.member("d", &["a"]);
    bench.publish("a");
    bench.bye(&mut peer, vec![]);
    bench.now += ms(3_600_000);
    bench.publisher.handle_timeout(bench.now);
    assert_eq!(bench.retained(), 1, "who wanted to come back could not");
    bench.pass(ms(60_000));
    assert_eq!(bench.retained(), 0);
}
