//! Sessions that are lost, refused and taken up again.

use crate::hand::{Hand, config, entry, mark, ms};
use linger_ack_proto::wire::{Refusal, ToPublisher, ToSubscriber};
use linger_ack_proto::{EndReason, Epoch, SubscriberEvent};

fn hellos(said: &[ToPublisher]) -> usize {
    let hellos = said.iter().filter(|f| matches!(f, ToPublisher::Hello(_)));
    hellos.count()
}

#[test]
fn an_evicted_member_says_so_joins_anew_and_names_what_it_missed() {
    let mut hand = Hand::member(&["T"], vec![entry("T", 1, 1)]);
    hand.data("T", 1, 1);
    hand.control(&ToSubscriber::Evicted);
    assert_eq!(
        hand.events(),
        [SubscriberEvent::Evicted, SubscriberEvent::Rejoin]
    );
    hand.control(&ToSubscriber::Evicted); // the answer to a frame that was under way
    assert_eq!(hand.events(), []);
    hand.rejoin();
    hand.control(&ToSubscriber::Member); // nothing was confirmed yet
    hand.join(vec![entry("T", 1, 7)]);
    hand.data("T", 1, 7);
    assert_eq!(hand.take(), ["T1", "T2..=6 gone", "T7"]);
    assert_eq!(hand.marks(), [mark(1, 7, 7)]);
    let counters = hand.machine.counters();
    assert_eq!(
        (counters.evicted, counters.sessions_lost, counters.gone),
        (1, 1, 5)
    );
}

#[test]
fn a_candidate_that_is_evicted_while_it_confirms_begins_anew() {
    let mut hand = Hand::with(config(&["T"]));
    hand.said();
    hand.welcome(vec![entry("T", 1, 3)]);
    hand.data("T", 1, 3);
    hand.control(&ToSubscriber::Evicted);
    assert_eq!(
        hand.events(),
        [SubscriberEvent::Evicted, SubscriberEvent::Rejoin]
    );
    hand.rejoin();
    hand.join(vec![entry("T", 1, 9)]);
    assert_eq!(hand.take(), ["T3", "T4..=8 gone"]);
}

#[test]
fn eviction_at_the_end_ends_it_for_its_publisher_takes_nobody_in() {
    for has_all in [true, false] {
        let mut hand = Hand::member(&["T"], vec![]);
        hand.data("T", 1, 1);
        let next = if has_all { 2 } else { 3 };
        hand.end(vec![entry("T", 1, next)]);
        hand.control(&ToSubscriber::Evicted);
        let reason = match has_all {
            true => EndReason::Unconfirmed,
            false => EndReason::Incomplete,
        };
        let ended = SubscriberEvent::Ended { reason };
        assert_eq!(hand.events().last(), Some(&ended));
        assert_eq!(hand.machine.poll_timeout(), None);
    }
}

#[test]
fn who_leaves_and_was_evicted_is_never_confirmed() {
    let mut hand = Hand::member(&["T"], vec![]);
    hand.machine.leave(hand.now);
    hand.said();
    hand.control(&ToSubscriber::Evicted);
    let ended = SubscriberEvent::Ended {
        reason: EndReason::Unconfirmed,
    };
    assert_eq!(hand.events(), [ended]);
}

#[test]
fn a_restart_is_reported_with_both_last_marks_of_the_old_epoch() {
    let mut hand = Hand::member(&[""], vec![entry("A", 1, 5)]);
    hand.data("A", 1, 5);
    hand.take();
    hand.data("A", 1, 6);
    hand.data("B", 2, 1);
    hand.data("B", 2, 3);
    let old = hand.epoch;
    hand.epoch = Epoch::from_u128(78);
    hand.control(&ToSubscriber::Unknown);
    let events = hand.events();
    let [
        SubscriberEvent::Restarted { old: of, marks },
        SubscriberEvent::Rejoin,
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*of, old);
    let marks = marks
        .iter()
        .map(|m| (&m.topic[..], m.received, m.processed));
    let expected = [(&b"A"[..], 6, 5), (&b"B"[..], 1, 0)];
    assert_eq!(marks.collect::<Vec<_>>(), expected);
    hand.rejoin();
    hand.join(vec![entry("A", 1, 100)]);
    assert_eq!(hand.events(), [SubscriberEvent::Joined], "reported once");
    assert_eq!(
        hand.take(),
        ["A6", "B1"],
        "nothing of the new epoch is gone"
    );
    assert_eq!(hand.machine.counters().restarts, 1);
}

#[test]
fn a_restart_that_shows_only_at_welcome_is_reported_all_the_same() {
    let mut hand = Hand::member(&["T"], vec![]);
    hand.data("T", 1, 1);
    hand.control(&ToSubscriber::Unknown); // of the same epoch: the session expired
    assert_eq!(hand.events(), [SubscriberEvent::Rejoin]);
    hand.rejoin();
    let old = hand.epoch;
    hand.epoch = Epoch::from_u128(78);
    hand.join(vec![]);
    let events = hand.events();
    let is_restart = matches!(&events[0], SubscriberEvent::Restarted { old: of, marks }
        if *of == old && marks.len() == 1);
    assert!(is_restart, "{events:?}");
    assert_eq!(events[1..], [SubscriberEvent::Joined]);
}

#[test]
fn what_a_released_topic_still_owed_is_named_when_the_session_was_lost() {
    let mut hand = Hand::member(&["A", "B", "C"], vec![]);
    hand.data("A", 1, 1);
    hand.data("C", 3, 1);
    hand.data("C", 3, 4);
    hand.machine.unsubscribe(hand.now, b"A");
    hand.said();
    hand.released(1, vec![entry("A", 1, 4)]);
    hand.machine.unsubscribe(hand.now, b"C");
    hand.said();
    hand.control(&ToSubscriber::Unknown);
    hand.rejoin();
    hand.join(vec![entry("B", 2, 3)]);
    assert_eq!(
        hand.take(),
        ["A1", "C1", "A2..=3 gone", "C2..=4 gone", "B1..=2 gone"],
        "of A all is known, of C what was seen to be missing, B began at 1"
    );
}

#[test]
fn what_a_new_prefix_finds_there_was_not_lost() {
    let mut hand = Hand::member(&["A"], vec![entry("A", 1, 4)]);
    hand.control(&ToSubscriber::Unknown);
    hand.machine.subscribe(hand.now, "B").expect("a prefix");
    hand.rejoin();
    hand.join(vec![entry("A", 1, 4), entry("B", 2, 50), entry("AB", 3, 2)]);
    assert_eq!(hand.take(), ["AB1 gone"]);
}

#[test]
fn a_durable_name_is_given_again_what_it_had_not_acknowledged() {
    let mut hand = Hand::member(&["T"], vec![]);
    hand.data("T", 1, 1);
    hand.data("T", 1, 2);
    let lost = hand.deliveries();
    hand.control(&ToSubscriber::Unknown);
    hand.rejoin();
    hand.join(vec![entry("T", 1, 1)]);
    assert!(
        !hand.machine.acknowledge(hand.now, &lost[0].id),
        "another session's"
    );
    hand.data("T", 1, 3);
    hand.said();
    hand.repair("T", 1, 1, false);
    hand.repair("T", 1, 2, true);
    assert_eq!(hand.take(), ["T1", "T2", "T3"]);
    assert_eq!(hand.marks(), [mark(1, 3, 3)]);
}

#[test]
fn who_is_refused_asks_again_after_the_longest_wait() {
    let mut hand = Hand::with(config(&["T"]));
    assert_eq!(hellos(&hand.said()), 1);
    for why in [
        Refusal::Busy,
        Refusal::TooManyMembers,
        Refusal::NotAuthorized,
    ] {
        hand.control(&ToSubscriber::Refused { change: 0, why });
        assert!(matches!(
            hand.events()[..],
            [SubscriberEvent::Refused { .. }]
        ));
        assert_eq!(hellos(&hand.pass(ms(999))), 0);
        assert_eq!(hellos(&hand.pass(ms(1))), 1);
    }
    hand.control(&ToSubscriber::Closing);
    hand.control(&ToSubscriber::Closing);
    assert_eq!(
        hand.events().len(),
        1,
        "the same refusal is told once a poll"
    );
    assert_eq!(hand.machine.counters().refused, 5);
}

#[test]
fn a_publisher_of_another_version_is_asked_again_after_the_longest_wait() {
    let mut hand = Hand::with(config(&["T"]));
    hand.said();
    hand.epoch = Epoch::from_u128(5);
    hand.control(&ToSubscriber::Versions {
        lowest: 2,
        highest: 3,
    });
    assert!(matches!(
        hand.events()[..],
        [SubscriberEvent::Refused { .. }]
    ));
    assert_eq!(hellos(&hand.pass(ms(999))), 0);
    assert_eq!(hellos(&hand.pass(ms(1))), 1);
    hand.control(&ToSubscriber::Versions {
        lowest: 1,
        highest: 3,
    });
    assert_eq!(hand.events(), [], "this one is spoken here");
    assert_eq!(hand.machine.counters().versions_refused, 1);
    hand.welcome(vec![]);
    hand.said();
    hand.control(&ToSubscriber::Member);
    assert!(hand.machine.is_member());
    // Of the same epoch that makes no sense; of another it is a restart as another version.
    hand.control(&ToSubscriber::Versions {
        lowest: 2,
        highest: 3,
    });
    assert!(hand.machine.is_member());
    hand.events();
    hand.epoch = Epoch::from_u128(6);
    hand.control(&ToSubscriber::Versions {
        lowest: 2,
        highest: 3,
    });
    let events = hand.events();
    let is_restart = matches!(
        &events[..],
        [SubscriberEvent::Restarted { .. }, SubscriberEvent::Rejoin]
    );
    assert!(is_restart, "{events:?}");
}

#[test]
fn a_publisher_that_knows_no_session_is_not_pressed() {
    let mut hand = Hand::member(&["T"], vec![]);
    let mut said = 0;
    let end = hand.now + ms(10_000);
    while hand.now < end {
        said += hellos(&hand.said());
        hand.control(&ToSubscriber::Unknown);
        if hand.events().contains(&SubscriberEvent::Rejoin) {
            hand.rejoin();
        }
        hand.now += ms(10);
    }
    assert!((10..=20).contains(&said), "{said} HELLOs in ten seconds");
}

#[test]
fn nobody_answers_a_session_that_has_said_nothing() {
    let mut hand = Hand::with(config(&["T"]));
    hand.control(&ToSubscriber::Unknown);
    hand.control(&ToSubscriber::Superseded);
    assert_eq!(hand.events(), []);
    assert_eq!(hand.machine.counters().stale, 2);
    hand.join(vec![]);
}

#[test]
fn fin_of_a_publisher_that_never_took_it_in_ends_nothing() {
    let mut hand = Hand::with(config(&["T"]));
    hand.said();
    hand.control(&ToSubscriber::Fin { acked: false });
    assert!(hellos(&hand.pass(ms(5_000))) > 0);
    assert_eq!(hand.events(), []);
}
