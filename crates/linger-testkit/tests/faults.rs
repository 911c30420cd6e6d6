//! Processes are killed, suspended and restarted.

mod common;

use common::{Folder, Publisher, Subscriber, must, soon};
use linger_testkit::child::{LineError, Signal};
use std::time::{Duration, Instant};

/// What it acknowledged it had processed, and the rest is named, range by range.
fn is_named_truly(stopped: &common::Stopped, dead: &Subscriber) {
    let name = dead.child.name();
    let (entry, unacked) = (stopped.member(name), stopped.unacked(name));
    assert_eq!(entry["owed"], stopped.accepted(), "{stopped}");
    let acked = stopped.accepted() - unacked;
    let processed = dead.processed().len() as u64;
    assert!(
        acked <= processed,
        "acked {acked} of {processed}: {stopped}"
    );
    let ranges = entry["behind"].as_array().into_iter().flatten();
    let named: u64 = ranges
        .filter_map(|range| Some(range["last"].as_u64()? - range["first"].as_u64()? + 1))
        .sum();
    assert!(named > 0, "it died in mid-stream: {stopped}");
    assert_eq!(named, unacked, "{stopped}");
    let line = format!("{name}: behind");
    assert!(stopped.text().contains(&line), "no {line:?} in {stopped}");
}

/// Two subscribers, one of which is killed in mid-stream.
fn kill_one(publisher: &Publisher, folder: &Folder) -> (Subscriber, Subscriber) {
    let lives = Subscriber::of(folder, "lives", publisher, &[]);
    let dies = Subscriber::of(folder, "dies", publisher, &[]);
    publisher.order("wait 2");
    publisher.say("stream 5000");
    dies.wait_until_processed(3_000);
    must(dies.child.signal(Signal::Kill));
    must(dies.child.wait_for_exit(soon()));
    lives.wait_until_processed(8_000);
    (lives, dies)
}

#[test]
fn a_killed_subscriber_is_named_with_what_it_had_and_had_not() {
    let folder = Folder::new();
    let budget = Duration::from_secs(3);
    let publisher = Publisher::start_with_budget(budget, &["expiry_ms=60000"]);
    let (lives, dies) = kill_one(&publisher, &folder);
    let stopped = publisher.stop().behind();
    is_named_truly(&stopped, &dies);
    assert_eq!(stopped.unacked("lives"), 0, "{stopped}");
    lives.has_exactly(stopped.accepted());
}

#[test]
fn where_one_ack_is_enough_a_killed_subscriber_holds_up_nobody() {
    let folder = Folder::new();
    let budget = Duration::from_secs(20);
    let settings = ["expiry_ms=60000", "at_least=1"];
    let publisher = Publisher::start_with_budget(budget, &settings);
    let (lives, dies) = kill_one(&publisher, &folder);
    let stopped = publisher.stop().drained();
    assert!(stopped.took < budget / 2, "it did not wait: {stopped}");
    is_named_truly(&stopped, &dies);
    lives.done();
    lives.has_exactly(stopped.accepted());
}

#[test]
fn a_suspended_subscriber_does_not_hold_the_stop_past_its_deadline() {
    let folder = Folder::new();
    let budget = Duration::from_secs(2);
    let publisher = Publisher::start_with_budget(budget, &["expiry_ms=60000"]);
    let sleeps = Subscriber::of(&folder, "sleeps", &publisher, &[]);
    publisher.order("wait 1");
    publisher.order("publish 1000");
    sleeps.wait_until_processed(1_000);
    must(sleeps.child.signal(Signal::Stop));
    publisher.order("publish 1000");
    let stopped = publisher.stop().behind();
    assert!(
        stopped.took > budget / 4,
        "it was given a chance: {stopped}"
    );
    let unacked = stopped.unacked("sleeps");
    assert!((1_000..=2_000).contains(&unacked), "{stopped}");
    must(sleeps.child.signal(Signal::Continue));
    let done = sleeps
        .child
        .wait_for_line(soon(), |line| line.contains(r#""done""#));
    must(done); // by itself: the publisher is gone
}

#[test]
fn a_subscriber_that_is_suspended_for_less_than_the_expiry_goes_on() {
    let folder = Folder::new();
    let publisher = Publisher::start(&["expiry_ms=10000"]);
    let naps = Subscriber::of(&folder, "naps", &publisher, &[]);
    let awake = Subscriber::of(&folder, "awake", &publisher, &[]);
    publisher.order("wait 2");
    publisher.say("stream 4000");
    naps.wait_until_processed(1_000);
    must(naps.child.signal(Signal::Stop));
    let had = naps.processed().len();
    // More than two seconds, at this pace: it misses a beat.
    let published = publisher.wait_until_published(1);
    awake.wait_until_processed(published + 10_000);
    assert_eq!(naps.processed().len(), had, "it stood still");
    must(naps.child.signal(Signal::Continue));
    naps.wait_until_processed(published + 10_000);
    let stopped = publisher.stop().drained();
    assert_eq!(stopped.members(), 2, "nobody had to join anew: {stopped}");
    for subscriber in [naps, awake] {
        subscriber.done();
        subscriber.has_exactly(stopped.accepted());
    }
}

#[test]
fn a_suspended_publisher_expires_nobody_who_beat_in_time() {
    let folder = Folder::new();
    let publisher = Publisher::start(&["expiry_ms=1000"]);
    let beats = Subscriber::of(&folder, "beats", &publisher, &[]);
    publisher.order("wait 1");
    publisher.order("publish 100");
    must(publisher.child.signal(Signal::Stop));
    publisher.say("members");
    // Three times the expiry: the beats wait in the kernel meanwhile.
    let woken = Instant::now() + Duration::from_secs(3);
    let answer = publisher.child.wait_for_line(woken, |_| true);
    assert!(
        matches!(answer, Err(LineError::Deadline { .. })),
        "it stands still: {answer:?}"
    );
    let ended = beats.child.exited();
    assert!(ended.is_none(), "the subscriber goes on: {ended:?}");
    must(publisher.child.signal(Signal::Continue));
    let members = publisher.order("publish 100");
    assert_eq!(members["members"], 1, "{members}");
    let stopped = publisher.stop().drained();
    assert_eq!(stopped.members(), 1, "{stopped}");
    beats.done();
    beats.has_exactly(200);
}

#[test]
fn a_killed_publisher_that_comes_back_idle_gets_its_members_back() {
    let folder = Folder::new();
    let first = Publisher::start(&["expiry_ms=1000"]);
    let (data, control) = (first.data.clone(), first.control.clone());
    let subscriber = Subscriber::of(&folder, "faithful", &first, &[]);
    first.order("wait 1");
    first.order("publish 1000");
    subscriber.wait_until_processed(1_000);
    must(first.child.signal(Signal::Kill));
    must(first.child.wait_for_exit(soon()));

    let (data, control) = (format!("data={data}"), format!("control={control}"));
    let second = Publisher::start(&["expiry_ms=1000", &data, &control]);
    second.order("wait 1"); // it publishes nothing: a beat brings them together
    second.order("publish 10");
    second.stop().drained();
    assert_eq!(subscriber.done(), 1_010);
    let mut wanted: Vec<u64> = (0..1_000).chain(0..10).collect();
    wanted.sort_unstable();
    assert_eq!(subscriber.processed(), wanted);
}

#[test]
fn a_subscriber_may_be_there_before_its_publisher() {
    let folder = Folder::new();
    let data = format!("ipc://{}", folder.path("data").display());
    let control = format!("ipc://{}", folder.path("control").display());
    let early = Subscriber::start(&folder, "early", &[(&data, &control)], &[]);
    let publisher = Publisher::start(&[&format!("data={data}"), &format!("control={control}")]);
    publisher.order("wait 1");
    publisher.order("publish 100");
    publisher.stop().drained();
    early.done();
    early.has_exactly(100);
}

#[test]
fn two_publishers_to_one_subscriber_end_each_by_itself() {
    let folder = Folder::new();
    let first = Publisher::start(&[]);
    let second = Publisher::start(&[]);
    let publishers = [
        (&*first.data, &*first.control),
        (&*second.data, &*second.control),
    ];
    let both = Subscriber::start(&folder, "both", &publishers, &[]);
    first.order("wait 1");
    second.order("wait 1");
    first.order("publish 1000");
    second.order("publish 1000");
    first.stop().drained();
    second.order("publish 1000");
    second.stop().drained();
    assert_eq!(both.done(), 3_000);
    let mut wanted: Vec<u64> = (0..1_000).chain(0..2_000).collect();
    wanted.sort_unstable();
    assert_eq!(both.processed(), wanted);
}
