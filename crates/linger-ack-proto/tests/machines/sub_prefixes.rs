//! Prefixes that a subscriber asks for and gives up: what it says, when, and how often.

use crate::hand::{Hand, config, drop_wish, entry, mark, ms, prefix, subscribe, unsubscribe, wish};
use linger_ack_proto::wire::{Part, Refusal, ToPublisher, ToSubscriber};
use linger_ack_proto::{ConfigError, SubscriberEvent};

fn subscribed(text: &'static str) -> SubscriberEvent {
    SubscriberEvent::Subscribed {
        prefix: prefix(text),
    }
}

fn on(text: &'static str) -> SubscriberEvent {
    SubscriberEvent::Subscribe {
        prefix: prefix(text),
    }
}

fn off(text: &'static str) -> SubscriberEvent {
    SubscriberEvent::Unsubscribe {
        prefix: prefix(text),
    }
}

/// What it says but for acknowledgements and beats.
fn changes(said: Vec<ToPublisher>) -> Vec<ToPublisher> {
    let is_change = |frame: &ToPublisher| {
        matches!(
            frame,
            ToPublisher::Subscribe(_) | ToPublisher::Unsubscribe(_)
        )
    };
    said.into_iter().filter(is_change).collect()
}

#[test]
fn sub_is_subscribed_before_the_publisher_is_asked_and_asked_until_it_answers() {
    let mut hand = Hand::member(&["A"], vec![]);
    assert!(wish(&mut hand, "B"));
    assert!(!wish(&mut hand, "B"), "it is wanted already");
    assert_eq!(hand.events(), [on("B")]);
    assert_eq!(hand.said(), [subscribe(1, &["B"])]);
    let repeats = changes(hand.pass(ms(10_000)));
    assert!((9..=15).contains(&repeats.len()), "{}", repeats.len());
    assert!(repeats.iter().all(|frame| *frame == subscribe(1, &["B"])));
    hand.granted(1, vec![]);
    assert_eq!(hand.events(), [subscribed("B")]);
    assert_eq!(changes(hand.pass(ms(10_000))), []);
    let prefixes: Vec<_> = hand.machine.prefixes().cloned().collect();
    assert_eq!(prefixes, [prefix("A"), prefix("B")]);
}

#[test]
fn parts_of_granted_may_repeat_and_stand_between_data() {
    let mut hand = Hand::member(&[], vec![]);
    wish(&mut hand, "B");
    hand.said();
    let (first, second) = (Part { index: 0, count: 2 }, Part { index: 1, count: 2 });
    hand.granted_part(1, second, vec![entry("B2", 2, 3)]);
    hand.data("B2", 2, 3); // its number is known
    hand.data("B1", 1, 9); // this one's is not
    hand.granted_part(1, second, vec![entry("B2", 2, 3)]);
    hand.data("B2", 2, 4);
    assert!(
        !hand.events().contains(&subscribed("B")),
        "one part is lacking"
    );
    hand.granted_part(1, first, vec![entry("B1", 1, 9)]);
    assert_eq!(hand.events(), [subscribed("B")]);
    hand.data("B1", 1, 9);
    hand.granted_part(1, first, vec![entry("B1", 1, 9)]);
    assert_eq!(hand.take(), ["B23", "B24", "B19"]);
    assert_eq!(hand.machine.counters().stale, 1, "the last repeat");
    assert_eq!(hand.machine.counters().unasked, 1);
}

#[test]
fn what_is_unsubscribed_is_owed_up_to_its_last_and_sub_stays_set_until_then() {
    let mut hand = Hand::member(&["A", "B"], vec![]);
    hand.data("A", 1, 1);
    assert!(drop_wish(&mut hand, "A"));
    assert!(!drop_wish(&mut hand, "A"));
    assert_eq!(hand.said(), [unsubscribe(1, &["A"])]);
    assert_eq!(hand.events(), []);
    hand.data("A", 1, 4); // 2 and 3 are lost, and so is RELEASED
    assert!(!changes(hand.pass(ms(100))).is_empty(), "asked again");
    hand.released(1, vec![entry("A", 1, 4)]);
    assert_eq!(hand.events(), [off("A")]);
    hand.data("A", 1, 5); // it was on its way
    assert_eq!(hand.machine.counters().released, 1);
    assert_eq!(hand.take(), ["A1"]);
    hand.repair("A", 1, 2, false);
    hand.repair("A", 1, 3, true);
    hand.repair("A", 1, 4, true); // asked for before the end was known
    assert_eq!(hand.take(), ["A2", "A3"]);
    assert_eq!(hand.marks(), [mark(1, 3, 3)]);
    let said = hand.pass(ms(2_000));
    let nacks = said
        .iter()
        .filter(|f| matches!(f, ToPublisher::Nack { .. }));
    assert_eq!(nacks.count(), 0, "nothing beyond the last is missing");
}

#[test]
fn subscribe_unsubscribe_and_subscribe_of_one_prefix_in_a_row_ends_subscribed() {
    let mut hand = Hand::member(&[], vec![]);
    wish(&mut hand, "A");
    assert_eq!(hand.said(), [subscribe(1, &["A"])]);
    drop_wish(&mut hand, "A");
    wish(&mut hand, "A");
    assert_eq!(changes(hand.pass(ms(200)))[0], subscribe(1, &["A"]));
    hand.granted(1, vec![]);
    assert_eq!(hand.events(), [on("A"), subscribed("A")]);
    assert_eq!(changes(hand.pass(ms(2_000))), []);
    // And the other way round, with the first one asked for already.
    drop_wish(&mut hand, "A");
    assert_eq!(changes(hand.said()), [unsubscribe(2, &["A"])]);
    wish(&mut hand, "A");
    drop_wish(&mut hand, "A");
    wish(&mut hand, "A");
    hand.granted(2, vec![]); // of another kind
    assert_eq!(hand.events(), []);
    hand.released(2, vec![]);
    assert_eq!(hand.events(), [off("A"), on("A")]);
    assert_eq!(changes(hand.said()), [subscribe(3, &["A"])]);
    hand.granted(2, vec![]); // of another change
    assert_eq!(hand.events(), []);
    hand.granted(3, vec![]);
    assert_eq!(hand.events(), [subscribed("A")]);
}

#[test]
fn a_prefix_that_is_refused_is_given_up_and_the_next_number_taken() {
    let mut hand = Hand::member(&["A"], vec![]);
    wish(&mut hand, "B");
    hand.said();
    let why = Refusal::TooManyPrefixes;
    hand.control(&ToSubscriber::Refused { change: 2, why });
    assert_eq!(
        hand.machine.counters().stale,
        1,
        "of a change that was not asked for"
    );
    hand.events();
    hand.control(&ToSubscriber::Refused { change: 1, why });
    let events = hand.events();
    assert_eq!(events[0], off("B"));
    assert!(
        matches!(&events[1..], [SubscriberEvent::PrefixRefused { prefix, .. }] if prefix == "B")
    );
    assert_eq!(hand.machine.prefixes().len(), 1);
    hand.control(&ToSubscriber::Refused { change: 1, why }); // a repeat
    assert_eq!(hand.events(), []);
    wish(&mut hand, "C");
    assert_eq!(changes(hand.said()), [subscribe(2, &["C"])]);
}

#[test]
fn a_publisher_that_closes_grants_nothing_more_but_still_releases() {
    let mut hand = Hand::member(&["A"], vec![]);
    wish(&mut hand, "B");
    drop_wish(&mut hand, "A");
    wish(&mut hand, "C");
    hand.said();
    hand.events();
    hand.control(&ToSubscriber::Closing);
    let events = hand.events();
    let refused = events.iter().filter_map(|event| match event {
        SubscriberEvent::PrefixRefused { prefix, .. } => Some(prefix.clone()),
        _ => None,
    });
    assert_eq!(refused.collect::<Vec<_>>(), [prefix("B"), prefix("C")]);
    assert!(
        events.contains(&off("B")) && !events.contains(&off("C")),
        "C was never set"
    );
    assert!(hand.machine.is_member());
    assert_eq!(changes(hand.said()), [unsubscribe(2, &["A"])]);
    hand.control(&ToSubscriber::Closing); // a repeat
    hand.released(2, vec![]);
    assert_eq!(hand.events(), [off("A")]);
}

#[test]
fn a_lost_session_takes_its_changes_with_it_and_the_next_begins_with_what_is_wanted() {
    let mut hand = Hand::member(&["A", "B"], vec![entry("A", 1, 1)]);
    wish(&mut hand, "C"); // out
    drop_wish(&mut hand, "B"); // still to be asked for
    hand.said();
    assert_eq!(hand.events(), [on("C")]);
    hand.control(&ToSubscriber::Unknown);
    assert_eq!(hand.events(), [off("B"), SubscriberEvent::Rejoin]);
    wish(&mut hand, "D"); // without a session: SUB is set at once
    assert_eq!(hand.events(), [on("D")]);
    hand.rejoin();
    let said = hand.said();
    let [ToPublisher::Hello(hello)] = &said[..] else {
        panic!("{said:?}");
    };
    assert_eq!(hello.prefixes, [prefix("A"), prefix("C"), prefix("D")]);
    wish(&mut hand, "E"); // after HELLO: this session's bases are not for it
    assert_eq!(hand.events(), []);
    hand.now += ms(60);
    let said = hand.said();
    let [ToPublisher::Hello(again)] = &said[..] else {
        panic!("{said:?}");
    };
    assert_eq!(again, hello);
    hand.welcome(vec![entry("A", 1, 1)]);
    hand.data("E", 5, 1);
    assert_eq!(hand.machine.counters().unasked, 1);
    hand.said();
    hand.control(&ToSubscriber::Member);
    assert_eq!(hand.events(), [SubscriberEvent::Joined, on("E")]);
    assert_eq!(changes(hand.said()), [subscribe(1, &["E"])]);
}

#[test]
fn who_leaves_changes_nothing_any_more() {
    let mut hand = Hand::member(&["A"], vec![]);
    wish(&mut hand, "B");
    hand.said();
    hand.machine.leave(hand.now);
    assert!(!wish(&mut hand, "C"));
    assert!(!drop_wish(&mut hand, "A"));
    assert_eq!(changes(hand.pass(ms(500))), []);
}

#[test]
fn thousands_of_prefixes_go_in_few_changes_of_a_bounded_size() {
    let mut hand = Hand::member(&[], vec![]);
    for n in 0..5_000 {
        let text = format!("prefix {n:04} {}", "x".repeat(n % 50));
        let new = hand.machine.subscribe(hand.now, text).expect("a prefix");
        assert!(new);
    }
    let mut granted = 0;
    for number in 1.. {
        let said = changes(hand.said());
        let [ToPublisher::Subscribe(change)] = &said[..] else {
            break;
        };
        assert_eq!(change.number, number);
        granted += change.prefixes.len();
        assert!(change.prefixes.iter().map(bytes::Bytes::len).sum::<usize>() <= 16 << 10);
        hand.granted(number, vec![]);
    }
    assert_eq!(granted, 5_000);
    assert!(hand.machine.counters().changes < 50);
    assert_eq!(hand.machine.counters().subscribed, 5_000);
}

#[test]
fn what_cannot_be_a_prefix_is_refused_before_anybody_is_asked() {
    let mut hand = Hand::member(&["A"], vec![]);
    for text in [&b"\xFF"[..], b"a\0b", &[b'x'; 1_025]] {
        let error = hand.machine.subscribe(hand.now, text.to_vec());
        assert!(matches!(error, Err(ConfigError::Prefix { .. })));
        assert!(!hand.machine.unsubscribe(hand.now, text));
    }
    assert_eq!(hand.events(), []);
    assert_eq!(changes(hand.said()), []);
}

#[test]
fn so_many_prefixes_and_no_more() {
    let mut hand = Hand::with(config(&[]));
    for number in 0..65_536_u32 {
        let prefix = number.to_string();
        assert_eq!(hand.machine.subscribe(hand.now, prefix), Ok(true));
    }
    assert_eq!(
        hand.machine.subscribe(hand.now, "7"),
        Ok(false),
        "it is one"
    );
    let error = hand.machine.subscribe(hand.now, "x").expect_err("too many");
    assert_eq!(
        error.to_string(),
        "prefixes must be in 0..=65536, not 65537"
    );
}

#[test]
fn an_unsubscribe_that_was_not_said_yet_is_taken_back_at_once() {
    let mut hand = Hand::member(&["T"], vec![]);
    wish(&mut hand, "U");
    hand.said();
    hand.events();
    drop_wish(&mut hand, "T");
    assert_eq!(hand.events(), []);
    wish(&mut hand, "T");
    assert_eq!(hand.events(), [subscribed("T")]);
    hand.granted(1, vec![]);
    assert_eq!(hand.events(), [subscribed("U")]);
    assert_eq!(changes(hand.pass(ms(1_000))), []);
}
