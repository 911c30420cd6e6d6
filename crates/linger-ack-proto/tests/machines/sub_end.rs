//! End of stream while prefixes change, seen from the subscriber alone.

use crate::hand::{Hand, drop_wish, entry, mark, wish};
use linger_ack_proto::SubscriberEvent;
use linger_ack_proto::wire::{InBand, Part, ToPublisher};

#[test]
fn end_of_stream_waits_for_the_bases_of_what_was_granted_and_lost_on_its_way() {
    let mut hand = Hand::member(&["A"], vec![]);
    hand.data("A", 1, 1);
    hand.take();
    wish(&mut hand, "B");
    hand.said();
    let list = || vec![entry("A", 1, 2), entry("B", 2, 9)];
    hand.end(list()); // GRANTED was lost: B is owed from a base that is not known
    assert!(!hand.events().contains(&SubscriberEvent::EndOfStream));
    let said = hand.said();
    assert!(
        !said
            .iter()
            .any(|frame| matches!(frame, ToPublisher::Nack { .. })),
        "{said:?}"
    );
    hand.granted(1, vec![entry("B", 2, 8)]);
    hand.end(list());
    hand.repair("B", 2, 8, true);
    assert_eq!(hand.take(), ["B8"]);
    assert!(hand.events().contains(&SubscriberEvent::EndOfStream));
    let said = hand.said();
    let bye = ToPublisher::Bye {
        marks: vec![mark(1, 1, 1), mark(2, 8, 8)],
    };
    assert!(said.contains(&bye), "{said:?}");
}

#[test]
fn end_of_stream_waits_for_a_topic_that_was_granted_again_too() {
    let mut hand = Hand::member(&["A"], vec![]);
    hand.data("A", 1, 1);
    hand.take();
    drop_wish(&mut hand, "A");
    hand.said();
    hand.released(1, vec![entry("A", 1, 2)]);
    wish(&mut hand, "A");
    hand.said();
    hand.end(vec![entry("A", 1, 7)]);
    assert!(!hand.events().contains(&SubscriberEvent::EndOfStream));
    hand.granted(2, vec![entry("A", 1, 6)]);
    hand.end(vec![entry("A", 1, 7)]);
    hand.repair("A", 1, 6, true);
    assert_eq!(hand.take(), ["A6"]);
    assert!(hand.events().contains(&SubscriberEvent::EndOfStream));
}

#[test]
fn a_part_of_granted_that_comes_again_after_end_takes_nothing_away() {
    let mut hand = Hand::member(&["A"], vec![]);
    drop_wish(&mut hand, "A");
    hand.said();
    hand.released(1, vec![entry("A", 1, 2)]);
    hand.repair("A", 1, 1, true);
    wish(&mut hand, "A");
    hand.said();
    let (first, second) = (Part { index: 0, count: 2 }, Part { index: 1, count: 2 });
    hand.granted_part(2, first, vec![entry("A", 1, 3)]);
    hand.end(vec![entry("A", 1, 6)]);
    hand.granted_part(2, first, vec![entry("A", 1, 3)]);
    hand.granted_part(2, second, vec![]);
    for sequence in 3..=5 {
        hand.repair("A", 1, sequence, sequence == 5);
    }
    assert_eq!(hand.take(), ["A1", "A3", "A4", "A5"]);
}

#[test]
fn parts_of_two_lists_that_are_cut_in_other_ways_make_no_end_of_stream() {
    let mut hand = Hand::member(&[""], vec![]);
    let mut end = |index, count, topic, number| {
        let part = Part { index, count };
        let entries = vec![entry(topic, number, 1)];
        hand.in_band(&InBand::End { part, entries });
        hand.events().contains(&SubscriberEvent::EndOfStream)
    };
    assert!(!end(1, 3, "B", 2));
    assert!(!end(2, 3, "C", 3));
    assert!(!end(0, 2, "A", 1), "three parts, but of two lists");
    assert!(end(1, 2, "B", 2));
}

#[test]
fn end_of_stream_says_where_a_release_that_was_not_heard_of_lies() {
    let mut hand = Hand::member(&["A"], vec![]);
    hand.data("A", 1, 1);
    drop_wish(&mut hand, "A");
    hand.said();
    hand.data("A", 1, 5); // 2 to 4 are not owed, and will not come
    hand.end(vec![entry("A", 1, 2)]);
    assert_eq!(hand.take(), ["A1"]);
    let said = hand.said();
    assert!(
        matches!(said.last(), Some(ToPublisher::Bye { .. })),
        "{said:?}"
    );
}
