//! What a subscriber is owed of a topic: from its base on, up to its release, and then anew.

use crate::hand::{Hand, config, drop_wish, entry, mark, ms, range, wish};
use linger_ack_proto::wire::{ToPublisher, ToSubscriber, TopicRange};
use linger_ack_proto::{Level, SubscriberEvent};

#[test]
fn what_is_granted_begins_at_its_base_and_what_comes_later_at_1() {
    let mut hand = Hand::member(&[], vec![]);
    wish(&mut hand, "B");
    hand.said();
    hand.data("B1", 1, 4); // after SUB was set, before the publisher applied it
    hand.data("B2", 2, 1);
    assert_eq!(hand.machine.counters().unasked, 2);
    hand.granted(1, vec![entry("B1", 1, 6)]);
    hand.data("B1", 1, 5);
    hand.data("B1", 1, 6);
    hand.data("B2", 2, 2); // its first was dropped: it is owed from 1 on
    assert_eq!(hand.take(), ["B16"]);
    let said = hand.said();
    assert!(
        said.contains(&ToPublisher::Nack {
            ranges: vec![range(2, 1, 1)]
        }),
        "{said:?}"
    );
    hand.repair("B2", 2, 1, true);
    assert_eq!(hand.take(), ["B21", "B22"]);
}

#[test]
fn what_is_owed_already_keeps_its_base_when_an_overlapping_prefix_is_granted() {
    let mut hand = Hand::member(&["EUR"], vec![entry("EURUSD", 1, 5)]);
    wish(&mut hand, "E");
    hand.said();
    hand.data("EURUSD", 1, 5);
    hand.granted(1, vec![entry("EGP", 2, 8), entry("EURUSD", 1, 9)]);
    hand.data("EURUSD", 1, 6);
    hand.data("EGP", 2, 8);
    assert_eq!(hand.take(), ["EURUSD5", "EURUSD6", "EGP8"]);
}

#[test]
fn a_topic_of_which_all_was_lost_is_named_by_released_and_had_repaired() {
    let mut hand = Hand::member(&["A"], vec![]);
    drop_wish(&mut hand, "A");
    hand.said();
    hand.released(1, vec![entry("A1", 7, 3)]);
    let said = hand.said();
    assert!(
        said.contains(&ToPublisher::Nack {
            ranges: vec![range(7, 1, 2)]
        }),
        "{said:?}"
    );
}

#[test]
fn a_topic_that_appears_while_its_prefix_is_given_up_is_not_taken_for_owed() {
    let mut hand = Hand::member(&["A", "AB"], vec![]);
    drop_wish(&mut hand, "A");
    hand.said();
    hand.data("AC", 3, 1); // after RELEASED, which was lost
    hand.data("ABC", 4, 1);
    assert_eq!(hand.take(), ["ABC1"]);
    assert_eq!(
        hand.marks(),
        [mark(4, 1, 1)],
        "an ack of the other would be broken"
    );
}

#[test]
fn repeats_of_released_change_nothing() {
    let mut hand = Hand::member(&["A"], vec![]);
    hand.data("A", 1, 1);
    drop_wish(&mut hand, "A");
    hand.said();
    hand.released(1, vec![entry("A", 1, 2)]);
    wish(&mut hand, "A");
    hand.said();
    hand.events();
    hand.released(1, vec![entry("A", 1, 2)]);
    assert_eq!(hand.events(), [], "SUB is wanted again");
    hand.granted(2, vec![entry("A", 1, 5)]);
    hand.released(1, vec![entry("A", 1, 2)]);
    hand.data("A", 1, 5);
    assert_eq!(hand.take(), ["A1", "A5"]);
    assert_eq!(hand.machine.counters().stale, 2);
}

#[test]
fn a_topic_that_is_granted_again_begins_at_its_new_base_and_no_mark_goes_back() {
    let mut hand = Hand::member(&["A"], vec![]);
    for sequence in 1..=4 {
        hand.data("A", 1, sequence);
    }
    drop_wish(&mut hand, "A");
    hand.said();
    let early = hand.deliveries();
    hand.released(1, vec![entry("A", 1, 3)]); // 3 and 4 came, and are not owed
    for delivery in &early[..2] {
        hand.machine.acknowledge(hand.now, &delivery.id);
    }
    assert_eq!(hand.marks(), [mark(1, 4, 2)]);
    wish(&mut hand, "A");
    hand.said();
    hand.data("A", 1, 8); // before GRANTED: not known to be owed
    hand.granted(2, vec![entry("A", 1, 8)]);
    assert!(
        !hand.machine.acknowledge(hand.now, &early[3].id),
        "not owed"
    );
    hand.data("A", 1, 9);
    hand.repair("A", 1, 8, true);
    assert_eq!(hand.take(), ["A8", "A9"]);
    assert_eq!(hand.marks(), [mark(1, 9, 9)]);
    // Nobody waits for what was not owed.
    hand.end(vec![entry("A", 1, 10)]);
    let said = hand.said();
    assert!(
        said.contains(&ToPublisher::Bye {
            marks: vec![mark(1, 9, 9)]
        }),
        "{said:?}"
    );
}

#[test]
fn what_was_not_acknowledged_stays_so_though_its_topic_is_granted_again() {
    let mut config = config(&["A"]);
    config.level = Level::Received;
    let mut hand = Hand::member_with(config, vec![]);
    hand.data("A", 1, 1);
    let first = hand.deliveries();
    drop_wish(&mut hand, "A");
    hand.said();
    hand.released(1, vec![entry("A", 1, 2)]);
    wish(&mut hand, "A");
    hand.said();
    hand.granted(2, vec![entry("A", 1, 7)]);
    hand.data("A", 1, 7);
    assert_eq!(hand.take(), ["A7"]);
    assert_eq!(hand.marks(), [mark(1, 7, 0)]);
    hand.machine.acknowledge(hand.now, &first[0].id);
    assert_eq!(hand.marks(), [mark(1, 7, 7)]);
}

#[test]
fn a_topic_that_is_granted_again_before_its_gone_came_names_what_is_gone() {
    let mut hand = Hand::member(&["A"], vec![]);
    hand.data("A", 1, 1);
    hand.data("A", 1, 4); // held
    drop_wish(&mut hand, "A");
    hand.said();
    hand.released(1, vec![entry("A", 1, 6)]);
    wish(&mut hand, "A");
    hand.said();
    hand.granted(2, vec![entry("A", 1, 9)]);
    hand.data("A", 1, 9);
    assert_eq!(hand.take(), ["A1", "A2..=5 gone", "A9"]);
    assert_eq!(hand.marks(), [mark(1, 9, 9)]);
}

#[test]
fn gone_beyond_the_last_that_is_owed_is_nobodys_loss() {
    let mut hand = Hand::member(&["A"], vec![]);
    hand.data("A", 1, 1);
    drop_wish(&mut hand, "A");
    hand.said();
    hand.data("A", 1, 9);
    hand.said();
    hand.released(1, vec![entry("A", 1, 4)]);
    hand.control(&ToSubscriber::Gone(TopicRange {
        number: 1,
        first: 2,
        last: 8,
    }));
    assert_eq!(hand.take(), ["A1", "A2..=3 gone"]);
    assert_eq!(hand.marks(), [mark(1, 3, 3)]);
}

#[test]
fn sync_about_what_no_prefix_matches_is_counted_and_not_owed() {
    let mut hand = Hand::member(&["A"], vec![]);
    hand.sync(vec![entry("B", 2, 5)]);
    assert_eq!(hand.machine.counters().broken, 1);
    let said = hand.said();
    assert!(
        !said
            .iter()
            .any(|frame| matches!(frame, ToPublisher::Nack { .. }))
    );
}

#[test]
fn sequences_at_the_end_of_their_range_are_taken_as_any() {
    let last = u64::MAX - 1;
    let mut hand = Hand::member(&["A"], vec![entry("A", 1, last)]);
    hand.data("A", 1, last);
    drop_wish(&mut hand, "A");
    hand.said();
    hand.released(1, vec![entry("A", 1, last)]);
    wish(&mut hand, "A");
    hand.said();
    hand.granted(2, vec![entry("A", 1, 1)]); // below: marks never go back
    hand.sync(vec![entry("A", 1, last)]);
    assert_eq!(hand.take(), [format!("A{last}")]);
    hand.control(&ToSubscriber::Gone(TopicRange {
        number: 1,
        first: 1,
        last,
    }));
    assert_eq!(hand.marks(), [mark(1, last, last)]);
}

#[test]
fn what_is_granted_and_released_is_counted_and_a_number_of_another_topic_is_broken() {
    let mut hand = Hand::member(&["A"], vec![entry("A", 1, 1)]);
    hand.said();
    for number in [1, 3] {
        wish(&mut hand, "B");
        hand.said();
        hand.granted(number, vec![entry("B", 1, 4)]);
        drop_wish(&mut hand, "B");
        hand.said();
        hand.released(number + 1, vec![]);
    }
    let counters = hand.machine.counters();
    assert_eq!((counters.subscribed, counters.unsubscribed), (2, 2));
    assert_eq!(counters.broken, 2, "1 is the number of A");
    hand.data("A", 1, 1);
    assert_eq!(hand.take(), ["A1"]);
}

#[test]
fn what_is_owed_already_keeps_its_base_whatever_a_grant_says() {
    let mut hand = Hand::member(&["A"], vec![entry("A", 1, 1)]);
    wish(&mut hand, "");
    hand.said();
    hand.data("A", 1, 2);
    hand.granted(1, vec![entry("A", 1, 5), entry("B", 2, 3)]);
    hand.data("A", 1, 1);
    hand.data("B", 2, 3);
    assert_eq!(hand.take(), ["A1", "A2", "B3"], "and what waits");
    assert_eq!(hand.marks(), [mark(1, 2, 2), mark(2, 3, 3)]);
}

#[test]
fn what_was_sent_of_a_topic_under_another_name_or_of_a_foreign_one_is_broken() {
    let mut hand = Hand::member(&["T"], vec![entry("T", 1, 1)]);
    hand.sync(vec![entry("T", 1, 2)]);
    hand.sync(vec![entry("T", 1, 2)]);
    assert_eq!(hand.machine.counters().broken, 0);
    for (entry, broken) in [(entry("TT", 1, 9), 2), (entry("X", 7, 9), 4)] {
        hand.sync(vec![entry.clone()]);
        hand.sync(vec![entry]);
        assert_eq!(hand.machine.counters().broken, broken);
    }
    hand.data("T", 1, 1);
    assert_eq!(hand.take(), ["T1"]);
    assert_eq!(hand.marks(), [mark(1, 1, 1)]);
}

#[test]
fn a_late_word_of_what_was_released_is_not_broken() {
    let mut hand = Hand::member(&["T", "U"], vec![entry("T", 1, 1)]);
    drop_wish(&mut hand, "T");
    hand.said();
    hand.released(1, vec![entry("T", 1, 1)]);
    hand.sync(vec![entry("T", 1, 5)]);
    assert_eq!(hand.machine.counters().broken, 0);
    let said = hand.pass(ms(200));
    let asks = |frame: &ToPublisher| matches!(frame, ToPublisher::Nack { .. });
    assert!(!said.iter().any(asks), "nothing beyond its line is missing");
}

#[test]
fn the_end_of_what_was_released_counts_though_it_is_asked_for_again() {
    let mut hand = Hand::member(&["T"], vec![entry("T", 1, 1)]);
    hand.data("T", 1, 1);
    hand.data("T", 1, 2);
    assert_eq!(hand.take(), ["T1", "T2"]);
    drop_wish(&mut hand, "T");
    hand.said();
    hand.released(1, vec![entry("T", 1, 3)]);
    wish(&mut hand, "T");
    hand.said();
    hand.events();
    hand.end(vec![entry("T", 1, 3)]);
    assert_eq!(hand.events(), [SubscriberEvent::EndOfStream]);
}

#[test]
fn what_was_held_of_a_topic_that_is_released_makes_room_for_others() {
    for bytes in [false, true] {
        let mut config = config(&["T", "U"]);
        match bytes {
            true => config.reorder_bytes = 2,
            false => config.reorder_messages = 1,
        }
        let mut hand = Hand::member_with(config, vec![]);
        hand.data("T", 1, 2);
        drop_wish(&mut hand, "T");
        hand.said();
        hand.released(1, vec![entry("T", 1, 1)]);
        hand.data("U", 2, 2);
        assert_eq!(hand.machine.counters().overflowed, 0);
        hand.data("U", 2, 3);
        assert_eq!(
            hand.machine.counters().overflowed,
            1,
            "there is room for one"
        );
        hand.data("U", 2, 1);
        assert_eq!(hand.take(), ["U1", "U2"]);
    }
}
