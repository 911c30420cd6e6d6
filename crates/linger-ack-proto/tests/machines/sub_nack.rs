//! What a subscriber asks for again, and when.

use crate::hand::{Hand, config, entry, mark, ms, range};
use linger_ack_proto::wire::{ToPublisher, ToSubscriber, TopicRange};

fn nacks(said: &[ToPublisher]) -> Vec<Vec<TopicRange>> {
    let ranges = said.iter().filter_map(|frame| match frame {
        ToPublisher::Nack { ranges } => Some(ranges.clone()),
        _ => None,
    });
    ranges.collect()
}

#[test]
fn what_is_missing_is_asked_for_once_and_again_when_the_answer_ends_without_it() {
    let mut hand = Hand::with(config(&["T"]));
    hand.said();
    hand.welcome(vec![entry("T", 1, 1)]);
    hand.said();
    hand.data("T", 1, 3);
    assert!(nacks(&hand.said()).is_empty(), "before MEMBER");
    hand.control(&ToSubscriber::Member);
    assert_eq!(nacks(&hand.said()), [[range(1, 1, 2)]]);
    hand.data("T", 1, 5);
    assert!(nacks(&hand.said()).is_empty(), "the answer is on its way");
    hand.repair("T", 1, 1, true);
    assert_eq!(
        nacks(&hand.said()),
        [[range(1, 2, 2), range(1, 4, 4)]],
        "it has ended"
    );
    hand.repair("T", 1, 2, false);
    hand.repair("T", 1, 4, true);
    assert_eq!(hand.take(), ["T1", "T2", "T3", "T4", "T5"]);
    assert!(nacks(&hand.pass(ms(5_000))).is_empty());
    assert_eq!(hand.machine.counters().repaired, 3);
}

#[test]
fn what_is_missing_of_several_topics_is_asked_for_at_once() {
    let mut hand = Hand::with(config(&[""]));
    hand.said();
    hand.welcome(vec![entry("A", 1, 1), entry("B", 2, 1)]);
    hand.said();
    hand.data("A", 1, 3);
    hand.data("B", 2, 2);
    hand.control(&ToSubscriber::Member);
    assert_eq!(nacks(&hand.said()), [[range(1, 1, 2), range(2, 1, 1)]]);
}

#[test]
fn while_an_answer_comes_nothing_is_asked_for_again() {
    let mut hand = Hand::member(&["T"], vec![entry("T", 1, 1)]);
    let retry = config(&["T"]).retry_first;
    hand.data("T", 1, 9);
    assert_eq!(nacks(&hand.said()), [[range(1, 1, 8)]]);
    for sequence in 1..=7 {
        assert!(nacks(&hand.pass(retry - ms(1))).is_empty(), "{sequence}");
        hand.repair("T", 1, sequence, false);
    }
    assert!(nacks(&hand.pass(retry - ms(1))).is_empty());
    assert_eq!(nacks(&hand.pass(ms(1))), [[range(1, 8, 8)]], "it stopped");
}

#[test]
fn what_is_gone_is_an_answer_too() {
    let mut hand = Hand::with(config(&[""]));
    let retry = config(&[""]).retry_first;
    hand.said();
    hand.welcome(vec![entry("A", 1, 1), entry("B", 2, 1)]);
    hand.said();
    hand.control(&ToSubscriber::Member);
    hand.sync(vec![entry("A", 1, 2), entry("B", 2, 2)]);
    assert!(
        nacks(&hand.pass(ms(5_000))).len() > 3,
        "farther and farther apart"
    );
    hand.control(&ToSubscriber::Gone(range(1, 1, 1)));
    assert!(nacks(&hand.pass(retry - ms(1))).is_empty());
    assert_eq!(
        nacks(&hand.pass(ms(1))),
        [[range(2, 1, 1)]],
        "the rest was lost"
    );
}

#[test]
fn while_the_socket_takes_nothing_nothing_is_asked_for() {
    let mut hand = Hand::member(&["T"], vec![entry("T", 1, 1)]);
    while let Some(due) = hand.machine.poll_timeout() {
        hand.now = due;
        hand.machine.handle_timeout(due);
    }
    hand.data("T", 1, 3);
    let said = hand.said();
    assert!(!said.is_empty() && nacks(&said).is_empty(), "{said:?}");
    assert_eq!(nacks(&hand.said()), [[range(1, 1, 2)]], "there is room");
}

#[test]
fn what_is_gone_behind_something_that_is_missing_waits_for_it() {
    let mut hand = Hand::member(&["T"], vec![entry("T", 1, 1)]);
    hand.sync(vec![entry("T", 1, 2)]);
    assert_eq!(nacks(&hand.said()), [[range(1, 1, 1)]]);
    hand.control(&ToSubscriber::Gone(range(1, 3, 5)));
    assert!(hand.take().is_empty());
    let asked = nacks(&hand.pass(ms(1_000)));
    assert!(!asked.is_empty());
    assert!(
        asked.iter().all(|ranges| *ranges == [range(1, 1, 5)]),
        "{asked:?}"
    );
    hand.control(&ToSubscriber::Gone(range(1, 1, 5)));
    assert_eq!(hand.take(), ["T1..=5 gone"]);
    assert_eq!(hand.marks(), [mark(1, 5, 5)], "the mark steps over it");
}
