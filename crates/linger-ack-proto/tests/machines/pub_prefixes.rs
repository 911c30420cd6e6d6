//! SUBSCRIBE and UNSUBSCRIBE, as the publisher takes them.

use crate::peer::{Bench, ms};
use linger_ack_proto::wire::{InBand, Mark, Refusal, ToPublisher, ToSubscriber};
use linger_ack_proto::{Event, Outcome, Quorum, Verdict};

#[test]
fn a_grant_names_the_base_of_what_is_new_and_leaves_the_rest_alone() {
    let mut bench = Bench::new();
    for topic in ["a", "a", "ab", "b"] {
        bench.publish(topic);
    }
    let mut peer = bench.member("m", &["ab"]);
    bench.publish("ab");
    bench.subscribe(&mut peer, 1, &["a"]);
    assert_eq!(bench.changed(&peer), Some(("granted", 1, vec![(1, 3)])));
    bench.publish("a");
    bench.publish("ac"); // it is new: from 1
    bench.ack(&mut peer, 1, 3);
    bench.ack(&mut peer, 2, 2);
    bench.ack(&mut peer, 4, 1);
    assert_eq!(
        (bench.retained(), bench.publisher.counters().broken),
        (0, 0)
    );
}

#[test]
fn a_change_that_comes_again_gets_the_same_answer_and_one_that_is_older_none() {
    let mut bench = Bench::new();
    bench.publish("a");
    bench.publish("b");
    let mut peer = bench.member("m", &[]);
    bench.subscribe(&mut peer, 1, &["a"]);
    let first = bench.changed(&peer);
    assert_eq!(first, Some(("granted", 1, vec![(1, 2)])));
    bench.publish("a");
    bench.subscribe(&mut peer, 1, &["a"]);
    assert_eq!(bench.changed(&peer), None, "at once: it is on its way");
    bench.pass(ms(20));
    bench.subscribe(&mut peer, 1, &["a"]);
    assert_eq!(bench.changed(&peer), first, "the base stays");
    bench.subscribe(&mut peer, 2, &["b"]);
    assert_eq!(bench.changed(&peer), Some(("granted", 2, vec![(2, 2)])));
    bench.pass(ms(20));
    // The first one was stuck on an older connection.
    bench.subscribe(&mut peer, 1, &["a"]);
    assert_eq!(bench.changed(&peer), None);
    let counters = bench.publisher.counters();
    assert_eq!((counters.stale, counters.granted), (1, 2));
    assert!(bench.control_to(&peer).is_empty(), "it is no stranger");
}

#[test]
fn a_change_whose_number_was_not_come_to_is_broken() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &[]);
    bench.subscribe(&mut peer, 2, &["a"]);
    bench.unsubscribe(&mut peer, u64::MAX, &["a"]);
    assert_eq!(bench.publisher.counters().broken, 2);
    assert_eq!(bench.changed(&peer), None);
    bench.publish("a");
    assert_eq!(bench.retained(), 0, "nothing was taken from them");
    let mut candidate = bench.candidate("c", &[]);
    bench.subscribe(&mut candidate, 1, &["a"]);
    assert_eq!(bench.publisher.counters().broken, 3, "before JOINED");
}

#[test]
fn what_was_published_before_a_release_stays_owed_and_what_follows_is_not() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["a", "b"]);
    for topic in ["a", "a", "b", "a"] {
        bench.publish(topic);
    }
    bench.unsubscribe(&mut peer, 1, &["a"]);
    assert_eq!(bench.changed(&peer), Some(("released", 1, vec![(1, 4)])));
    bench.publish("a");
    assert_eq!(bench.publisher.counters().unowed, 1);
    assert_eq!(bench.retained(), 4);
    bench.nack(&mut peer, 1, 2, 4);
    let repairs = bench.control_to(&peer);
    assert_eq!(repairs.len(), 2, "2 and 3: {repairs:?}");
    assert!(
        repairs
            .iter()
            .all(|said| matches!(said, ToSubscriber::Repair(_)))
    );
    // It had taken 4 before it heard of the release.
    bench.ack(&mut peer, 1, 4);
    bench.ack(&mut peer, 2, 1);
    assert_eq!(
        (bench.retained(), bench.publisher.counters().broken),
        (0, 0)
    );
    bench.publisher.begin_close(bench.now);
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Drained);
    let member = report.member("m").expect("named");
    assert_eq!((member.owed(), member.unacked()), (4, 0));
}

#[test]
fn a_topic_that_another_prefix_still_matches_is_not_released() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["", "a", "ab"]);
    for topic in ["a", "ab", "b"] {
        bench.publish(topic);
    }
    bench.unsubscribe(&mut peer, 1, &["", "nothing"]);
    assert_eq!(bench.changed(&peer), Some(("released", 1, vec![(3, 2)])));
    bench.unsubscribe(&mut peer, 2, &["a"]);
    assert_eq!(bench.changed(&peer), Some(("released", 2, vec![(1, 2)])));
    bench.publish("ab");
    assert_eq!(bench.retained(), 4);
}

#[test]
fn a_topic_can_not_be_granted_again_before_its_former_period_is_acknowledged() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["a"]);
    bench.publish("a");
    bench.publish("a");
    bench.unsubscribe(&mut peer, 1, &["a"]);
    assert!(bench.changed(&peer).is_some());
    bench.publish("a"); // owed to nobody
    bench.subscribe(&mut peer, 2, &["a"]);
    assert_eq!(bench.changed(&peer), None);
    bench.ack(&mut peer, 1, 1);
    bench.subscribe(&mut peer, 2, &["a"]);
    assert_eq!(bench.changed(&peer), None);
    bench.publish("a"); // nor is this one: it is not applied
    assert_eq!(bench.publisher.counters().unowed, 2);
    bench.ack(&mut peer, 1, 2);
    bench.subscribe(&mut peer, 2, &["a"]);
    assert_eq!(bench.changed(&peer), Some(("granted", 2, vec![(1, 5)])));
    assert_eq!(bench.publisher.counters().postponed, 2);
    bench.publish("a");
    assert_eq!(bench.retained(), 1);
    bench.ack(&mut peer, 1, 3); // said of the former period, late
    assert_eq!(bench.retained(), 1);
    let report = bench.publisher.finish(Quorum::All);
    let topic = &report.member("m").expect("named").topics[0];
    assert_eq!((topic.base, topic.last, topic.earlier), (5, 5, 2));
    assert_eq!((topic.owed(), topic.acked()), (3, 2));
    let earlier = topic.earlier_ranges[0];
    assert_eq!((earlier.first(), earlier.last()), (1, 2));
}

#[test]
fn an_unsubscribe_that_overtakes_a_waiting_subscribe_is_broken() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["a"]);
    bench.publish("a");
    bench.unsubscribe(&mut peer, 1, &["a"]);
    bench.subscribe(&mut peer, 2, &["a"]);
    bench.unsubscribe(&mut peer, 3, &["a"]);
    assert_eq!(bench.publisher.counters().broken, 1, "one at a time");
}

#[test]
fn acknowledgements_of_an_earlier_period_count_while_others_hold_its_messages() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["a"]);
    let mut slow = bench.member("slow", &["a"]);
    bench.publish("a");
    bench.ack(&mut peer, 1, 1);
    bench.unsubscribe(&mut peer, 1, &["a"]);
    bench.subscribe(&mut peer, 2, &["a"]);
    bench.publish("a");
    bench.ack(&mut peer, 1, 2);
    let target = bench.publisher.target();
    let verdict = |bench: &Bench, least| {
        let quorum = Quorum::AtLeast(least);
        bench.publisher.verdict(&target, &quorum)
    };
    assert_eq!(verdict(&bench, 1), Verdict::Met);
    assert_eq!(verdict(&bench, 2), Verdict::Pending);
    bench.ack(&mut slow, 1, 2);
    assert_eq!(verdict(&bench, 2), Verdict::Met);
}

#[test]
fn end_names_a_released_topic_only_while_it_is_owed() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["a", "b", "c"]);
    for topic in ["a", "b", "c"] {
        bench.publish(topic);
    }
    bench.unsubscribe(&mut peer, 1, &["a", "b"]);
    bench.publish("b");
    bench.ack(&mut peer, 1, 1);
    bench.in_band_to(&peer);
    bench.publisher.begin_close(bench.now);
    let entries = bench
        .in_band_to(&peer)
        .into_iter()
        .flat_map(|said| match said {
            InBand::End { entries, .. } => entries,
            _ => Vec::new(),
        });
    let entries: Vec<_> = entries
        .map(|entry| (entry.number, entry.sequence))
        .collect();
    assert_eq!(entries, [(2, 2), (3, 2)]);
}

#[test]
fn sync_names_of_a_released_topic_what_comes_after_its_last() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["a"]);
    bench.publish("a");
    bench.unsubscribe(&mut peer, 1, &["a"]);
    bench.publish("a");
    bench.in_band_to(&peer);
    bench.pass_with(ms(300), &mut [&mut peer]);
    let said = bench.in_band_to(&peer);
    let Some(InBand::Sync { entries }) = said.first() else {
        panic!("{said:?}");
    };
    assert_eq!((entries[0].number, entries[0].sequence), (1, 2));
}

#[test]
fn a_close_refuses_subscribe_and_answers_unsubscribe() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["a"]);
    bench.publish("a");
    bench.publisher.begin_close(bench.now);
    bench.control_to(&peer);
    for _ in 0..2 {
        bench.subscribe(&mut peer, 1, &["b"]);
        assert_eq!(bench.control_to(&peer), [ToSubscriber::Closing]);
        bench.pass(ms(20));
    }
    bench.unsubscribe(&mut peer, 2, &["a"]);
    assert_eq!(bench.changed(&peer), Some(("released", 2, vec![(1, 2)])));
    bench.ack(&mut peer, 1, 1);
    assert_eq!(
        bench.publisher.finish(Quorum::All).outcome,
        Outcome::Drained
    );
}

#[test]
fn a_grant_whose_answer_was_lost_is_repeated_by_a_close() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &[]);
    bench.subscribe(&mut peer, 1, &["a"]);
    let granted = bench.changed(&peer);
    assert!(granted.is_some());
    bench.publisher.begin_close(bench.now);
    bench.pass_with(ms(50), &mut [&mut peer]);
    bench.control_to(&peer);
    bench.subscribe(&mut peer, 1, &["a"]);
    assert_eq!(bench.changed(&peer), granted);
    assert!(!bench.control_to(&peer).contains(&ToSubscriber::Closing));
}

#[test]
fn too_much_is_refused_and_the_number_is_used_up() {
    let mut bench = Bench::with(|config| {
        config.max_prefixes = 2;
        config.max_member_topics = 2;
    });
    for topic in ["a", "ab", "abc", "b"] {
        bench.publish(topic);
    }
    let mut peer = bench.member("m", &["b"]);
    bench.subscribe(&mut peer, 1, &["x", "y"]);
    let refused = |change, why| [ToSubscriber::Refused { change, why }];
    let answer = bench.control_to(&peer);
    assert_eq!(answer, refused(1, Refusal::TooManyPrefixes));
    bench.pass(ms(20));
    bench.subscribe(&mut peer, 1, &["x", "y"]);
    assert_eq!(bench.control_to(&peer), answer, "the same again");
    bench.subscribe(&mut peer, 2, &["a"]);
    assert_eq!(bench.control_to(&peer), refused(2, Refusal::TooManyTopics));
    bench.subscribe(&mut peer, 3, &["abc"]);
    assert_eq!(bench.changed(&peer), Some(("granted", 3, vec![(3, 2)])));
    let refusals = bench.events.iter();
    let refusals = refusals.filter(|event| matches!(event, Event::Refused { .. }));
    assert_eq!(refusals.count(), 2);
    assert_eq!(bench.publisher.counters().refused, 2);
    let other = bench.candidate("greedy", &["a"]);
    assert_eq!(bench.control_to(&other), refused(0, Refusal::TooManyTopics));
}

#[test]
fn an_answer_goes_in_parts() {
    let mut bench = Bench::with(|config| config.entries_per_part = 2);
    for topic in ["a", "b", "c", "d", "e"] {
        bench.publish(topic);
    }
    let mut peer = bench.member("m", &[]);
    bench.subscribe(&mut peer, 1, &[""]);
    let said = bench.in_band_to(&peer);
    let parts = said.iter().map(|said| match said {
        InBand::Granted(changed) => (
            changed.part.index,
            changed.part.count,
            changed.entries.len(),
        ),
        _ => panic!("{said:?}"),
    });
    assert_eq!(parts.collect::<Vec<_>>(), [(0, 3, 2), (1, 3, 2), (2, 3, 1)]);
}

#[test]
fn a_message_owed_to_a_candidate_alone_behind_a_released_one_is_counted_as_unowed() {
    let mut bench = Bench::new();
    let mut stuck = bench.member("stuck", &["a"]);
    bench.publish("a");
    bench.unsubscribe(&mut stuck, 1, &["a"]);
    bench.publish("a"); // owed to nobody, not kept
    bench.candidate("c", &["a"]);
    bench.publish("a"); // kept for the candidate
    assert_eq!(bench.retained(), 2);
    bench.publisher.begin_close(bench.now);
    assert_eq!(bench.retained(), 1);
    bench.ack(&mut stuck, 1, 1);
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Drained);
    assert_eq!((report.counters.accepted, report.counters.unowed), (3, 2));
}

#[test]
fn a_released_member_that_leaves_has_its_debts_named_up_to_the_release() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["a"]);
    let mut other = bench.member("other", &["a"]);
    bench.publish("a");
    bench.publish("a");
    bench.unsubscribe(&mut peer, 1, &["a"]);
    bench.publish("a");
    let marks = vec![Mark {
        number: 1,
        received: 3,
        processed: 1,
    }];
    bench.say(&mut peer, ToPublisher::Bye { marks });
    bench.ack(&mut other, 1, 3);
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind);
    let topic = &report.member("m").expect("named").topics[0];
    let lacks = topic.unacked().expect("a range");
    assert_eq!((topic.last, lacks.first(), lacks.last()), (2, 2, 2));
}
