//! Timers: what is asked for is done when it falls due, and nothing is asked for twice.

use crate::hand::{Hand, config, entry, ms};
use crate::world::Rng;
use linger_ack_proto::wire::{Part, Refusal, ToSubscriber, TopicRange};
use linger_ack_proto::{Delivery, Level, SubscriberEvent};
use std::time::Duration;

/// One subscriber that anything happens to, while its driver is well-behaved or slow.
struct Life {
    hand: Hand,
    rng: Rng,
    held: Vec<Delivery>,
    /// Whether the DEALER takes frames, and whether the application takes deliveries.
    sends: bool,
    takes: bool,
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut rng = Rng(seed);
        let mut config = config(&["a", "b"]);
        config.pending_messages = rng.pick(&[1, 3, 1_024]);
        config.reorder_messages = rng.pick(&[1, 1_024]);
        config.redeliveries = rng.pick(&[0, 2]);
        config.ack_delay = rng.pick(&[Duration::ZERO, ms(5)]);
        config.level = rng.pick(&[Level::Received, Level::Processed]);
        Self {
            hand: Hand::with(config),
            rng,
            held: Vec::new(),
            sends: true,
            takes: true,
        }
    }

    fn step(&mut self) {
        let (number, sequence) = (self.rng.pick(&[1, 2, 3]), 1 + self.rng.next() % 12);
        let topic = self.rng.pick(&["a", "b", "c"]);
        let change = 1 + self.rng.next() % 3;
        let (index, count) = self.rng.pick(&[(0, 1), (0, 2), (1, 2)]);
        let part = Part { index, count };
        let entries = vec![entry(topic, number, sequence)];
        let hand = &mut self.hand;
        match self.rng.below(40) {
            0..3 => hand.welcome(entries),
            3..8 => hand.control(&ToSubscriber::Member),
            8..14 => hand.data(topic, number, sequence),
            14..16 => hand.repair(topic, number, sequence, self.rng.chance(50)),
            16 => hand.sync(entries),
            17 if self.rng.chance(20) => hand.end(entries),
            18 => hand.granted_part(change, part, entries),
            19 => hand.released_part(change, part, entries),
            20 => hand.control(&ToSubscriber::Query),
            21 => hand.control(&ToSubscriber::Gone(TopicRange {
                number,
                first: 1,
                last: sequence,
            })),
            22 if self.rng.chance(20) => hand.control(&ToSubscriber::Unknown),
            22 if self.rng.chance(20) => hand.control(&ToSubscriber::Evicted),
            23 if self.rng.chance(20) => hand.control(&ToSubscriber::Closing),
            23 => {
                let change = change - 1;
                let why = Refusal::Busy;
                hand.control(&ToSubscriber::Refused { change, why });
            }
            24 if self.rng.chance(5) => hand.control(&ToSubscriber::Fin { acked: false }),
            24 if self.rng.chance(5) => hand.machine.leave(hand.now),
            25 => hand.control(&ToSubscriber::Versions {
                lowest: 2,
                highest: 2,
            }),
            26..28 => {
                let _ = hand.machine.subscribe(hand.now, topic);
            }
            28..30 => {
                hand.machine.unsubscribe(hand.now, topic.as_bytes());
            }
            30..32 => {
                if let Some(delivery) = self.held.pop() {
                    hand.machine.acknowledge(hand.now, &delivery.id);
                }
            }
            32..34 => {
                if let Some(delivery) = self.held.pop() {
                    hand.machine.abandon(hand.now, delivery);
                }
            }
            34 => self.sends = self.rng.chance(70),
            35 => self.takes = self.rng.chance(70),
            _ => hand.now += ms(self.rng.next() % 1_500),
        }
    }

    /// What a driver does after each burst. Its timer is then never one that was served already.
    fn drive(&mut self) {
        let hand = &mut self.hand;
        hand.machine.handle_timeout(hand.now);
        for event in hand.events() {
            if event == SubscriberEvent::Rejoin {
                hand.rejoin();
                hand.machine.handle_timeout(hand.now);
            }
        }
        if self.takes {
            self.held.extend(hand.deliveries());
            hand.machine.handle_timeout(hand.now);
        }
        if self.sends {
            while hand.machine.poll_transmit().is_some() {}
            // There is room again for what waited for it.
            hand.machine.handle_timeout(hand.now);
            while hand.machine.poll_transmit().is_some() {}
        }
        let due = hand.machine.poll_timeout();
        assert!(
            due.is_none_or(|due| due > hand.now),
            "due {:?} ago, and not done: {:?}",
            due.map(|due| hand.now - due),
            hand.machine
        );
    }
}

#[test]
fn whatever_happens_no_timer_is_past_once_it_was_served() {
    let mut members = 0;
    for seed in 0..3_000 {
        let mut life = Life::new(seed);
        for _ in 0..80 {
            life.step();
            life.drive();
            members += usize::from(life.hand.machine.is_member());
        }
    }
    assert!(members > 50_000, "{members} steps as a member");
}

#[test]
fn an_idle_member_asks_for_nothing_but_its_beat() {
    let mut hand = Hand::member(&["T"], vec![]);
    hand.data("T", 1, 1);
    hand.take();
    hand.machine.subscribe(hand.now, "U").expect("a prefix");
    hand.said();
    hand.granted(1, vec![]);
    hand.pass(ms(100));
    for _ in 0..10 {
        let due = hand.machine.poll_timeout().expect("a beat");
        assert!(due - hand.now >= ms(900), "{:?}", due - hand.now);
        hand.now = due;
        assert_eq!(hand.said(), [linger_ack_proto::wire::ToPublisher::Beat]);
    }
}

#[test]
fn while_the_socket_takes_nothing_changes_wait_without_a_timer_and_merge() {
    let mut hand = Hand::member(&["T"], vec![]);
    hand.machine.subscribe(hand.now, "U").expect("a prefix");
    let mut wakes = 0;
    let end = hand.now + ms(60_000);
    hand.machine.handle_timeout(hand.now);
    while let Some(due) = hand.machine.poll_timeout().filter(|&due| due < end) {
        hand.now = due;
        hand.machine.handle_timeout(due);
        wakes += 1;
    }
    hand.now = end;
    assert!(wakes <= 16, "{wakes}: then nothing more is said");
    let said = hand.said();
    assert_eq!(said.len(), 16);
    assert!(
        hand.machine
            .poll_timeout()
            .is_some_and(|due| due <= hand.now)
    );
    assert!(!hand.said().is_empty(), "there is room again");
}

#[test]
fn an_ack_is_due_at_once_when_many_are_together_and_not_before() {
    let mut hand = Hand::member(&["T"], vec![]);
    hand.said();
    for sequence in 1..=256 {
        assert!(!hand.machine.is_ack_due(), "{sequence}");
        hand.data("T", 1, sequence);
        for delivery in hand.deliveries() {
            let is_due = hand.machine.acknowledge(hand.now, &delivery.id);
            assert_eq!(is_due, hand.machine.is_ack_due());
        }
        if hand.machine.is_ack_due() {
            break;
        }
    }
    assert!(hand.machine.is_ack_due());
    hand.said();
    assert!(!hand.machine.is_ack_due(), "it was said");
    assert!(hand.machine.abandoned().is_empty(), "nothing was given up");
}

#[test]
fn whoever_is_turned_away_again_and_again_waits_longer_and_longer() {
    let mut hand = Hand::with(config(&["T"]));
    let mut waits = Vec::new();
    hand.said();
    for _ in 0..8 {
        hand.control(&ToSubscriber::Unknown);
        assert_eq!(hand.events(), [SubscriberEvent::Rejoin]);
        hand.rejoin();
        let begun = hand.now;
        while hand.said().is_empty() {
            hand.now = hand.machine.poll_timeout().expect("it says HELLO");
        }
        waits.push((hand.now - begun).as_millis());
    }
    assert_eq!(waits, [0, 50, 100, 200, 400, 800, 1_000, 1_000]);
}
