//! How a prefix stands, and how far a session has come, as an application asks.

use crate::hand::{Hand, config, drop_wish, entry, prefix, wish};
use linger_ack_proto::PrefixStanding as Standing;
use linger_ack_proto::wire::{Refusal, ToSubscriber};
use linger_ack_proto::{SubscriberEvent, TopicMarks};

fn of(hand: &Hand, text: &str) -> Standing {
    hand.machine.prefix(text.as_bytes())
}

fn refuse(hand: &mut Hand, change: u64) {
    let why = Refusal::TooManyPrefixes;
    hand.control(&ToSubscriber::Refused { change, why });
}

#[test]
fn a_prefix_is_pending_until_it_is_granted_and_released_only_by_the_publisher() {
    let mut hand = Hand::member(&["A"], vec![]);
    assert_eq!(of(&hand, "A"), Standing::Subscribed);
    assert_eq!(of(&hand, "B"), Standing::Unsubscribed);
    wish(&mut hand, "B");
    assert_eq!(of(&hand, "B"), Standing::Pending);
    hand.said();
    assert_eq!(of(&hand, "B"), Standing::Pending);
    hand.granted(1, vec![]);
    assert_eq!(of(&hand, "B"), Standing::Subscribed);
    drop_wish(&mut hand, "B");
    assert_eq!(of(&hand, "B"), Standing::Releasing);
    hand.said();
    assert_eq!(of(&hand, "B"), Standing::Releasing);
    hand.released(2, vec![]);
    assert_eq!(of(&hand, "B"), Standing::Unsubscribed);
    assert_eq!(of(&hand, "A"), Standing::Subscribed);
}

#[test]
fn nothing_is_subscribed_before_the_publisher_says_member() {
    let mut hand = Hand::with(config(&["A"]));
    assert_eq!(of(&hand, "A"), Standing::Pending);
    hand.said();
    hand.welcome(vec![]);
    assert_eq!(of(&hand, "A"), Standing::Pending);
    hand.said();
    hand.control(&ToSubscriber::Member);
    assert_eq!(of(&hand, "A"), Standing::Subscribed);
    hand.control(&ToSubscriber::Evicted);
    assert_eq!(of(&hand, "A"), Standing::Pending, "its session is lost");
}

#[test]
fn why_a_prefix_was_refused_is_known_until_it_is_wished_for_anew() {
    let mut hand = Hand::member(&[], vec![]);
    wish(&mut hand, "B");
    hand.said();
    refuse(&mut hand, 1);
    let Standing::Refused { why } = of(&hand, "B") else {
        panic!("it was refused");
    };
    let event = SubscriberEvent::PrefixRefused {
        prefix: prefix("B"),
        why,
    };
    assert!(hand.events().contains(&event));
    assert!(wish(&mut hand, "B"));
    assert_eq!(of(&hand, "B"), Standing::Pending);
    hand.said();
    refuse(&mut hand, 2);
    assert_eq!(of(&hand, "B"), Standing::Refused { why });
    assert!(!drop_wish(&mut hand, "B"), "it was given up already");
    assert_eq!(of(&hand, "B"), Standing::Unsubscribed);
}

#[test]
fn who_has_left_subscribes_to_nothing() {
    let mut hand = Hand::member(&["A"], vec![]);
    hand.machine.leave(hand.now);
    assert_eq!(of(&hand, "A"), Standing::Unsubscribed);
    hand.said();
    hand.control(&ToSubscriber::ByeOk);
    assert_eq!(of(&hand, "A"), Standing::Unsubscribed);
}

#[test]
fn marks_follow_what_the_application_does() {
    let mut hand = Hand::member(&["A"], vec![entry("A", 7, 3)]);
    hand.data("A", 7, 3);
    hand.data("A", 7, 4);
    let held = hand.deliveries();
    let marks = |hand: &Hand, received, processed| {
        let told = hand.machine.topic_marks();
        assert_eq!(told.len(), 1);
        let TopicMarks {
            topic,
            received: got,
            processed: done,
            ..
        } = &told[0];
        assert_eq!((&topic[..], *got, *done), (&b"A"[..], received, processed));
    };
    marks(&hand, 4, 2);
    hand.machine.acknowledge(hand.now, &held[0].id);
    marks(&hand, 4, 3);
    hand.machine.abandon(hand.now, held[1].clone());
    marks(&hand, 4, 3);
}
