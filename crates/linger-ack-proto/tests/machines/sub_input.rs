//! What comes in: bare topics, frames that are too large, topics that are too many.

use crate::hand::{Hand, config, entry, mark, ms};
use bytes::Bytes;
use linger_ack_proto::wire::{Envelope, InBand, Part, ToPublisher, ToSubscriber};

fn trailer(hand: &Hand, number: u32, sequence: u64) -> Vec<u8> {
    let mut trailer = Vec::new();
    let envelope = Envelope {
        topic: b"",
        tag: hand.epoch.tag(),
        number,
        sequence,
    };
    envelope.encode_trailer(&mut trailer);
    trailer
}

#[test]
fn a_bare_topic_and_its_trailer_say_what_an_envelope_says() {
    let mut hand = Hand::member(&["T"], vec![]);
    let payload = Bytes::from_static(b"T1");
    let good = trailer(&hand, 1, 1);
    hand.machine
        .handle_bare(hand.now, b"T", payload.clone(), &good);
    hand.data("T", 1, 2);
    assert_eq!(hand.take(), ["T1", "T2"]);
    assert_eq!(hand.marks(), [mark(1, 2, 2)]);
    let now = hand.now;
    hand.machine
        .handle_bare(now, b"T", payload.clone(), &good[1..]);
    hand.machine
        .handle_bare(now, b"\xFFT", payload.clone(), &good);
    hand.machine.handle_bare(now, b"", payload.clone(), &good);
    assert_eq!(hand.machine.counters().broken, 3);
    hand.machine.handle_bare(now, b"T", payload, &good);
    assert_eq!(hand.machine.counters().duplicates, 1);
}

#[test]
fn frames_that_are_too_large_are_broken_wherever_they_come_from() {
    let mut config = config(&["T"]);
    config.max_frame = 65_536;
    let mut hand = Hand::member_with(config, vec![]);
    let now = hand.now;
    let (fits, large) = (vec![b'x'; 65_536], vec![b'x'; 65_537]);
    let envelope = Envelope {
        topic: b"T",
        tag: hand.epoch.tag(),
        number: 1,
        sequence: 1,
    };
    let mut first = Vec::new();
    envelope.encode(&mut first);
    let machine = &mut hand.machine;
    machine.handle_data(now, &first, Some(large.clone().into()));
    machine.handle_data(now, &large, None);
    machine.handle_control(now, &large.clone().into());
    machine.handle_bare(now, b"T", large.clone().into(), &first[2..]);
    assert_eq!(machine.counters().broken, 4);
    assert_eq!(machine.pending(), 0);
    machine.handle_data(now, &first, Some(fits.into()));
    assert_eq!(machine.pending(), 1);
}

#[test]
fn topics_beyond_the_limit_are_counted_and_never_acknowledged() {
    let mut config = config(&[""]);
    config.max_topics = 2;
    let mut hand = Hand::member_with(config, vec![entry("A", 1, 1)]);
    hand.data("B", 2, 1);
    hand.data("C", 3, 1);
    hand.sync(vec![entry("D", 4, 9)]);
    hand.data("A", 1, 1);
    assert_eq!(hand.take(), ["B1", "A1"]);
    assert_eq!(hand.marks(), [mark(1, 1, 1), mark(2, 1, 1)]);
    assert_eq!(hand.machine.counters().topics_refused, 2);
}

#[test]
fn a_repair_of_what_was_never_known_is_broken() {
    let mut hand = Hand::member(&["A"], vec![]);
    hand.repair("A", 9, 1, true);
    assert_eq!(hand.take(), [""; 0]);
    assert_eq!(hand.machine.counters().broken, 1);
    hand.data("A", 1, 1);
    hand.repair("B", 1, 2, true); // another name for the same number
    assert_eq!(hand.take(), ["A1"]);
    assert_eq!(hand.machine.counters().broken, 2);
}

#[test]
fn marks_of_more_topics_than_one_frame_holds_go_in_parts_the_last_of_which_says_so() {
    let mut hand = Hand::member(&[""], vec![]);
    for number in 1..=5_000 {
        hand.data("T", number, 1);
    }
    hand.take();
    hand.pass(ms(10));
    hand.control(&ToSubscriber::Query);
    let said = hand.said();
    let acks: Vec<_> = said
        .iter()
        .filter_map(|frame| match frame {
            ToPublisher::Ack { whole, marks } => Some((*whole, marks.len())),
            _ => None,
        })
        .collect();
    assert_eq!(acks, [(false, 2_048), (false, 2_048), (true, 904)]);
}

#[test]
fn a_bye_of_very_many_topics_stays_within_the_frames_that_publishers_take() {
    let mut hand = Hand::member(&[""], vec![]);
    for number in 1..=60_000 {
        hand.data("T", number, 1);
    }
    hand.take();
    hand.pass(ms(10));
    hand.machine.leave(hand.now);
    hand.machine.handle_timeout(hand.now);
    let (mut told, mut largest) = (0, 0);
    while let Some(transmit) = hand.machine.poll_transmit() {
        largest = largest.max(transmit.frame.len());
        match ToPublisher::decode(&transmit.frame).expect("whole").2 {
            ToPublisher::Ack { marks, .. } | ToPublisher::Bye { marks } => told += marks.len(),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told, 60_000);
    assert!(largest <= 1 << 20, "{largest} bytes");
}

#[test]
fn each_round_of_a_long_end_is_answered_once() {
    let mut hand = Hand::member(&[""], vec![]);
    hand.data("T", 1, 1);
    for round in 0..3 {
        for index in 0..10 {
            let part = Part { index, count: 10 };
            let entries = vec![entry("T", 1, 2)];
            hand.in_band(&InBand::End { part, entries });
            let said = hand.said();
            let acks = said
                .iter()
                .filter(|f| matches!(f, ToPublisher::Ack { whole: true, .. }));
            assert_eq!(
                acks.count(),
                usize::from(index == 9),
                "round {round}, part {index}"
            );
        }
    }
}
