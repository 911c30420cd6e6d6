//! A window that is full, candidates that hold it back, eviction.

use crate::peer::{Bench, ms};
use linger_ack_proto::wire::ToSubscriber;
use linger_ack_proto::{Event, MemberOutcome, Outcome, PublisherConfig, Quorum, Verdict};

fn small(config: &mut PublisherConfig) {
    config.window_messages = 8;
}

fn fill(bench: &mut Bench, topic: &str) {
    while bench.try_publish(topic).is_ok() {}
}

#[test]
fn a_candidate_that_had_time_to_join_gives_way_to_a_message() {
    let mut bench = Bench::with(small);
    bench.candidate("c", &["a"]);
    fill(&mut bench, "a");
    assert_eq!(bench.retained(), 8);
    bench.pass(ms(249));
    assert!(bench.try_publish("a").is_err());
    bench.pass(ms(1));
    bench.publish("a");
    assert_eq!(bench.retained(), 0, "nobody is owed it any more");
    let counters = bench.publisher.counters();
    assert_eq!((counters.forgotten, counters.unowed), (1, 9));
}

#[test]
fn whoever_waits_for_room_is_told_of_it_though_nobody_publishes() {
    let mut bench = Bench::with(small);
    bench.candidate("c", &["a"]);
    fill(&mut bench, "a");
    assert!(!bench.events.contains(&Event::Room));
    bench.pass(ms(250));
    assert!(bench.events.contains(&Event::Room));
    bench.publish("a");
}

#[test]
fn there_is_room_behind_what_was_released_once_the_candidate_has_left() {
    let mut bench = Bench::with(small);
    let mut member = bench.member("m", &["a"]);
    bench.publish("a");
    bench.unsubscribe(&mut member, 1, &["a"]);
    let mut candidate = bench.candidate("c", &["a"]);
    fill(&mut bench, "a");
    assert_eq!(bench.retained(), 8);
    bench.events.clear();
    bench.bye(&mut candidate, vec![]);
    assert_eq!(bench.events, [Event::Room]);
    assert_eq!(bench.retained(), 1, "the one that was released");
}

#[test]
fn a_candidate_that_holds_no_more_than_a_member_stays() {
    let mut bench = Bench::with(small);
    let mut member = bench.member("m", &["a"]);
    let mut late = bench.candidate("c", &["a"]);
    fill(&mut bench, "a");
    bench.pass_with(ms(1_000), &mut [&mut member]);
    assert!(bench.try_publish("a").is_err());
    bench.joined(&mut late);
    assert_eq!(bench.publisher.member_count(), 2);
    bench.ack(&mut member, 1, 8);
    bench.ack(&mut late, 1, 8);
    bench.publish("a");
}

#[test]
fn a_candidate_that_was_forgotten_may_say_hello_again() {
    let mut bench = Bench::with(small);
    let mut late = bench.candidate("c", &["a"]);
    fill(&mut bench, "a");
    bench.pass(ms(300));
    bench.publish("a");
    // It confirms a WELCOME of which nothing is left.
    bench.joined(&mut late);
    assert_eq!(bench.control_to(&late), [ToSubscriber::Unknown]);
    assert_eq!(bench.hello(&mut late, &["a"]), [(1, 10)]);
    bench.joined(&mut late);
    assert_eq!(bench.publisher.member_count(), 1);
}

#[test]
fn a_candidate_has_its_own_time_to_join() {
    let mut bench = Bench::with(|config| {
        config.expiry = ms(10_000);
        config.join_within = ms(500);
    });
    bench.candidate("c", &["a"]);
    bench.publish("a");
    bench.pass(ms(499));
    assert_eq!(bench.retained(), 1);
    bench.pass(ms(2_001)); // and what is judged twice
    assert_eq!(bench.retained(), 0);
    assert_eq!(bench.publisher.counters().expired, 0, "no member did");
}

#[test]
fn eviction_ends_every_holder_of_the_oldest_message_and_names_each() {
    let mut bench = Bench::with(small);
    let mut quick = bench.member("quick", &[""]);
    let mut slow = bench.member("slow", &["a"]);
    let mut slower = bench.member("slower", &["a", "b"]);
    let other = bench.member("other", &["b"]);
    bench.publish("a");
    fill(&mut bench, "b");
    bench.ack(&mut quick, 1, 1);
    bench.ack(&mut quick, 2, 7);
    assert_eq!(bench.publisher.evict(bench.now), 2);
    assert_eq!(bench.control_to(&slow), [ToSubscriber::Evicted]);
    assert_eq!(bench.control_to(&slower), [ToSubscriber::Evicted]);
    assert!(bench.control_to(&other).is_empty());
    assert_eq!((bench.retained(), bench.publisher.member_count()), (7, 2));
    bench.ack(&mut slow, 1, 1); // it had not heard
    assert_eq!(bench.control_to(&slow), [ToSubscriber::Evicted]);
    let hello = bench.hello(&mut slower, &["a"]);
    assert!(hello.is_empty(), "another session is wanted");
    assert_eq!(bench.control_to(&slower), [ToSubscriber::Evicted]);
    for (name, unacked) in [("slow", 1), ("slower", 8)] {
        assert!(bench.events.contains(&Event::Departed {
            name: name.into(),
            outcome: MemberOutcome::Evicted,
            unacked
        }));
    }
    assert_eq!(bench.publisher.evict(bench.now), 1);
    assert_eq!(bench.publisher.evict(bench.now), 0, "nothing is retained");
    assert_eq!(bench.publisher.counters().evicted, 3);
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind);
    assert_eq!(report.departed_with_unacked, 3);
}

#[test]
fn eviction_of_a_durable_name_ends_its_claim() {
    let mut bench = Bench::with(|config| config.durable = vec!["d".into(), "e".into()]);
    let here = bench.member("d", &["a"]);
    let mut away = bench.member("e", &["a"]);
    bench.bye(&mut away, vec![]);
    assert_eq!(bench.publisher.counters().absences, 1);
    bench.control_to(&away);
    bench.publish("a");
    assert_eq!(bench.publisher.evict(bench.now), 2);
    assert_eq!(bench.control_to(&here), [ToSubscriber::Evicted]);
    assert!(
        bench.control_to(&away).is_empty(),
        "nobody is there to hear"
    );
    assert_eq!(bench.retained(), 0);
    bench.publish("a");
    assert_eq!(bench.publisher.counters().unowed, 1);
    let mut again = bench.peer("d");
    assert_eq!(bench.hello(&mut again, &["a"]), [(1, 3)], "no claim");
    let report = bench.publisher.finish(Quorum::All);
    for name in ["d", "e"] {
        let member = report.member(name).expect("named");
        assert_eq!(
            (member.outcome, member.unacked()),
            (MemberOutcome::Evicted, 1)
        );
    }
}

#[test]
fn eviction_of_a_candidate_leaves_no_trace_in_the_report() {
    let mut bench = Bench::new();
    let candidate = bench.candidate("c", &["a"]);
    bench.publish("a");
    assert_eq!(bench.publisher.evict(bench.now), 1);
    assert_eq!(bench.control_to(&candidate), [ToSubscriber::Evicted]);
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::NoMembers);
    assert!(report.members.is_empty());
    assert_eq!(report.counters.unowed, 1);
}

#[test]
fn the_oldest_message_is_the_oldest_of_all_topics() {
    let mut bench = Bench::new();
    let mut a = bench.member("a", &["a"]);
    bench.member("b", &["b"]);
    for topic in ["a", "b", "a", "b", "a"] {
        bench.publish(topic);
    }
    bench.ack(&mut a, 1, 1);
    assert_eq!(bench.publisher.evict(bench.now), 1);
    assert!(bench.publisher.progress(bench.now).member("b").is_none());
    assert_eq!(bench.retained(), 2);
}

#[test]
fn an_evicted_member_bars_all_but_not_who_was_named() {
    let mut bench = Bench::new();
    let mut good = bench.member("good", &["a"]);
    bench.member("bad", &["a"]);
    bench.publish("a");
    bench.ack(&mut good, 1, 1);
    bench.publisher.evict(bench.now);
    let target = bench.publisher.target();
    let verdict = |quorum| bench.publisher.verdict(&target, &quorum);
    assert_eq!(verdict(Quorum::All), Verdict::Impossible);
    assert_eq!(verdict(Quorum::AtLeast(1)), Verdict::Met);
    assert_eq!(verdict(Quorum::Named(vec!["good".into()])), Verdict::Met);
    let both = Quorum::Named(vec!["good".into(), "bad".into()]);
    assert_eq!(verdict(both), Verdict::Impossible);
}

#[test]
fn bytes_fill_a_window_too() {
    let mut bench = Bench::with(|config| {
        config.window_bytes = 64;
        config.max_payload = 64;
        config.durable = vec!["d".into()];
    });
    let mut peer = bench.member("d", &["a"]);
    fill(&mut bench, "a");
    assert_eq!(bench.retained(), 8, "of 8 bytes each");
    bench.bye(&mut peer, vec![]);
    bench.publish("a");
    assert_eq!(bench.publisher.counters().let_go, 1);
}

#[test]
fn what_is_retained_is_told_against_the_limits() {
    let mut bench = Bench::with(|config| {
        config.window_messages = 8;
        config.window_bytes = 2_000;
        config.max_payload = 2_000;
    });
    let mut peer = bench.member("a", &["t"]);
    bench.publish("t");
    let outstanding = bench.publisher.outstanding();
    assert_eq!((outstanding.messages, outstanding.bytes), (1, 8));
    assert_eq!(outstanding.to_string(), "1 of 8 messages, 8 of 2,000 bytes");
    for _ in 0..6 {
        bench.publish("t");
    }
    assert!(!bench.publisher.outstanding().is_full());
    bench.publish("t");
    assert!(bench.publisher.outstanding().is_full(), "eight messages");
    bench.ack(&mut peer, 1, 8);
    assert!(!bench.publisher.outstanding().is_full());
    let payload = bytes::Bytes::from(vec![0; 2_000]);
    let sent = bench
        .publisher
        .publish(bench.now, b"t", payload, &mut Vec::new());
    assert_eq!(sent.map(|sent| sent.sequence), Ok(9));
    assert!(bench.publisher.outstanding().is_full(), "2,000 bytes");
}

#[test]
fn what_is_let_go_for_want_of_room_is_counted_message_by_message() {
    let mut bench = Bench::with(|config| {
        config.window_messages = 64;
        config.durable = vec!["d".into()];
    });
    let mut away = bench.member("d", &["a"]);
    bench.bye(&mut away, vec![]);
    for _ in 0..65 {
        bench.publish("a");
    }
    let let_go = bench.publisher.counters().let_go;
    assert!(let_go > 1, "some slack is made at once");
    assert_eq!(bench.retained() + let_go, 65);
}

#[test]
fn there_is_room_once_whoever_holds_it_is_away_too() {
    let mut bench = Bench::with(|config| {
        config.window_messages = 8;
        config.durable = vec!["d".into(), "e".into()];
    });
    let mut away = bench.member("d", &["a"]);
    let mut here = bench.member("e", &["a"]);
    bench.bye(&mut away, vec![]);
    fill(&mut bench, "a");
    assert!(bench.try_publish("a").is_err(), "who is here holds it");
    bench.bye(&mut here, vec![]);
    bench.publish("a");
}

#[test]
fn a_candidate_that_holds_nothing_of_a_topic_is_not_forgotten_for_it() {
    let mut bench = Bench::with(|config| {
        config.window_messages = 8;
        config.durable = vec!["d".into()];
    });
    let mut away = bench.member("d", &["a"]);
    bench.bye(&mut away, vec![]);
    for _ in 0..8 {
        bench.publish("a");
    }
    let mut late = bench.candidate("c", &["a"]);
    bench.pass(ms(300));
    bench.publish("a");
    assert_eq!(bench.publisher.counters().forgotten, 0);
    bench.joined(&mut late);
    assert_eq!(bench.control_to(&late), [ToSubscriber::Member]);
}

#[test]
fn who_leaves_and_held_nothing_makes_no_room() {
    let mut bench = Bench::new();
    let mut peer = bench.member("m", &["a"]);
    bench.publish("a");
    bench.ack(&mut peer, 1, 1);
    assert_eq!(bench.events.pop(), Some(Event::Room));
    bench.bye(&mut peer, vec![]);
    assert!(!bench.events.contains(&Event::Room), "{:?}", bench.events);
}

#[test]
fn a_candidate_is_looked_at_again_while_somebody_waits() {
    let mut bench = Bench::with(small);
    let mut member = bench.member("m", &["a"]);
    bench.candidate("c", &["a"]);
    fill(&mut bench, "a");
    bench.pass_with(ms(300), &mut [&mut member]);
    assert_eq!(bench.retained(), 8, "it holds no more than the member");
    bench.ack(&mut member, 1, 8);
    bench.events.clear();
    bench.pass_with(ms(150), &mut [&mut member]);
    assert!(bench.events.contains(&Event::Room), "{:?}", bench.events);
    assert_eq!(bench.retained(), 0);
}

#[test]
fn the_time_matters_to_a_message_that_sets_a_timer_or_finds_no_room_and_to_no_other() {
    let mut bench = Bench::with(small);
    let mut member = bench.member("m", &["a"]);
    let needs_time = |bench: &Bench| bench.publisher.needs_time(10);
    assert!(needs_time(&bench), "it will set the timer of the marks");
    bench.publish("a");
    assert!(!needs_time(&bench));
    // The time that such a message is told is not looked at: it may even be long past.
    let timer = bench.publisher.poll_timeout();
    bench.now -= ms(1);
    bench.publish("a");
    bench.now += ms(1);
    assert_eq!(bench.publisher.poll_timeout(), timer);
    fill(&mut bench, "a");
    assert!(
        needs_time(&bench),
        "who holds the window back is judged by the time"
    );
    bench.ack(&mut member, 1, 8);
    assert!(!needs_time(&bench));
}
