//! Connections are cut; processes are killed, suspended and restarted.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

mod common;

use common::{Folder, GRACE, Publisher, Subscriber, member, relay, soon};
use linger_testkit::child::Signal;
use std::time::{Duration, Instant};

/// Which of a subscriber's connections go through a relay that is cut.
fn cut(data: bool, control: bool) {
    let folder = Folder::new();
    let publisher = Publisher::start(&[]);
    let (data_relay, data_endpoint) = relay(&publisher.data);
    let (control_relay, control_endpoint) = relay(&publisher.control);
    let through = [(data_endpoint.as_str(), control_endpoint.as_str())];
    let relayed = Subscriber::start(&folder, "relayed", &through, &[]);
    let direct = Subscriber::of(&folder, "direct", &publisher, &[]);
    publisher.order("wait 2");
    publisher.say("stream 20000");
    for round in 1..=3 {
        publisher.wait_until_published(round * 3_000);
        let mut connections = 0;
        if data {
            connections += data_relay.cut().cut;
        }
        if control {
            connections += control_relay.cut().cut;
        }
        assert!(connections > 0, "there was something to cut");
        relayed.wait_until_processed(round * 3_000);
    }
    let (stopped, exit, _) = publisher.stop();
    assert_eq!(stopped["drained"], true, "{stopped}");
    assert!(exit.status.success(), "{stopped:#}");
    let accepted = stopped["accepted"].as_u64().unwrap();
    relayed.done();
    direct.done();
    relayed.has_exactly(accepted);
    direct.has_exactly(accepted);
}

#[test]
fn cutting_data_loses_nothing() {
    cut(true, false);
}

#[test]
fn cutting_control_loses_nothing() {
    cut(false, true);
}

#[test]
fn cutting_both_loses_nothing() {
    cut(true, true);
}

#[test]
fn a_killed_subscriber_is_named_with_what_it_had_and_had_not() {
    let folder = Folder::new();
    let budget = Duration::from_secs(3);
    let publisher = Publisher::start_with_budget(budget, &["expiry_ms=60000"]);
    let lives = Subscriber::of(&folder, "lives", &publisher, &[]);
    let dies = Subscriber::of(&folder, "dies", &publisher, &[]);
    publisher.order("wait 2");
    publisher.say("stream 5000");
    dies.wait_until_processed(3_000);
    dies.child.signal(Signal::Kill).unwrap();
    dies.child.wait_for_exit(soon()).unwrap();
    lives.wait_until_processed(8_000);
    let (stopped, exit, _) = publisher.stop();
    assert_eq!(stopped["outcome"], "behind");
    assert!(!exit.status.success());
    let accepted = stopped["accepted"].as_u64().unwrap();
    let entry = member(&stopped, "dies");
    let unacked = entry["unacked"].as_u64().unwrap();
    assert_eq!(entry["owed"], accepted);
    let acked = accepted - unacked;
    assert!(
        acked <= dies.processed().len() as u64,
        "acknowledged before it was processed"
    );
    assert!(unacked > 0);
    assert_eq!(member(&stopped, "lives")["unacked"], 0);
    lives.has_exactly(accepted);
    assert!(
        stopped["text"].as_str().unwrap().contains("dies: behind"),
        "{stopped}"
    );
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
    sleeps.child.signal(Signal::Stop).unwrap();
    publisher.order("publish 1000");
    let (stopped, exit, took) = publisher.stop();
    assert!(took > budget / 4, "it was given a chance");
    assert_eq!(stopped["outcome"], "behind");
    assert!(!exit.status.success());
    let unacked = member(&stopped, "sleeps")["unacked"].as_u64().unwrap();
    assert!((1..=2_000).contains(&unacked), "{unacked}");
    sleeps.child.signal(Signal::Continue).unwrap();
    let done = sleeps
        .child
        .wait_for_line(soon(), |line| line.contains(r#""done""#));
    assert!(
        done.is_ok(),
        "it ends by itself once the publisher is gone: {done:?}"
    );
}

#[test]
fn a_suspended_publisher_expires_nobody_who_beat_in_time() {
    let folder = Folder::new();
    let publisher = Publisher::start(&["expiry_ms=1000"]);
    let beats = Subscriber::of(&folder, "beats", &publisher, &[]);
    publisher.order("wait 1");
    publisher.order("publish 100");
    publisher.child.signal(Signal::Stop).unwrap();
    // Three times the expiry: the beats wait in the kernel meanwhile.
    let woken = Instant::now() + Duration::from_secs(3);
    let nothing = beats
        .child
        .wait_for_line(woken, |line| line.contains(r#""done""#));
    assert!(nothing.is_err(), "the subscriber goes on");
    publisher.child.signal(Signal::Continue).unwrap();
    let members = publisher.order("publish 100");
    assert_eq!(members["members"], 1, "{members}");
    let (stopped, exit, _) = publisher.stop();
    assert_eq!(stopped["drained"], true, "{stopped}");
    assert!(exit.status.success(), "{stopped:#}");
    assert_eq!(stopped["members"].as_array().unwrap().len(), 1);
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
    first.child.signal(Signal::Kill).unwrap();
    first.child.wait_for_exit(soon()).unwrap();

    let (data, control) = (format!("data={data}"), format!("control={control}"));
    let second = Publisher::start(&["expiry_ms=1000", &data, &control]);
    second.order("wait 1"); // it publishes nothing: a beat brings them together
    second.order("publish 10");
    let (stopped, exit, _) = second.stop();
    assert_eq!(stopped["drained"], true, "{stopped}");
    assert!(exit.status.success(), "{stopped:#}");
    assert_eq!(subscriber.done()["clean"], true);
    assert_eq!(subscriber.processed().len(), 1_010);
}

#[test]
fn a_subscriber_may_be_there_long_before_its_publisher() {
    let folder = Folder::new();
    let [data, control] = linger_testkit::port::free_ports().unwrap();
    let data = format!("tcp://127.0.0.1:{data}");
    let control = format!("tcp://127.0.0.1:{control}");
    let early = Subscriber::start(&folder, "early", &[(&data, &control)], &[]);
    let publisher = Publisher::start(&[&format!("data={data}"), &format!("control={control}")]);
    publisher.order("wait 1");
    publisher.order("publish 100");
    let (stopped, _, _) = publisher.stop();
    assert_eq!(stopped["drained"], true, "{stopped}");
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
    let (stopped, _, _) = first.stop();
    assert_eq!(stopped["drained"], true, "{stopped}");
    second.order("publish 1000");
    let (stopped, _, _) = second.stop();
    assert_eq!(stopped["drained"], true, "{stopped}");
    let done = both.done();
    assert_eq!(
        (&done["clean"], &done["count"]),
        (&true.into(), &3_000.into()),
        "{done}"
    );
}

#[test]
fn a_taken_port_ends_the_start_with_the_endpoint_named() {
    let first = Publisher::start(&[]);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_node"));
    command.arg("publisher").arg(format!("data={}", first.data));
    let begun = Instant::now();
    let output = command.output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5) + GRACE);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(&first.data), "{said}");
}
