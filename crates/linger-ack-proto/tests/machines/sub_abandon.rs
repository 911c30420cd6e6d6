//! Deliveries that come back without an acknowledgement.

use crate::hand::{Hand, config, entry, mark, ms};
use linger_ack_proto::wire::{ToPublisher, ToSubscriber};
use linger_ack_proto::{Delivery, EndReason, Level, SubscriberEvent};

fn member(redeliveries: u32) -> Hand {
    let mut config = config(&[""]);
    config.redeliveries = redeliveries;
    Hand::member_with(config, vec![])
}

fn abandon(hand: &mut Hand, delivery: &Delivery) -> bool {
    hand.machine.abandon(hand.now, delivery.clone())
}

fn ranges(hand: &Hand) -> Vec<String> {
    let topics = hand.machine.abandoned().into_iter();
    let ranges = topics.flat_map(|of| {
        let topic = of.topic.escape_ascii().to_string();
        of.ranges
            .into_iter()
            .map(move |range| format!("{topic}{range}"))
    });
    ranges.collect()
}

fn is_bye(said: &[ToPublisher]) -> bool {
    said.iter()
        .any(|frame| matches!(frame, ToPublisher::Bye { .. }))
}

#[test]
fn unless_it_is_asked_for_an_abandoned_delivery_is_given_up_at_once() {
    let mut hand = member(0);
    for sequence in 1..=3 {
        hand.data("T", 1, sequence);
    }
    let given = hand.deliveries();
    hand.machine.acknowledge(hand.now, &given[0].id);
    hand.machine.acknowledge(hand.now, &given[2].id);
    assert!(!abandon(&mut hand, &given[1]));
    let topic = given[1].topic.clone();
    let abandoned = SubscriberEvent::Abandoned { topic, sequence: 2 };
    assert_eq!(hand.events(), [abandoned]);
    assert_eq!(ranges(&hand), ["T2"]);
    assert_eq!(hand.marks(), [mark(1, 3, 1)], "the mark stays below it");
    assert!(
        !hand.machine.acknowledge(hand.now, &given[1].id),
        "for good"
    );
    assert!(!abandon(&mut hand, &given[1]), "once");
    assert_eq!(hand.marks(), []);
    assert_eq!(hand.machine.counters().abandoned, 1);
}

#[test]
fn it_is_handed_out_again_before_what_is_new_as_often_as_was_asked() {
    let mut hand = member(2);
    for sequence in 1..=3 {
        hand.data("T", 1, sequence);
    }
    let first = hand.deliveries();
    hand.data("T", 1, 4);
    assert!(abandon(&mut hand, &first[1]));
    assert!(abandon(&mut hand, &first[0]));
    assert_eq!(hand.machine.pending(), 3);
    let second = hand.deliveries();
    let order = second.iter().map(|d| (d.id.sequence, d.attempt));
    assert_eq!(order.collect::<Vec<_>>(), [(2, 2), (1, 2), (4, 1)]);
    assert!(
        !abandon(&mut hand, &first[0]),
        "it is another attempt's now"
    );
    assert!(abandon(&mut hand, &second[1]));
    let third = hand.deliveries();
    assert_eq!((third.len(), third[0].attempt), (1, 3));
    assert_eq!(third[0].payload, first[0].payload);
    assert_eq!(hand.events(), []);
    assert!(!abandon(&mut hand, &third[0]), "that was the last time");
    assert_eq!(ranges(&hand), ["T1"]);
    assert_eq!(hand.machine.counters().redelivered, 3);
    assert_eq!(hand.machine.counters().abandoned, 1);
    assert_eq!(hand.machine.counters().delivered, 4, "each counted once");
}

#[test]
fn an_acknowledgement_of_any_attempt_counts_and_ends_them() {
    let mut hand = member(5);
    hand.data("T", 1, 1);
    let first = hand.deliveries();
    assert!(abandon(&mut hand, &first[0]));
    hand.machine.acknowledge(hand.now, &first[0].id);
    assert_eq!(hand.machine.pending(), 0, "it is not handed out again");
    assert_eq!(hand.marks(), [mark(1, 1, 1)]);
    assert!(!abandon(&mut hand, &first[0]));
    hand.data("T", 1, 2);
    let delivery = hand.deliveries().remove(0);
    assert!(abandon(&mut hand, &delivery));
    let delivery = hand.deliveries().remove(0);
    hand.machine.acknowledge(hand.now, &delivery.id);
    assert_eq!(hand.marks(), [mark(1, 2, 2)]);
    assert_eq!(ranges(&hand), [""; 0]);
}

#[test]
fn what_is_to_be_handed_out_again_makes_a_subscriber_full() {
    let mut config = config(&["T"]);
    config.redeliveries = 1;
    config.pending_messages = 1;
    let mut hand = Hand::member_with(config, vec![]);
    hand.data("T", 1, 1);
    let delivery = hand.deliveries().remove(0);
    assert!(!hand.machine.is_full());
    abandon(&mut hand, &delivery);
    assert!(hand.machine.is_full());
}

#[test]
fn the_end_waits_for_what_is_handed_out_again_and_for_nothing_that_is_given_up() {
    let mut hand = member(1);
    for sequence in 1..=3 {
        hand.data("T", 1, sequence);
    }
    let given = hand.deliveries();
    hand.end(vec![entry("T", 1, 4)]);
    hand.machine.acknowledge(hand.now, &given[0].id);
    hand.machine.acknowledge(hand.now, &given[2].id);
    assert!(abandon(&mut hand, &given[1]));
    assert!(
        !is_bye(&hand.pass(ms(5_000))),
        "it is handed out again first"
    );
    let again = hand.deliveries().remove(0);
    assert!(!abandon(&mut hand, &again));
    let said = hand.said();
    let bye = ToPublisher::Bye {
        marks: vec![mark(1, 3, 1)],
    };
    assert!(said.contains(&bye), "{said:?}");
    hand.control(&ToSubscriber::ByeOk);
    let events = hand.events();
    let ended = SubscriberEvent::Ended {
        reason: EndReason::Confirmed,
    };
    assert_eq!(events.last(), Some(&ended));
    assert_eq!(ranges(&hand), ["T2"], "still named");
    assert_eq!(hand.machine.poll_timeout(), None);
}

#[test]
fn a_subscriber_that_gave_everything_up_leaves_when_end_comes() {
    let mut hand = member(0);
    hand.data("T", 1, 1);
    let given = hand.deliveries();
    abandon(&mut hand, &given[0]);
    assert!(!is_bye(&hand.pass(ms(1_000))));
    hand.end(vec![entry("T", 1, 2)]);
    assert!(is_bye(&hand.said()));
}

#[test]
fn fin_ends_one_that_gave_something_up() {
    let mut hand = member(0);
    hand.data("T", 1, 1);
    hand.data("T", 1, 2);
    let given = hand.deliveries();
    abandon(&mut hand, &given[0]);
    hand.control(&ToSubscriber::Fin { acked: false }); // END was lost
    hand.pass(ms(1_500));
    let ended = SubscriberEvent::Ended {
        reason: EndReason::Incomplete,
    };
    assert_eq!(hand.events().last(), Some(&ended));
}

#[test]
fn what_comes_back_after_leaving_is_given_up_as_no_acknowledgement_could_count() {
    let mut hand = member(5);
    hand.data("T", 1, 1);
    let given = hand.deliveries();
    hand.machine.leave(hand.now);
    assert!(!abandon(&mut hand, &given[0]));
    assert_eq!(ranges(&hand), ["T1"]);
}

#[test]
fn at_the_level_received_it_is_handed_out_again_even_after_the_end() {
    let mut config = config(&["T"]);
    config.level = Level::Received;
    config.redeliveries = 1;
    let mut hand = Hand::member_with(config, vec![]);
    hand.data("T", 1, 1);
    hand.end(vec![entry("T", 1, 2)]);
    assert!(is_bye(&hand.said()), "the library has it");
    hand.control(&ToSubscriber::ByeOk);
    let delivery = hand.deliveries().remove(0);
    assert!(abandon(&mut hand, &delivery));
    let again = hand.deliveries().remove(0);
    assert_eq!(again.attempt, 2);
    assert!(!abandon(&mut hand, &again));
    assert_eq!(hand.machine.counters().abandoned, 1);
}

#[test]
fn deliveries_of_a_former_session_are_only_dropped() {
    let mut hand = member(1);
    hand.data("T", 1, 1);
    hand.data("T", 1, 2);
    let given = hand.deliveries();
    assert!(abandon(&mut hand, &given[0]));
    hand.control(&ToSubscriber::Unknown);
    hand.rejoin();
    hand.join(vec![entry("T", 1, 3)]);
    assert!(!abandon(&mut hand, &given[1]));
    let promised = hand.deliveries();
    assert_eq!(promised.len(), 1, "what was promised is kept");
    assert!(!hand.machine.acknowledge(hand.now, &promised[0].id));
    assert!(!abandon(&mut hand, &promised[0]));
    assert_eq!(hand.machine.counters().abandoned, 0);
    hand.data("T", 1, 3);
    assert_eq!(hand.take(), ["T3"]);
    assert_eq!(hand.marks(), [mark(1, 3, 3)]);
}

#[test]
fn what_was_given_up_and_is_not_owed_any_more_holds_no_later_mark_back() {
    let mut hand = member(0);
    for sequence in 1..=3 {
        hand.data("T", 1, sequence);
    }
    let given = hand.deliveries();
    hand.machine.unsubscribe(hand.now, b"");
    hand.said();
    abandon(&mut hand, &given[2]);
    hand.released(1, vec![entry("T", 1, 3)]);
    hand.machine.acknowledge(hand.now, &given[0].id);
    hand.machine.acknowledge(hand.now, &given[1].id);
    hand.machine.subscribe(hand.now, "T").expect("a prefix");
    hand.said();
    hand.granted(2, vec![entry("T", 1, 5)]);
    hand.data("T", 1, 5);
    assert_eq!(hand.take(), ["T5"]);
    assert_eq!(hand.marks(), [mark(1, 5, 5)]);
    assert_eq!(ranges(&hand), [""; 0]);
}

#[test]
fn what_is_given_up_takes_bounded_room_whatever_an_application_does() {
    let mut config = config(&["T"]);
    config.level = Level::Received;
    let mut hand = Hand::member_with(config, vec![]);
    let total: u64 = 200_000;
    for sequence in 1..=total {
        hand.data("T", 1, sequence);
        let delivery = hand.deliveries().remove(0);
        match sequence % 2 {
            0 => {
                hand.machine.acknowledge(hand.now, &delivery.id);
            }
            _ => assert!(!hand.machine.abandon(hand.now, delivery)),
        }
        hand.machine.poll_event();
    }
    let counters = hand.machine.counters();
    assert_eq!(counters.abandoned, total / 2);
    assert_eq!(counters.unnamed, total / 2 - 65_536);
    assert_eq!(ranges(&hand).len(), 65_536);
    assert!(hand.marks().iter().all(|mark| mark.processed == 0));
}

#[test]
fn what_is_held_may_come_back_until_it_is_settled_or_too_late() {
    let mut hand = member(1);
    assert!(!hand.machine.may_come_back(), "nothing is held");
    hand.data("A", 1, 1);
    let first = hand.deliveries().remove(0);
    assert!(hand.machine.may_come_back());
    assert!(abandon(&mut hand, &first));
    let again = hand.deliveries().remove(0);
    assert!(hand.machine.may_come_back(), "it is held again");
    assert!(!abandon(&mut hand, &again));
    assert!(!hand.machine.may_come_back(), "it was given up");
    hand.data("A", 1, 2);
    hand.deliveries();
    hand.machine.leave(hand.now);
    assert!(!hand.machine.may_come_back(), "too late");

    let mut hand = member(0);
    hand.data("A", 1, 1);
    hand.deliveries();
    assert!(!hand.machine.may_come_back(), "nothing ever does");
}
