//! Events, told on the publisher's own thread.

use crate::common::{Events, after_ms, bind, connect, eventually, member, soon, take};
use linger_ack::proto::wire::Refusal;
use linger_ack::{Event, MemberOutcome, Publisher, Quorum, Subscriber};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[test]
fn who_joins_and_who_leaves_is_told_in_that_order() {
    let (builder, events) = Events::of(Publisher::builder("ticks"));
    let ticks = bind(builder);
    let stays = member(&ticks, "stays");
    let joined = |name: &str| Event::Joined {
        name: name.to_owned(),
        returned: false,
    };
    assert_eq!(events.next(), joined("stays"));
    ticks.publish("T", "1").expect("accepted");
    assert_eq!(take(&stays, 1), ["1"]);
    ticks.flush_by(soon(), Quorum::All).expect("acknowledged");
    assert!(stays.close_by(soon()).is_clean());
    let departed = Event::Departed {
        name: "stays".to_owned(),
        outcome: MemberOutcome::Left,
        unacked: 0,
    };
    assert_eq!(events.next(), departed);
}

#[test]
fn who_is_refused_is_told() {
    let builder = Publisher::builder("ticks").configure(|config| config.max_members = 1);
    let (builder, events) = Events::of(builder);
    let ticks = bind(builder);
    let _one = member(&ticks, "one");
    assert!(matches!(events.next(), Event::Joined { .. }));
    let _two = connect(&ticks, Subscriber::builder("two").subscribe("T"));
    let refused = Event::Refused {
        name: "two".to_owned(),
        why: Refusal::TooManyMembers,
    };
    assert_eq!(events.next(), refused);
    assert_eq!(ticks.member_count(), 1);
}

#[test]
fn a_handler_that_panics_is_called_again_and_the_publisher_goes_on() {
    let told = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&told);
    let ticks = bind(Publisher::builder("ticks").on_event(move |event| {
        if !matches!(event, Event::Room) {
            counted.fetch_add(1, Ordering::Relaxed);
            panic!("the handler is broken");
        }
    }));
    let first = member(&ticks, "first");
    let second = member(&ticks, "second");
    ticks.publish("T", "1").expect("accepted");
    assert_eq!(take(&first, 1), ["1"]);
    assert_eq!(take(&second, 1), ["1"]);
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert!(told.load(Ordering::Relaxed) >= 2, "each event is told");
}

#[test]
fn a_handler_that_blocks_holds_up_neither_publish_nor_close() {
    let (told, telling) = std::sync::mpsc::channel();
    let (_held, block) = std::sync::mpsc::channel::<()>();
    let ticks = bind(Publisher::builder("ticks").on_event(move |event| {
        let _ = told.send(event);
        let _ = block.recv();
    }));
    let _a = connect(&ticks, Subscriber::builder("a").subscribe("T"));
    let told = telling.recv_timeout(Duration::from_secs(20));
    assert!(matches!(told, Ok(Event::Joined { .. })), "it blocks");
    ticks.publish("T", "1").expect("accepted");
    let deadline = after_ms(100);
    let report = ticks.close_by(deadline, Quorum::All);
    assert!(Instant::now() < deadline + Duration::from_millis(250));
    assert_eq!(report.counters.accepted, 1);
}

#[test]
fn a_handler_may_use_the_publisher() {
    let (told, counts) = std::sync::mpsc::channel();
    let slot = Arc::new(std::sync::OnceLock::<Publisher>::new());
    let seen = Arc::clone(&slot);
    let ticks = bind(Publisher::builder("ticks").on_event(move |event| {
        if let (Event::Joined { .. }, Some(ticks)) = (event, seen.get()) {
            let sequence = ticks.publish("T", "welcome").expect("accepted");
            let _ = told.send((ticks.member_count(), sequence));
        }
    }));
    assert!(slot.set(ticks.clone()).is_ok());
    let subscriber = member(&ticks, "a");
    let counted = counts.recv_timeout(Duration::from_secs(20));
    assert_eq!(counted, Ok((1, 1)), "no lock is held");
    assert_eq!(take(&subscriber, 1), ["welcome"]);
    eventually("it is acknowledged", || ticks.outstanding().messages == 0);
    assert!(ticks.close_by(soon(), Quorum::All).is_drained());
}
