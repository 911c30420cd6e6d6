//! A publisher is stopped while everything is well, or as well as it can be.

mod common;

use common::{Folder, GRACE, Publisher, Subscriber, must, said, soon};
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
    let published = publisher.wait_until_published(10_000);
    let stopped = publisher.stop().drained();
    let accepted = stopped.accepted();
    assert!(accepted >= published, "{stopped}");
    assert_eq!(stopped.members(), 3, "{stopped}");
    for subscriber in subscribers {
        assert_eq!(subscriber.done(), accepted);
        subscriber.has_exactly(accepted);
        let member = stopped.member(subscriber.child.name());
        assert_eq!(member["unacked"], 0, "{stopped}");
        assert_eq!(member["owed"], accepted, "{stopped}");
    }
}

#[test]
fn a_slow_subscriber_is_waited_for() {
    let folder = Folder::new();
    let publisher = Publisher::start_with_budget(Duration::from_secs(30), &[]);
    let fast = Subscriber::of(&folder, "fast", &publisher, &[]);
    let slow = Subscriber::of(&folder, "slow", &publisher, &["work_us=300"]);
    publisher.order("wait 2");
    publisher.order("publish 10000");
    fast.wait_until_processed(10_000);
    let had = slow.processed().len();
    assert!(had < 10_000, "it was too fast to be waited for");
    let stopped = publisher.stop().drained();
    assert_eq!(stopped.accepted(), 10_000);
    slow.done();
    slow.has_exactly(10_000);
    fast.has_exactly(10_000);
}

#[test]
fn without_subscribers_it_stops_at_once_and_says_so() {
    let publisher = Publisher::start(&[]);
    publisher.order("publish 100");
    let stopped = publisher.stop();
    assert_eq!(stopped.report["outcome"], "no members", "{stopped}");
    assert_eq!(stopped.report["drained"], false, "{stopped}");
    assert_eq!(
        stopped.exit.status.code(),
        Some(0),
        "owed nothing: {stopped}"
    );
    assert!(
        stopped.took < publisher.budget / 4,
        "at once, not by the deadline: {stopped}"
    );
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
    must(publisher.child.signal(Signal::Terminate));
    publisher.wait_until_triggered();
    must(publisher.child.signal(Signal::Terminate));
    let stopped = publisher.ends(begun).behind();
    assert!(
        stopped.took < publisher.budget / 2,
        "forced, not by the deadline: {stopped}"
    );
    // One message a second: it can't have had many.
    let (unacked, had) = (stopped.unacked("stuck"), stuck.processed().len() as u64);
    assert!(unacked > 900, "{stopped}");
    assert!(1_000 - unacked <= had, "acked what it had not: {stopped}");
}

#[test]
fn a_stop_is_over_by_its_deadline_with_both_workers_blocked() {
    let budget = Duration::from_secs(2);
    let publisher = Publisher::start_with_budget(budget, &["block_workers=2"]);
    let begun = Instant::now();
    must(publisher.child.signal(Signal::Terminate));
    let exit = must(publisher.child.wait_for_exit(soon()));
    let took = exit.at.saturating_duration_since(begun);
    let said = said(&publisher.child);
    assert!(took <= budget + GRACE, "{took:?}: {said}");
    // The watchdog's: a runtime that waits for its workers never ends.
    assert_eq!(exit.status.code(), Some(70), "{said}");
    for worker in ["blocker-0", "blocker-1"] {
        let named = |line: &str| line.contains(worker) && line.contains("node/publisher.rs:");
        assert!(said.lines().any(named), "{worker} is not named in: {said}");
    }
}
