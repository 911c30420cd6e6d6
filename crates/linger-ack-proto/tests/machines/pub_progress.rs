//! How far a drain has come.

use crate::peer::{Bench, ms};
use linger_ack_proto::wire::{Mark, ToPublisher};
use linger_ack_proto::{Expected, Level, Presence, Quorum};

#[test]
fn it_tells_which_member_how_far_and_at_what_rate() {
    let mut bench = Bench::with(|config| config.durable = vec!["away".into()]);
    let mut quick = bench.member("quick", &["a"]);
    let mut slow = bench.member("slow", &[""]);
    let mut away = bench.member("away", &["b"]);
    bench.bye(&mut away, vec![]);
    for _ in 0..100 {
        bench.publish("a");
    }
    bench.publish("b");
    bench.ack(&mut quick, 1, 100);
    bench.ack(&mut slow, 1, 20);
    let first = bench.publisher.progress(bench.now);
    assert_eq!(
        first.to_string(),
        "1/3 acked, 81 outstanding, slowest: slow (20 of 101)"
    );
    assert!(first.rate_since(&first).is_none(), "no time has passed");

    bench.now += ms(500);
    bench.ack(&mut slow, 1, 60);
    let second = bench.publisher.progress(bench.now);
    let line = second.line_since(&first).to_string();
    assert_eq!(
        line,
        "1/3 acked, 41 outstanding, slowest: slow (60 of 101, 80/s)"
    );
    let rate = second.rate_since(&first).expect("time has passed");
    assert_eq!(rate.members, [Some(0.0), Some(80.0), Some(0.0)]);
    assert!((rate.per_second - 80.0).abs() < 1e-9);
    assert_eq!(rate.left, None, "who is absent stands still");
    assert!(first.rate_since(&second).is_none(), "time does not go back");

    let member = second.member("away").expect("it is owed something");
    assert_eq!(
        (
            member.presence,
            member.owed,
            member.acked,
            member.outstanding
        ),
        (Presence::Absent, 1, 0, 1)
    );
}

#[test]
fn large_numbers_have_commas_and_names_of_strangers_are_escaped() {
    let mut bench = Bench::new();
    let mut peer = bench.member("a\n9/9 acked", &["t"]);
    for _ in 0..1_300 {
        bench.publish("t");
    }
    bench.ack(&mut peer, 1, 6);
    let first = bench.publisher.progress(bench.now);
    bench.now += ms(5);
    bench.ack(&mut peer, 1, 26);
    let second = bench.publisher.progress(bench.now);
    assert_eq!(
        second.line_since(&first).to_string(),
        r"0/1 acked, 1,274 outstanding, slowest: a\n9/9 acked (26 of 1,300, 4,000/s)"
    );
}

#[test]
fn it_tells_what_waits_for_the_application_alone() {
    let mut bench = Bench::new();
    let mut peer = bench.member("a", &["t"]);
    let mut quick = bench.peer("b");
    quick.level = Level::Received;
    bench.hello(&mut quick, &["t"]);
    bench.joined(&mut quick);
    for _ in 0..10 {
        bench.publish("t");
    }
    for peer in [&mut peer, &mut quick] {
        let marks = vec![Mark {
            number: 1,
            received: 7,
            processed: 3,
        }];
        let whole = false;
        bench.say(peer, ToPublisher::Ack { whole, marks });
    }
    let progress = bench.publisher.progress(bench.now);
    let of = |name| {
        let member = progress.member(name).expect("here");
        (member.level, member.outstanding, member.received_only)
    };
    assert_eq!(of("a"), (Level::Processed, 7, 4));
    assert_eq!(of("b"), (Level::Received, 3, 0));
}

#[test]
fn it_tells_since_when_one_is_here_or_away_and_when_it_was_heard() {
    let away = Expected::new("late").expect("a name").prefix("t");
    let mut bench = Bench::with(|config| {
        config.durable = vec!["a".into()];
        config.expected = vec![away];
    });
    let begun = bench.now;
    let of = |bench: &Bench, name| {
        let progress = bench.publisher.progress(bench.now);
        let member = progress.member(name).expect("named");
        (member.since, member.heard, member.suspected)
    };
    assert_eq!(of(&bench, "late"), (None, None, false), "no time was told");
    let mut peer = bench.candidate("a", &["t"]);
    bench.now += ms(10);
    bench.joined(&mut peer);
    let joined = begun + ms(10);
    assert_eq!(of(&bench, "a"), (Some(joined), Some(joined), false));
    assert_eq!(of(&bench, "late"), (Some(begun), None, false));
    bench.pass(ms(5_000));
    let (since, heard, suspected) = of(&bench, "a");
    assert_eq!(
        (since, heard, suspected),
        (Some(joined), Some(joined), true)
    );
    bench.say(&mut peer, ToPublisher::Beat);
    let left = bench.now;
    assert_eq!(of(&bench, "a"), (Some(joined), Some(left), false));
    bench.bye(&mut peer, vec![]);
    bench.now += ms(10);
    assert_eq!(of(&bench, "a"), (Some(left), Some(left), false));
}

#[test]
fn what_is_left_is_the_time_of_the_slowest() {
    let mut bench = Bench::new();
    let mut a = bench.member("a", &["t"]);
    let mut b = bench.member("b", &["t"]);
    for _ in 0..100 {
        bench.publish("t");
    }
    let first = bench.publisher.progress(bench.now);
    bench.now += ms(1_000);
    bench.ack(&mut a, 1, 50);
    bench.ack(&mut b, 1, 20);
    bench.member("c", &["t"]);
    let second = bench.publisher.progress(bench.now);
    let rate = second.rate_since(&first).expect("time has passed");
    assert_eq!(rate.left, Some(ms(4_000)), "80 at 20 a second");
    assert_eq!(rate.members, [Some(50.0), Some(20.0), None]);
    assert!((rate.per_second - 70.0).abs() < 1e-9);
}

#[test]
fn sessions_of_one_name_are_told_apart() {
    let mut bench = Bench::new();
    let mut older = bench.member("a", &["t"]);
    for _ in 0..10 {
        bench.publish("t");
    }
    bench.ack(&mut older, 1, 9);
    let first = bench.publisher.progress(bench.now);
    bench.now += ms(1_000);
    bench.member("a", &["t"]);
    let second = bench.publisher.progress(bench.now);
    let rate = second.rate_since(&first).expect("time has passed");
    assert_eq!(rate.members, [None], "not minus nine");
}

#[test]
fn a_released_topic_counts_up_to_its_release() {
    let mut bench = Bench::new();
    let mut peer = bench.member("a", &["t"]);
    bench.publish("t");
    bench.unsubscribe(&mut peer, 1, &["t"]);
    bench.publish("t");
    let progress = bench.publisher.progress(bench.now);
    let member = progress.member("a").expect("here");
    assert_eq!((member.owed, member.outstanding), (1, 1));
    bench.ack(&mut peer, 1, 2);
    let progress = bench.publisher.progress(bench.now);
    assert_eq!((progress.acked(), progress.slowest()), (1, None));
    assert_eq!(progress.to_string(), "1/1 acked, 0 outstanding");
}

#[test]
fn counters_tell_what_happened() {
    let mut bench = Bench::new();
    let mut peer = bench.member("a", &["t"]);
    bench.publish("t");
    bench.nack(&mut peer, 1, 1, 1);
    bench.ack(&mut peer, 1, 1);
    bench.subscribe(&mut peer, 1, &["u"]);
    bench.unsubscribe(&mut peer, 2, &["u"]);
    let mut newer = bench.member("a", &["t"]);
    bench.bye(&mut newer, vec![]);
    bench.member("b", &["t"]);
    bench.pass(ms(10_000));
    let report = bench.publisher.finish(Quorum::All);
    let counters = report.counters;
    assert_eq!(
        [
            counters.hellos,
            counters.joined,
            counters.left,
            counters.expired,
            counters.superseded,
            counters.acks,
            counters.nacks,
            counters.repaired,
            counters.granted,
            counters.released,
        ],
        [3, 3, 1, 1, 1, 2, 1, 1, 1, 1]
    );
}
