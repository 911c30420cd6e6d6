//! Who may join, and with which prefixes.

use crate::common::{Events, after_ms, bind, connect, joined, member, next, soon, take};
use bytes::Bytes;
use linger_ack::proto::wire::Refusal;
use linger_ack::{
    Candidate, Denied, Event, Level, Publisher, PublisherBuilder, Quorum, SubscribeError,
    Subscriber, UserIdIsName,
};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn refused(name: &str) -> Event {
    Event::Refused {
        name: name.to_owned(),
        why: Refusal::NotAuthorized,
    }
}

fn builder() -> PublisherBuilder {
    Publisher::builder("ticks")
}

#[test]
fn a_closure_decides_who_joins() {
    let known = |candidate: &Candidate<'_>| match candidate.name() {
        "risk-1" => Ok(()),
        _ => Err(Denied::new("unknown")),
    };
    let (builder, events) = Events::of(builder().authorizer(known));
    let ticks = bind(builder);
    let stranger = connect(&ticks, Subscriber::builder("stranger").subscribe("T"));
    assert_eq!(events.next(), refused("stranger"));
    let risk = member(&ticks, "risk-1");
    ticks.publish("T", "1").expect("accepted");
    next(&risk).ack();
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert_eq!(report.members.len(), 1, "a stranger is owed nothing");
    assert!(report.counters.denied >= 1);
    assert_eq!(stranger.memberships(), 0);
}

#[test]
fn a_candidate_is_told_with_all_that_is_known_of_it() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let ticks = bind(builder().authorizer(move |candidate: &Candidate<'_>| {
        let mut seen = noted.lock().expect("no panic");
        seen.push((
            candidate.name().to_owned(),
            candidate.level(),
            candidate.prefixes().to_vec(),
            candidate.is_member(),
            candidate.user_id().map(str::to_owned),
            candidate.peer_address().map(str::to_owned),
        ));
        Ok(())
    }));
    let builder = Subscriber::builder("a").subscribe("EUR").subscribe("USD");
    let _a = joined(connect(&ticks, builder.level(Level::Received)));
    let seen = seen.lock().expect("no panic");
    let prefixes = ["EUR", "USD"].map(|prefix| Bytes::from_static(prefix.as_bytes()));
    let expected = (
        "a".to_owned(),
        Level::Received,
        prefixes.to_vec(),
        false,
        None,
        Some("127.0.0.1".to_owned()),
    );
    assert_eq!(seen[..], [expected]);
}

#[test]
fn an_authorizer_that_panics_denies_and_the_publisher_goes_on() {
    let (builder, events) = Events::of(builder().authorizer(
        |candidate: &Candidate<'_>| -> Result<(), Denied> {
            assert_eq!(candidate.name(), "good", "the authorizer is broken");
            Ok(())
        },
    ));
    let ticks = bind(builder);
    let _bad = connect(&ticks, Subscriber::builder("bad").subscribe("T"));
    assert_eq!(events.next(), refused("bad"));
    let _good = member(&ticks, "good");
    assert_eq!(ticks.member_count(), 1);
}

#[test]
fn an_authorizer_may_use_the_publisher() {
    let slot = Arc::new(std::sync::OnceLock::<Publisher>::new());
    let seen = Arc::clone(&slot);
    let ticks = bind(builder().authorizer(move |_: &Candidate<'_>| {
        let ticks = seen.get().ok_or_else(|| Denied::new("not ready"))?;
        ticks.publish("T", "somebody comes").expect("accepted");
        Ok(())
    }));
    assert!(slot.set(ticks.clone()).is_ok());
    let _a = member(&ticks, "a");
    assert_eq!(ticks.counters().accepted, 1, "no lock is held");
}

#[test]
fn an_authorizer_that_blocks_holds_up_neither_publish_nor_close() {
    let (asked, asking) = std::sync::mpsc::channel();
    let (_held, block) = std::sync::mpsc::channel::<()>();
    let (asked, block) = (Mutex::new(asked), Mutex::new(block));
    let ticks = bind(builder().authorizer(move |_: &Candidate<'_>| {
        let _ = asked.lock().expect("no panic").send(());
        let _ = block.lock().expect("no panic").recv();
        Ok(())
    }));
    let _a = connect(&ticks, Subscriber::builder("a").subscribe("T"));
    let asked = asking.recv_timeout(Duration::from_secs(20));
    assert_eq!(asked, Ok(()), "it is asked, and blocks");
    ticks.publish("T", "1").expect("accepted");
    assert_eq!(ticks.member_count(), 0);
    let deadline = after_ms(100);
    let report = ticks.close_by(deadline, Quorum::All);
    assert!(Instant::now() < deadline + Duration::from_millis(250));
    assert!(!report.is_drained(), "{report}");
}

#[test]
fn prefixes_that_a_member_adds_are_judged_with_its_credentials() {
    let (builder, events) = Events::of(builder().authorizer(|candidate: &Candidate<'_>| {
        let is_known = candidate.credentials() == b"secret";
        let mut prefixes = candidate.prefixes().iter();
        match is_known && prefixes.all(|prefix| prefix.starts_with(b"EUR")) {
            true => Ok(()),
            false => Err(Denied::new("EUR alone, for who knows the secret")),
        }
    }));
    let ticks = bind(builder);
    let builder = Subscriber::builder("risk-1").subscribe("EUR");
    let risk = joined(connect(&ticks, builder.credentials("secret")));
    assert!(matches!(events.next(), Event::Joined { .. }));
    for (prefix, is_granted) in [("USD", false), ("EURUSD", true), ("", false)] {
        risk.subscribe(prefix).expect("it can be one");
        let subscribed = risk.wait_until_subscribed(prefix, soon());
        assert_eq!(subscribed.is_ok(), is_granted, "{subscribed:?}");
        if !is_granted {
            let is_refused = matches!(subscribed, Err(SubscribeError::Refused { .. }));
            assert!(is_refused, "{subscribed:?}");
            assert_eq!(events.next(), refused("risk-1"));
        }
    }
    let counters = ticks.counters();
    assert_eq!((counters.granted, counters.denied), (1, 2));
    ticks.publish("USDJPY", "1").expect("accepted");
    assert_eq!(ticks.counters().unowed, 1, "it was not granted");
    ticks.publish("EURUSD", "2").expect("accepted");
    assert_eq!(take(&risk, 1), ["2"]);
    let _other = connect(&ticks, Subscriber::builder("other").subscribe("EUR"));
    assert_eq!(events.next(), refused("other"));
}

#[test]
fn without_zap_nobody_has_a_user_id_and_names_that_need_one_are_denied() {
    let (builder, events) = Events::of(builder().authorizer(UserIdIsName));
    let ticks = bind(builder);
    let _risk = connect(&ticks, Subscriber::builder("risk-1").subscribe("T"));
    assert_eq!(events.next(), refused("risk-1"));
    assert_eq!(ticks.member_count(), 0);
}
