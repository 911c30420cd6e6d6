//! What is counted, what is broken or stale, and how a subscriber ends.

use crate::hand::{Hand, config, drop_wish, entry, ms, range, wish};
use bytes::Bytes;
use linger_ack_proto::wire::{Header, InBand, Part, Refusal, ToPublisher, ToSubscriber};
use linger_ack_proto::{EndReason, Epoch, Nonce, SessionId, SubscriberEvent};

const NOBODY: Option<Bytes> = None;

#[test]
fn private_frames_that_cannot_be_are_broken_and_those_of_others_are_not() {
    let mut hand = Hand::member(&["T"], vec![]);
    let mut own = vec![0xFF];
    own.extend(Nonce::from_u128(1).as_bytes());
    let mut others = own.clone();
    others[5] ^= 1;
    for (frame, broken) in [(&b"\xFFshort"[..], 2), (&own, 4), (&others, 4)] {
        for _ in 0..2 {
            hand.machine.handle_data(hand.now, frame, NOBODY);
        }
        assert_eq!(hand.machine.counters().broken, broken, "{frame:?}");
    }
    assert_eq!(hand.machine.counters().stale, 0);
}

#[test]
fn control_of_another_session_or_epoch_is_stale() {
    let mut hand = Hand::member(&["T"], vec![]);
    for (epoch, session) in [(hand.epoch, 9), (Epoch::from_u128(78), 1)] {
        let session = SessionId::from_u128(session << 64);
        let frame = ToSubscriber::Query.encode(&Header { epoch, session });
        hand.machine.handle_control(hand.now, &frame);
        hand.machine.handle_control(hand.now, &frame);
    }
    let counters = hand.machine.counters();
    assert_eq!((counters.stale, counters.broken), (4, 0));
}

#[test]
fn what_is_said_is_counted_by_its_kind() {
    let mut hand = Hand::with(config(&["T"]));
    let mut said = hand.pass(ms(200));
    let count = |said: &[ToPublisher], is: fn(&ToPublisher) -> bool| {
        said.iter().filter(|frame| is(frame)).count() as u64
    };
    let hellos = count(&said, |frame| matches!(frame, ToPublisher::Hello(_)));
    hand.welcome(vec![]);
    said.extend(hand.said());
    hand.control(&ToSubscriber::Member);
    for sequence in [2, 4] {
        hand.data("T", 1, sequence);
        said.extend(hand.pass(ms(20)));
    }
    for change in [1, 3] {
        wish(&mut hand, "U");
        said.extend(hand.said());
        hand.granted(change, vec![]);
        drop_wish(&mut hand, "U");
        said.extend(hand.said());
        hand.released(change + 1, vec![]);
    }
    for _ in 0..2 {
        hand.control(&ToSubscriber::Query);
        said.extend(hand.said());
    }
    said.extend(hand.pass(ms(5_000)));
    let counters = hand.machine.counters();
    let acks = count(&said, |frame| matches!(frame, ToPublisher::Ack { .. }));
    let nacks = count(&said, |frame| matches!(frame, ToPublisher::Nack { .. }));
    let changes = count(&said, |frame| {
        matches!(
            frame,
            ToPublisher::Subscribe(_) | ToPublisher::Unsubscribe(_)
        )
    });
    assert!(hellos >= 2 && acks >= 2 && nacks >= 2 && changes >= 4);
    let counted = [
        counters.hellos,
        counters.acks,
        counters.nacks,
        counters.changes,
    ];
    assert_eq!(counted, [hellos, acks, nacks, changes]);
}

#[test]
fn each_refusal_is_told_in_its_own_words() {
    let refusals = [
        (Refusal::TooManyMembers, "members"),
        (Refusal::TooManyPrefixes, "prefixes"),
        (Refusal::TooManyTopics, "topics"),
        (Refusal::Busy, "busy"),
        (Refusal::NotAuthorized, "credentials"),
    ];
    let mut hand = Hand::with(config(&["T"]));
    hand.said();
    for (why, word) in refusals {
        hand.control(&ToSubscriber::Refused { change: 0, why });
        let events = hand.events();
        let [SubscriberEvent::Refused { why }] = events[..] else {
            panic!("{events:?}");
        };
        assert!(why.contains(word), "{why}");
    }
    assert_eq!(hand.machine.counters().refused, 5);
}

#[test]
fn prefixes_that_are_refused_are_counted_one_by_one() {
    let mut hand = Hand::member(&["T"], vec![]);
    let why = Refusal::TooManyTopics;
    for change in [1, 2] {
        wish(&mut hand, "U");
        hand.said();
        hand.control(&ToSubscriber::Refused { change, why });
    }
    assert_eq!(hand.machine.counters().prefixes_refused, 2);
}

#[test]
fn a_refusal_between_welcome_and_member_begins_anew_and_a_later_one_is_stale() {
    let mut hand = Hand::with(config(&["T"]));
    hand.said();
    hand.welcome(vec![]);
    hand.said();
    hand.control(&ToSubscriber::Closing);
    assert_eq!(hand.events(), [SubscriberEvent::Rejoin]);
    let mut hand = Hand::member(&["T"], vec![]);
    let why = Refusal::Busy;
    for _ in 0..2 {
        hand.control(&ToSubscriber::Refused { change: 0, why });
    }
    assert_eq!(hand.machine.counters().stale, 2);
    assert!(hand.machine.is_member());
}

#[test]
fn versions_with_ours_among_them_are_no_refusal() {
    let mut hand = Hand::with(config(&["T"]));
    hand.said();
    for _ in 0..2 {
        let (lowest, highest) = (1, 9);
        hand.control(&ToSubscriber::Versions { lowest, highest });
    }
    let counters = hand.machine.counters();
    assert_eq!((counters.stale, counters.versions_refused), (2, 0));
}

#[test]
fn a_part_of_the_end_of_a_session_that_was_lost_is_none_of_the_next() {
    let mut hand = Hand::member(&["T"], vec![]);
    let part = |index| InBand::End {
        part: Part { index, count: 2 },
        entries: vec![],
    };
    hand.in_band(&part(0));
    hand.control(&ToSubscriber::Unknown);
    assert_eq!(hand.events(), [SubscriberEvent::Rejoin]);
    hand.rejoin();
    hand.join(vec![]);
    hand.events();
    hand.in_band(&part(1));
    assert!(hand.events().is_empty() && hand.machine.is_member());
    hand.in_band(&part(0));
    assert_eq!(hand.events(), [SubscriberEvent::EndOfStream]);
}

#[test]
fn whoever_leaves_twice_leaves_once_and_waits_for_the_answer_as_long_as_it_is_set() {
    let mut hand = Hand::member(&["T"], vec![]);
    hand.machine.leave(hand.now);
    hand.machine.leave(hand.now);
    let said = hand.said();
    assert!(matches!(said[..], [ToPublisher::Bye { .. }]), "{said:?}");
    assert!(hand.events().is_empty());
    hand.pass(ms(999));
    assert!(hand.events().is_empty());
    hand.pass(ms(1));
    let reason = EndReason::Unconfirmed;
    assert_eq!(hand.events(), [SubscriberEvent::Ended { reason }]);
    hand.machine.leave(hand.now);
    assert!(hand.events().is_empty() && hand.machine.poll_timeout().is_none());
}

#[test]
fn after_fin_nobody_hears_a_bye() {
    let mut hand = Hand::member(&["T"], vec![]);
    hand.said();
    hand.control(&ToSubscriber::Fin { acked: false });
    hand.machine.leave(hand.now);
    let reason = EndReason::Unconfirmed;
    assert_eq!(hand.events(), [SubscriberEvent::Ended { reason }]);
    assert!(hand.said().is_empty());
}

#[test]
fn fin_ends_a_leave_at_once_and_is_stale_before_a_session() {
    let mut hand = Hand::member(&["T"], vec![]);
    hand.machine.leave(hand.now);
    hand.said();
    hand.control(&ToSubscriber::Fin { acked: false });
    let reason = EndReason::Unconfirmed;
    assert_eq!(hand.events(), [SubscriberEvent::Ended { reason }]);

    let mut hand = Hand::with(config(&["T"]));
    hand.said();
    for acked in [true, false] {
        hand.control(&ToSubscriber::Fin { acked });
    }
    assert_eq!(hand.machine.counters().stale, 2);
    assert!(hand.events().is_empty());
}

#[test]
fn an_application_that_is_behind_is_waited_for_after_fin_but_not_after_a_leave() {
    let mut hand = Hand::member(&["T"], vec![]);
    hand.data("T", 1, 1);
    hand.control(&ToSubscriber::Fin { acked: false });
    hand.pass(ms(2_500));
    assert!(hand.events().is_empty(), "SUB may hold more");
    assert_eq!(hand.take(), ["T1"]);
    hand.pass(ms(1_000));
    let reason = EndReason::Incomplete;
    assert_eq!(hand.events(), [SubscriberEvent::Ended { reason }]);

    let mut hand = Hand::member(&["T"], vec![]);
    hand.data("T", 1, 1);
    hand.machine.leave(hand.now);
    hand.pass(ms(1_000));
    let reason = EndReason::Unconfirmed;
    assert_eq!(hand.events(), [SubscriberEvent::Ended { reason }]);
}

#[test]
fn data_of_another_epoch_or_before_welcome_is_stale() {
    let mut hand = Hand::member(&["T"], vec![]);
    let own = hand.epoch;
    hand.epoch = Epoch::from_u128(78);
    hand.data("T", 1, 1);
    hand.data("T", 1, 2);
    hand.sync(vec![]);
    hand.sync(vec![]);
    assert_eq!(hand.machine.counters().stale, 4);
    hand.epoch = own;
    hand.data("T", 1, 1);
    assert_eq!(hand.take(), ["T1"]);
    assert_eq!(hand.machine.counters().stale, 4);

    let mut hand = Hand::with(config(&["T"]));
    hand.said();
    hand.data("T", 1, 1);
    hand.data("T", 1, 2);
    assert_eq!(hand.machine.counters().stale, 2);
    assert!(hand.take().is_empty());
}

#[test]
fn answers_that_nobody_asked_for_are_broken_and_late_ones_stale() {
    let gone = |number| ToSubscriber::Gone(range(number, 1, 2));
    let mut hand = Hand::member(&["T"], vec![entry("T", 1, 1)]);
    for _ in 0..2 {
        hand.repair("X", 7, 1, false);
        hand.control(&gone(7));
    }
    assert_eq!(hand.machine.counters().broken, 4);
    hand.machine.leave(hand.now);
    for _ in 0..2 {
        hand.repair("T", 1, 1, false);
        hand.control(&gone(1));
    }
    let counters = hand.machine.counters();
    assert_eq!((counters.stale, counters.broken), (4, 4));
    assert!(hand.take().is_empty());
}

#[test]
fn what_is_handed_out_of_the_held_makes_room_for_others() {
    for bytes in [false, true] {
        let mut config = config(&["T", "U"]);
        match bytes {
            true => config.reorder_bytes = 2,
            false => config.reorder_messages = 1,
        }
        let mut hand = Hand::member_with(config, vec![]);
        for topic in ["T", "U", "T"] {
            let number = if topic == "T" { 1 } else { 2 };
            let next = hand.machine.counters().delivered / 4 * 2 + 1;
            hand.data(topic, number, next + 1);
            hand.data(topic, number, next);
            assert_eq!(hand.take().len(), 2, "{topic}");
        }
        assert_eq!(hand.machine.counters().overflowed, 0);
    }
}
