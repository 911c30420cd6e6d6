//! A publisher is stopped while everything is well, or as well as it can be.

mod common;

use common::{Folder, Publisher, Subscriber, member, soon};
use linger_testkit::child::Signal;
use std::time::{Duration, Instant};

#[test]
fn a_stop_in_mid_stream_loses_nothing() {
    let folder = Folder::new();
    let publisher = Publisher::start(&[]);
    let subscribers = ["one", "two", "three"];
    let subscribers = subscribers.map(|name| Subscriber::of(&folder, name, &publisher, &[]));
    publisher.order("wait 3");
    publisher.say("stream 20000");
    publisher.wait_until_published(10_000);
    let (stopped, exit, _) = publisher.stop();
    assert_eq!(stopped["drained"], true, "{stopped}");
    assert!(exit.status.success(), "{exit:?}");
    let accepted = stopped["accepted"].as_u64().unwrap();
    assert!(accepted >= 10_000);
    for subscriber in subscribers {
        assert_eq!(subscriber.done()["clean"], true);
        subscriber.has_exactly(accepted);
        let name = subscriber.child.name();
        assert_eq!(member(&stopped, name)["unacked"], 0);
        assert_eq!(member(&stopped, name)["owed"], accepted);
    }
}

#[test]
fn a_slow_subscriber_is_waited_for() {
    let folder = Folder::new();
    let publisher = Publisher::start(&[]);
    let fast = Subscriber::of(&folder, "fast", &publisher, &[]);
    let slow = Subscriber::of(&folder, "slow", &publisher, &["work_us=200"]);
    publisher.order("wait 2");
    publisher.order("publish 10000");
    fast.wait_until_processed(10_000);
    let (stopped, exit, took) = publisher.stop();
    assert_eq!(stopped["drained"], true, "{stopped}");
    assert!(exit.status.success(), "{stopped:#}");
    assert!(
        took > Duration::from_millis(500),
        "2 s of work can't be over after {took:?}"
    );
    assert_eq!(slow.done()["clean"], true);
    slow.has_exactly(10_000);
    fast.has_exactly(10_000);
}

#[test]
fn without_subscribers_it_stops_at_once_and_says_so() {
    let publisher = Publisher::start(&[]);
    publisher.order("publish 100");
    let (stopped, exit, took) = publisher.stop();
    assert_eq!(stopped["outcome"], "no members");
    assert_eq!(stopped["drained"], false);
    assert!(exit.status.success(), "nobody was owed anything");
    assert!(took < Duration::from_secs(2), "at once, not after {took:?}");
}

#[test]
fn a_second_signal_forces_and_the_report_is_none_the_less_true() {
    let folder = Folder::new();
    let publisher = Publisher::start_with_budget(Duration::from_secs(20), &[]);
    let stuck = Subscriber::of(&folder, "stuck", &publisher, &["work_us=1000000"]);
    publisher.order("wait 1");
    publisher.order("publish 1000");
    stuck.wait_until_processed(1);
    let begun = Instant::now();
    publisher.child.signal(Signal::Terminate).unwrap();
    publisher.wait_until_triggered();
    publisher.child.signal(Signal::Terminate).unwrap();
    let (stopped, exit, took) = publisher.ends(begun);
    assert!(took < Duration::from_secs(10), "forced, not after {took:?}");
    assert!(!exit.status.success());
    assert_eq!(stopped["outcome"], "behind");
    assert!(member(&stopped, "stuck")["unacked"].as_u64().unwrap() > 900);
}

#[test]
fn a_stop_is_over_by_its_deadline_with_both_workers_blocked() {
    let budget = Duration::from_secs(2);
    let publisher = Publisher::start_with_budget(budget, &["block_workers=2"]);
    publisher.order("publish 10");
    let begun = Instant::now();
    publisher.child.signal(Signal::Terminate).unwrap();
    let exit = publisher.child.wait_for_exit(soon()).unwrap();
    let took = exit.at.saturating_duration_since(begun);
    assert!(took <= budget + common::GRACE, "{took:?}");
    assert!(!exit.status.success());
    // Either the report names them, or the watchdog does.
    let said = publisher.child.last_lines();
    for worker in ["blocker-0", "blocker-1"] {
        assert!(said.contains(worker), "{worker} is not named in: {said}");
    }
    assert!(
        said.contains("publisher.rs"),
        "the line that made it is not named in: {said}"
    );
}
