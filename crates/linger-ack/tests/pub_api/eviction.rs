//! Losing a subscriber rather than waiting for it.

use crate::common::{
    Events, after_ms, bind, connect, eventually, member, next, over_each_transport, soon,
};
use linger_ack::{
    Event, MemberOutcome, MemberReport, Outcome, PublishError, Publisher, Quorum, Report,
    Subscriber,
};
use std::time::{Duration, Instant};

fn evicted(report: &Report) -> Vec<&MemberReport> {
    let members = report.members.iter();
    members
        .filter(|member| member.outcome == MemberOutcome::Evicted)
        .collect()
}

fn fill(ticks: &Publisher) -> u64 {
    let mut accepted = 0;
    while ticks.try_publish("T", "x").is_ok() {
        accepted += 1;
    }
    accepted
}

#[test]
fn whoever_holds_the_window_for_too_long_is_evicted_and_named() {
    over_each_transport("evicted", |ports| {
        let builder = Publisher::builder("ticks")
            .window(8, 1 << 20)
            .publish_limit(Duration::from_secs(20))
            .evict_after(Duration::from_millis(50));
        let (builder, events) = Events::of(builder);
        let ticks = ports.bind(builder);
        let stuck = ports.member(&ticks, "stuck");
        assert_eq!(fill(&ticks), 8, "trying evicts nobody");
        assert_eq!(ticks.counters().evicted, 0);
        let begun = Instant::now();
        ticks.publish("T", "goes on").expect("there is room now");
        let waited = begun.elapsed();
        assert!(waited >= Duration::from_millis(50), "{waited:?}");
        assert!(waited < Duration::from_secs(10), "{waited:?}");
        assert!(matches!(events.next(), Event::Joined { .. }));
        let departed = Event::Departed {
            name: "stuck".to_owned(),
            outcome: MemberOutcome::Evicted,
            unacked: 8,
        };
        assert_eq!(events.next(), departed);
        let _ = stuck.close_by(soon());
        let report = ticks.close_by(soon(), Quorum::All);
        assert_eq!(report.outcome, Outcome::Behind, "{report}");
        let evicted = evicted(&report);
        assert_eq!(evicted.len(), 1);
        assert_eq!((evicted[0].owed(), evicted[0].unacked()), (8, 8));
    });
}

#[test]
fn a_call_evicts_all_holders_of_the_oldest_message_and_nobody_else() {
    let (builder, events) = Events::of(Publisher::builder("ticks"));
    let ticks = bind(builder);
    assert_eq!(ticks.evict_oldest(), 0, "nothing is retained");
    let _stuck = ["one", "two"].map(|name| member(&ticks, name));
    let other = connect(&ticks, Subscriber::builder("other").subscribe("U"));
    ticks.wait_for_members(3, soon()).expect("they join");
    ticks.publish("T", "1").expect("accepted");
    ticks.publish("U", "2").expect("accepted");
    assert_eq!(ticks.evict_oldest(), 2);
    next(&other).ack();
    let mut names = Vec::new();
    while names.len() < 2 {
        if let Event::Departed { name, outcome, .. } = events.next() {
            assert_eq!(outcome, MemberOutcome::Evicted);
            names.push(name);
        }
    }
    assert_eq!(names, ["one", "two"]);
    // Whoever was evicted joins anew by itself, and is owed what is published from then on.
    ticks.wait_for_members(3, soon()).expect("they come back");
    let report = ticks.close_by(soon(), Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind);
    assert_eq!(evicted(&report).len(), 2);
    let other = report.member("other").expect("named");
    assert_eq!(other.unacked(), 0);
    assert_eq!(ticks.evict_oldest(), 0, "it has closed");
}

#[test]
fn a_call_wakes_whoever_waits_for_room() {
    let builder = Publisher::builder("ticks").window(8, 1 << 20);
    let ticks = bind(builder.publish_limit(Duration::from_secs(20)));
    let _stuck = member(&ticks, "stuck");
    fill(&ticks);
    let full = ticks.counters().full;
    let waiter = {
        let ticks = ticks.clone();
        std::thread::spawn(move || ticks.publish("T", "waits"))
    };
    eventually("it waits", || ticks.counters().full > full);
    assert_eq!(ticks.evict_oldest(), 1);
    let begun = Instant::now();
    waiter.join().expect("no panic").expect("there is room");
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn without_leave_to_evict_a_full_window_stays_full() {
    let builder = Publisher::builder("ticks").window(8, 1 << 20);
    let ticks = bind(builder.publish_limit(Duration::from_millis(100)));
    let _stuck = member(&ticks, "stuck");
    fill(&ticks);
    let begun = Instant::now();
    let error = ticks.publish("T", "no").expect_err("nobody makes room");
    assert!(matches!(error, PublishError::WindowFull(_)), "{error}");
    assert!(begun.elapsed() >= Duration::from_millis(100));
    assert_eq!(ticks.counters().evicted, 0);
    let report = ticks.close_by(after_ms(50), Quorum::All);
    assert_eq!(evicted(&report), Vec::<&MemberReport>::new());
}
