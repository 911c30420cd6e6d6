//! When a publisher says SYNC, and when it has PUB look for credit.

use crate::peer::{Bench, Peer, mark, ms};
use linger_ack_proto::wire::{InBand, Mark, ToPublisher, ToSubscriber};
use std::time::Duration;

/// After how many milliseconds, of the next 1,500, SYNC is said.
fn syncs(bench: &mut Bench, peer: &Peer) -> Vec<u64> {
    let mut said = Vec::new();
    for time in (10..=1_500).step_by(10) {
        bench.pass(ms(10));
        let in_band = bench.in_band_to(peer);
        said.extend(
            in_band
                .iter()
                .filter(|body| matches!(body, InBand::Sync { .. }))
                .map(|_| time),
        );
    }
    said
}

fn behind() -> (Bench, Peer) {
    let mut bench = Bench::new();
    let peer = bench.member("a", &["t"]);
    for _ in 0..4 {
        bench.publish("t");
    }
    (bench, peer)
}

fn say(bench: &mut Bench, peer: &mut Peer, received: u64, processed: u64) {
    let (number, whole) = (1, false);
    let mark = Mark {
        number,
        received,
        processed,
    };
    let marks = vec![mark];
    bench.say(peer, ToPublisher::Ack { whole, marks });
}

#[test]
fn whoever_stands_still_is_told_less_and_less_often() {
    let (mut bench, peer) = behind();
    assert_eq!(syncs(&mut bench, &peer), [100, 200, 400, 800]);
    let counters = bench.publisher.counters();
    assert_eq!((counters.markers, counters.queries), (4, 0));
}

#[test]
fn whoever_has_everything_and_says_nothing_is_asked_and_told_nothing() {
    let (mut bench, mut peer) = behind();
    say(&mut bench, &mut peer, 4, 0);
    bench.control_to(&peer);
    assert!(syncs(&mut bench, &peer).is_empty());
    let asked = bench.control_to(&peer);
    assert_eq!(asked, vec![ToSubscriber::Query; asked.len()]);
    assert_eq!(asked.len(), 3, "after 200, 600 and 1,400 ms");
    let counters = bench.publisher.counters();
    assert_eq!((counters.markers, counters.queries), (0, 3));
}

#[test]
fn whoever_lacks_nothing_is_left_in_peace_while_another_does() {
    let (mut bench, slow) = behind();
    let mut done = bench.member("done", &["t"]);
    let mut received = bench.member("received", &["t"]);
    bench.publish("t");
    bench.ack(&mut done, 1, 5);
    say(&mut bench, &mut received, 5, 4);
    bench.control_to(&done);
    assert_eq!(syncs(&mut bench, &slow).len(), 4);
    assert!(bench.in_band_to(&done).is_empty() && bench.in_band_to(&received).is_empty());
    assert!(bench.control_to(&done).is_empty());
    let (markers, queries) = (4, bench.control_to(&received).len() as u64);
    let counters = bench.publisher.counters();
    assert_eq!((counters.markers, counters.queries), (markers, queries));
    assert!(queries > 0);
}

#[test]
fn whoever_joins_after_the_message_is_told_of_it_and_then_nobody_is_looked_at() {
    let mut bench = Bench::new();
    let mut late = bench.candidate("late", &["t"]);
    bench.publish("t");
    bench.pass(ms(300));
    bench.joined(&mut late);
    bench.in_band_to(&late);
    assert!(!syncs(&mut bench, &late).is_empty());
    bench.ack(&mut late, 1, 1);
    bench.pass(ms(1_000));
    let next = bench.publisher.poll_timeout().expect("it may expire");
    assert!(next > bench.now + ms(500), "nobody's marks are looked at");
}

#[test]
fn a_mark_that_rises_begins_the_waits_anew() {
    let (mut bench, mut peer) = behind();
    say(&mut bench, &mut peer, 1, 0);
    bench.pass(ms(1_000));
    bench.in_band_to(&peer);
    for (received, processed) in [(2, 0), (2, 1), (3, 2)] {
        say(&mut bench, &mut peer, received, processed);
        let said = syncs(&mut bench, &peer);
        assert_eq!(said, [200, 400, 800], "{received}, {processed}");
    }
}

#[test]
fn a_mark_that_is_said_again_puts_nothing_off() {
    let (mut bench, mut peer) = behind();
    say(&mut bench, &mut peer, 3, 1);
    bench.pass(ms(50));
    let mut said = Vec::new();
    for _ in 0..10 {
        say(&mut bench, &mut peer, 3, 1);
        bench.pass(ms(100));
        let in_band = bench.in_band_to(&peer);
        said.push(
            in_band
                .iter()
                .any(|body| matches!(body, InBand::Sync { .. })),
        );
    }
    assert_eq!(said.iter().filter(|said| **said).count(), 3, "{said:?}");
}

#[test]
fn pub_looks_for_credit_before_each_welcome_and_after_each_trim() {
    let mut bench = Bench::new();
    let mut peer = bench.candidate("a", &[""]);
    assert_eq!(
        bench.settles(),
        1,
        "for the subscription of its private topic"
    );
    bench.joined(&mut peer);
    for topic in ["t", "u", "v", "t"] {
        bench.publish(topic);
    }
    assert_eq!(bench.settles(), 0);
    let (whole, marks) = (false, vec![mark(1, 1), mark(2, 1), mark(3, 1)]);
    bench.say(&mut peer, ToPublisher::Ack { whole, marks });
    assert_eq!(bench.settles(), 1, "once for all three");
    bench.ack(&mut peer, 2, 1);
    assert_eq!(bench.settles(), 0, "nothing was let go");
    bench.ack(&mut peer, 1, 2);
    assert_eq!(bench.settles(), 1);
}

#[test]
fn sync_names_what_is_behind_and_nothing_else() {
    let mut bench = Bench::with(|config| config.entries_per_part = 2);
    let mut peer = bench.member("a", &[""]);
    for topic in ["t", "u", "v", "w", "x", "t"] {
        bench.publish(topic);
    }
    let marks = vec![mark(1, 1), mark(2, 1), mark(4, 1)];
    let whole = false;
    bench.say(&mut peer, ToPublisher::Ack { whole, marks });
    bench.pass(ms(200));
    let named = |body| match body {
        InBand::Sync { entries } => {
            let entries = entries.iter().map(|entry| (entry.number, entry.sequence));
            entries.collect::<Vec<_>>()
        }
        other => panic!("nothing but SYNC: {other:?}"),
    };
    let said: Vec<_> = bench.in_band_to(&peer).into_iter().map(named).collect();
    assert_eq!(said, [vec![(1, 3), (3, 2)], vec![(5, 2)]]);
}

#[test]
fn the_same_question_is_answered_again_only_after_a_while() {
    let (mut bench, mut peer) = behind();
    let ask = |bench: &mut Bench, peer: &mut Peer, first| {
        bench.nack(peer, 1, first, 4);
        bench.control_to(peer).len()
    };
    assert_eq!(ask(&mut bench, &mut peer, 1), 4);
    assert_eq!(ask(&mut bench, &mut peer, 1), 0, "it is on its way");
    assert_eq!(ask(&mut bench, &mut peer, 2), 3, "it asks for less");
    bench.pass(ms(20) - Duration::from_nanos(1));
    assert_eq!(ask(&mut bench, &mut peer, 2), 0);
    bench.pass(Duration::from_nanos(1));
    assert_eq!(ask(&mut bench, &mut peer, 2), 3);
}

#[test]
fn what_was_received_by_its_own_word_is_not_said_again() {
    let (mut bench, mut peer) = behind();
    say(&mut bench, &mut peer, 2, 0);
    bench.nack(&mut peer, 1, 1, 4);
    assert_eq!(bench.control_to(&peer).len(), 2, "the third and the fourth");
    bench.nack(&mut peer, 1, 2, 2);
    assert!(bench.control_to(&peer).is_empty());
}

#[test]
fn an_answer_has_so_many_messages_and_so_many_bytes_and_no_more() {
    // Each costs its 8 bytes and 64 for what is around them.
    for (messages, bytes, answered) in [
        (512, 1 << 20, 20),
        (20, 1 << 20, 20),
        (19, 1 << 20, 19),
        (1, 1 << 20, 1),
        (512, 20 * 72, 20),
        (512, 20 * 72 - 1, 19),
    ] {
        let mut bench = Bench::with(|config| {
            config.repair_messages = messages;
            config.repair_bytes = bytes;
        });
        let mut peer = bench.member("a", &["t"]);
        for _ in 0..20 {
            bench.publish("t");
        }
        bench.nack(&mut peer, 1, 1, 20);
        let said = bench.control_to(&peer);
        assert_eq!(said.len(), answered, "{messages}, {bytes}");
        for (at, said) in (1..).zip(&said) {
            let ToSubscriber::Repair(repair) = said else {
                panic!("{said:?} is no repair");
            };
            assert_eq!((repair.number, repair.sequence), (1, at));
            assert_eq!(repair.last, at == answered as u64);
        }
        assert_eq!(bench.publisher.counters().repaired, answered as u64);
    }
}
