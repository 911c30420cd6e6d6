//! Prefixes that come and go, seen from the subscriber alone.

use crate::hand::{
    Hand, config, drop_wish, entry, mark, ms, prefix, range, subscribe, unsubscribe, wish,
};
use linger_ack_proto::wire::{Part, Refusal, ToPublisher, ToSubscriber, TopicRange};
use linger_ack_proto::{ConfigError, Level, SubscriberEvent};

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
    hand.granted(1, vec![entry("A", 1, 5), entry("B", 2, 3)]);
    hand.data("A", 1, 1);
    hand.data("B", 2, 3);
    assert_eq!(hand.take(), ["A1", "B3"]);
    assert_eq!(hand.marks(), [mark(1, 1, 1), mark(2, 3, 3)]);
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
