//! Closing: by the deadline, once, whatever the members do.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger_ack::linger_registry::Registry;
use linger_ack::{
    EndReason, Level, LinkEnd, MemberOutcome, Outcome, PublishError, Publisher, Quorum, Subscriber,
    WaitError,
};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// By how much a wait may pass its deadline: the bound of every process test.
const GRACE: Duration = Duration::from_millis(250);

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn publisher() -> Publisher {
    Publisher::builder("ticks")
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound")
}

fn member(publisher: &Publisher, name: &str) -> Subscriber {
    let subscriber = Subscriber::builder(name).subscribe("T");
    let subscriber = subscriber.connect(publisher.data_endpoint(), publisher.control_endpoint());
    let subscriber = subscriber.expect("connected");
    assert!(subscriber.wait_until_member(soon()));
    subscriber
}

#[test]
fn without_members_it_closes_at_once_and_says_so() {
    let ticks = publisher();
    ticks.publish("T", "1").expect("accepted");
    let begun = Instant::now();
    let report = ticks.close_by(soon(), Quorum::All);
    assert_eq!(report.outcome, Outcome::NoMembers);
    assert_eq!(report.counters.unowed, 1);
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "at once, not at the deadline"
    );
}

#[test]
fn a_member_that_never_acknowledges_is_named_by_the_deadline() {
    let ticks = publisher();
    let stuck = member(&ticks, "stuck");
    ticks.publish("T", "1").expect("accepted");
    let held = stuck.next_by(soon()).expect("not gone").expect("in time");
    let deadline = Instant::now() + Duration::from_millis(300);
    let report = ticks.close_by(deadline, Quorum::All);
    assert!(Instant::now() < deadline + GRACE);
    assert_eq!(report.outcome, Outcome::Behind);
    let member = report.member("stuck").expect("named");
    assert_eq!(
        (member.outcome, member.unacked()),
        (MemberOutcome::Behind, 1)
    );
    drop(held);
}

#[test]
fn a_deadline_that_is_past_gives_the_truth_at_once() {
    let ticks = publisher();
    let _stuck = member(&ticks, "stuck");
    ticks.publish("T", "1").expect("accepted");
    let begun = Instant::now();
    let report = ticks.close_by(begun, Quorum::All);
    assert!(begun.elapsed() < GRACE);
    assert_eq!(report.outcome, Outcome::Behind);
}

#[test]
fn members_that_have_acknowledged_everything_are_told_the_end_without_a_marker() {
    let ticks = Publisher::builder("ticks")
        .configure(|config| config.sync_after = Duration::from_secs(10))
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let subscriber = member(&ticks, "one");
    ticks.publish("T", "1").expect("accepted");
    subscriber
        .next_by(soon())
        .expect("not gone")
        .expect("in time")
        .ack();
    let late = soon();
    while ticks.outstanding().messages > 0 {
        assert!(Instant::now() < late);
        thread::yield_now();
    }
    let report = ticks.close_by(soon(), Quorum::All);
    assert_eq!(report.outcome, Outcome::Drained);
    assert_eq!(report.counters.markers, 0);
    assert!(subscriber.deliveries().next().is_none(), "the stream ends");
    let left = subscriber.close_by(soon());
    assert_eq!(left.links[0].end, LinkEnd::Ended(EndReason::Confirmed));
}

#[test]
fn closed_twice_or_from_two_threads_it_is_the_same_report() {
    let ticks = publisher();
    let _stuck = member(&ticks, "stuck");
    ticks.publish("T", "1").expect("accepted");
    let deadline = Instant::now() + Duration::from_millis(200);
    let closers = [(); 4].map(|()| {
        let ticks = ticks.clone();
        thread::spawn(move || ticks.close_by(deadline, Quorum::All))
    });
    let reports = closers.map(|closer| closer.join().expect("no panic"));
    let again = ticks.close_by(soon(), Quorum::AtLeast(1));
    assert!(reports.iter().all(|report| Arc::ptr_eq(report, &again)));
    assert!(
        ticks
            .report()
            .is_some_and(|report| Arc::ptr_eq(&report, &again))
    );
}

#[test]
fn publishing_after_close_hands_the_message_back() {
    let ticks = publisher();
    let _ = ticks.close_by(soon(), Quorum::All);
    let error = ticks.publish("T", "late").expect_err("closed");
    assert!(matches!(error, PublishError::Closed(_)), "{error}");
    let message = error.into_message();
    assert_eq!(
        (&message.topic[..], &message.payload[..]),
        (&b"T"[..], &b"late"[..])
    );
    let error = ticks.wait_for_members(1, soon()).expect_err("closed");
    assert_eq!(
        error,
        WaitError::Closed {
            joined: 0,
            wanted: 1
        }
    );
}

#[test]
fn a_close_wakes_whoever_waits_for_room() {
    let ticks = Publisher::builder("ticks")
        .window(8, 1 << 20)
        .publish_limit(Duration::from_secs(60))
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let _stuck = member(&ticks, "stuck");
    for _ in 0..8 {
        ticks.publish("T", "x").expect("accepted");
    }
    assert!(matches!(
        ticks.try_publish("T", "x"),
        Err(PublishError::WindowFull(_))
    ));
    let waiter = {
        let ticks = ticks.clone();
        thread::spawn(move || ticks.publish("T", "waits"))
    };
    let report = ticks.close_by(Instant::now() + Duration::from_millis(200), Quorum::All);
    assert_eq!(report.counters.accepted, 8);
    let error = waiter.join().expect("no panic").expect_err("closed");
    assert!(matches!(error, PublishError::Closed(_)), "{error}");
}

#[test]
fn who_waits_for_room_gets_it_when_members_acknowledge() {
    let ticks = Publisher::builder("ticks")
        .window(8, 1 << 20)
        .publish_limit(Duration::from_secs(60))
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let slow = member(&ticks, "slow");
    let publishing = {
        let ticks = ticks.clone();
        thread::spawn(move || {
            (0..500u32).try_for_each(|n| ticks.publish("T", &n.to_be_bytes()).map(drop))
        })
    };
    for n in 0..500u32 {
        let delivery = slow.next_by(soon()).expect("not gone").expect("in time");
        assert_eq!(&delivery.payload()[..], n.to_be_bytes());
        delivery.ack();
    }
    publishing.join().expect("no panic").expect("all accepted");
    assert!(ticks.close_by(soon(), Quorum::All).is_drained());
}

#[test]
fn at_least_one_does_not_wait_for_the_stuck_one() {
    let ticks = publisher();
    let _stuck = member(&ticks, "stuck");
    let builder = Subscriber::builder("quick")
        .subscribe("T")
        .level(Level::Received);
    let quick = builder.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let quick = quick.expect("connected");
    ticks.wait_for_members(2, soon()).expect("both join");
    ticks.publish("T", "1").expect("accepted");
    let begun = Instant::now();
    let report = ticks.close_by(soon(), Quorum::AtLeast(1));
    assert_eq!(report.outcome, Outcome::Drained, "{report}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(
        report.member("stuck").expect("named").outcome,
        MemberOutcome::Behind
    );
    drop(quick);
}

#[test]
fn a_close_can_be_cut_short_and_tells_how_far_it_is() {
    let ticks = publisher();
    let stuck = member(&ticks, "stuck");
    ticks.publish("T", "1").expect("accepted");
    let held = stuck.next_by(soon()).expect("not gone");
    let mut told = Vec::new();
    let begun = Instant::now();
    let report = ticks.close_while(soon(), Quorum::All, |progress| {
        told.push(progress.to_string());
        match told.len() {
            3 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "not the deadline"
    );
    assert_eq!(report.outcome, Outcome::Behind);
    assert_eq!(
        told,
        ["0/1 acked, 1 outstanding, slowest: stuck (0 of 1)"; 3]
    );
    drop(held);
}

#[test]
fn dropping_never_blocks_and_closes_in_the_background() {
    let ticks = publisher();
    let subscriber = member(&ticks, "a");
    ticks.publish("T", "1").expect("accepted");
    let begun = Instant::now();
    drop(ticks);
    assert!(begun.elapsed() < GRACE);
    let deliveries: Vec<_> = subscriber
        .deliveries()
        .map(|next| next.map(|d| d.ack()))
        .collect();
    assert_eq!(deliveries, [Ok(())]);
    let begun = Instant::now();
    drop(subscriber);
    assert!(begun.elapsed() < GRACE);
}

#[test]
fn waiting_for_members_that_do_not_come_says_how_many_did() {
    let ticks = publisher();
    let _one = member(&ticks, "one");
    let deadline = Instant::now() + Duration::from_millis(50);
    let error = ticks
        .wait_for_members(2, deadline)
        .expect_err("one is not two");
    assert_eq!(
        error,
        WaitError::Deadline {
            joined: 1,
            wanted: 2
        }
    );
    assert!(Instant::now() < deadline + GRACE);
}

#[test]
fn stop_ends_deliveries_from_another_thread() {
    let ticks = publisher();
    let subscriber = Arc::new(member(&ticks, "a"));
    let consumer = {
        let subscriber = Arc::clone(&subscriber);
        thread::spawn(move || subscriber.deliveries().count())
    };
    subscriber.stop();
    assert_eq!(consumer.join().expect("no panic"), 0);
}

#[test]
fn stop_ends_deliveries_though_messages_keep_coming() {
    let ticks = publisher();
    let subscriber = Arc::new(member(&ticks, "a"));
    let consumer = {
        let subscriber = Arc::clone(&subscriber);
        thread::spawn(move || {
            let mut processed = 0;
            for delivery in subscriber.deliveries() {
                // Slower than they come: there is always a next one.
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_micros(50) {
                    std::hint::spin_loop();
                }
                delivery.expect("nothing is gone").ack();
                processed += 1;
            }
            processed
        })
    };
    let over = Arc::new(AtomicBool::new(false));
    let source = {
        let (ticks, over) = (ticks.clone(), Arc::clone(&over));
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                // Once it has stopped, the window fills.
                if ticks.try_publish("T", "x").is_err() {
                    thread::yield_now();
                }
            }
        })
    };
    while ticks.counters().accepted < 10_000 {
        thread::yield_now();
    }
    subscriber.stop();
    let ended = Instant::now() + Duration::from_secs(10);
    while !consumer.is_finished() && Instant::now() < ended {
        thread::yield_now();
    }
    assert!(consumer.is_finished(), "what keeps coming keeps it busy");
    over.store(true, Ordering::Relaxed);
    source.join().expect("no panic");
    assert!(consumer.join().expect("no panic") > 0);
    let report = subscriber.close_by(soon());
    assert_eq!(report.abandoned, 0);
    let report = ticks.close_by(soon(), Quorum::All);
    let entry = report.member("a").expect("named");
    assert_eq!(entry.outcome, MemberOutcome::Left);
}

#[test]
fn a_second_subscriber_of_the_name_ends_the_first_one() {
    let ticks = publisher();
    let older = member(&ticks, "name");
    let newer = member(&ticks, "name");
    let error = older
        .deliveries()
        .next()
        .expect("an item")
        .expect_err("superseded");
    let text = format!(
        "another subscriber took this one's name at {}",
        ticks.data_endpoint()
    );
    assert_eq!(error.to_string(), text);
    ticks.publish("T", "1").expect("accepted");
    newer
        .next_by(soon())
        .expect("not gone")
        .expect("in time")
        .ack();
    assert_eq!(ticks.member_count(), 1);
}

#[test]
fn a_registry_that_is_closed_first_ends_both_and_both_say_so() {
    let registry = Registry::new();
    let ticks = Publisher::builder("ticks").registry(&registry);
    let ticks = ticks
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let subscriber = Subscriber::builder("a").registry(&registry).subscribe("T");
    let subscriber = subscriber.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let subscriber = subscriber.expect("connected");
    ticks.wait_for_members(1, soon()).expect("it joins");
    ticks.publish("T", "1").expect("accepted");
    let held = subscriber.next_by(soon()).expect("not gone");
    let report = registry.close_by(Instant::now() + Duration::from_secs(1));
    assert!(!report.is_clean(), "{report}");
    let error = subscriber.deliveries().next().expect("an item");
    let error = error.expect_err("the sockets are gone");
    assert!(error.to_string().contains(ticks.data_endpoint()), "{error}");
    let deadline = Instant::now() + Duration::from_secs(5);
    let report = ticks.close_by(deadline, Quorum::All);
    assert!(Instant::now() < deadline, "there is nothing to wait for");
    assert_eq!(report.outcome, Outcome::Behind);
    let error = ticks.publish("T", "2").expect_err("closed");
    assert!(matches!(error, PublishError::Closed(_)), "{error}");
    drop(held);
}
