//! The subscriber that was written in Python from `SPEC.md` alone, at a real publisher.
//!
//! Python and pyzmq are no part of a Rust toolchain: without them these tests are ignored, which
//! counts as skipped. `cargo xtask test --setup` installs them, and then runs these tests too.

mod common;

use common::python::{PythonSubscriber, in_order, module};
use common::stranger::{Stranger, noise};
use common::{Folder, Publisher, Stopped, Subscriber, must, relay, soon};
use linger_testkit::child::{Child, Signal};
use std::time::Instant;

/// Runs a file of its own tests.
#[track_caller]
fn succeeds(tests: &str) {
    let mut command = module("unittest");
    command.arg(format!("tests.{tests}"));
    let child = must(Child::spawn(tests, &mut command));
    let exit = must(child.wait_for_exit(soon()));
    let said = common::said(&child);
    assert!(exit.status.success(), "{said}");
    assert!(said.contains("\nOK"), "no test ran: {said}");
}

/// Everything was acknowledged, printed once and in order, without another session.
#[track_caller]
fn lost_nothing(publisher: &Publisher, python: &mut PythonSubscriber) -> Stopped {
    let stopped = publisher.stop().drained();
    python.ends("confirmed");
    python.has_exactly(stopped.accepted());
    assert_eq!(stopped.unacked(python.child.name()), 0, "{stopped}");
    stopped
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn its_codec_holds_to_the_golden_vectors() {
    succeeds("test_vectors");
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn its_types_hold() {
    let mut command = module("mypy");
    command.args(["--cache-dir", concat!(env!("CARGO_TARGET_TMPDIR"), "/mypy")]);
    let child = must(Child::spawn("mypy", &mut command));
    let exit = must(child.wait_for_exit(soon()));
    let said = common::said(&child);
    assert!(exit.status.success(), "{said}");
    assert!(said.contains("no issues found"), "{said}");
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn it_answers_a_publisher_played_frame_by_frame() {
    succeeds("test_play");
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn its_connections_are_as_secure_as_it_is_told() {
    succeeds("test_security");
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn its_machine_keeps_the_rules() {
    for tests in [
        "test_join",
        "test_prefixes",
        "test_acks",
        "test_repair",
        "test_settings",
    ] {
        succeeds(tests);
    }
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn a_stop_in_mid_stream_loses_nothing_beside_a_subscriber_in_rust() {
    let folder = Folder::new();
    let publisher = Publisher::start(&[]);
    let mut python = PythonSubscriber::of("python", &publisher);
    let rust = Subscriber::of(&folder, "rust", &publisher, &[]);
    publisher.order("wait 2");
    publisher.say("stream 4000");
    python.wait_until_printed(4_000);
    let stopped = lost_nothing(&publisher, &mut python);
    assert_eq!(stopped.members(), 2, "{stopped}");
    assert_eq!(stopped.number("broken"), 0, "{stopped}");
    rust.done();
    rust.has_exactly(stopped.accepted());
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn at_the_level_received_it_gets_everything_too() {
    let publisher = Publisher::start(&[]);
    let (data, control) = (&publisher.data, &publisher.control);
    let mut python = PythonSubscriber::start("python", data, control, &["--level", "received"]);
    publisher.order("wait 1");
    publisher.order("publish 5000");
    lost_nothing(&publisher, &mut python);
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn a_prefix_gets_its_topics_and_no_others() {
    let publisher = Publisher::start(&[]);
    let (data, control) = (&publisher.data, &publisher.control);
    let mut python = PythonSubscriber::start("python", data, control, &["--prefix", "be"]);
    publisher.order("wait 1");
    publisher.order("publish 400");
    let stopped = publisher.stop().drained();
    python.ends("confirmed");
    let messages = python.messages();
    in_order(&messages);
    assert!(messages.iter().all(|message| message.topic == "beta"));
    assert_eq!(messages.len(), 100, "{stopped}");
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn a_small_window_is_kept_moving() {
    let publisher = Publisher::start(&["window=16"]);
    let mut python = PythonSubscriber::of("python", &publisher);
    publisher.order("wait 1");
    publisher.order("publish 2000");
    lost_nothing(&publisher, &mut python);
}

/// Cuts connections three times in mid-stream; nothing is lost, and nothing comes twice.
fn cut(data: bool, control: bool) {
    let publisher = Publisher::start(&[]);
    let (data_relay, data_endpoint) = relay(&publisher.data);
    let (control_relay, control_endpoint) = relay(&publisher.control);
    let mut python = PythonSubscriber::start("python", &data_endpoint, &control_endpoint, &[]);
    publisher.order("wait 1");
    publisher.say("stream 4000");
    for round in 1..=3 {
        let had = python.messages().len() as u64;
        python.wait_until_printed(had + 2_000);
        for (wanted, relay) in [(data, &data_relay), (control, &control_relay)] {
            if wanted {
                must(
                    relay
                        .wait_until(soon(), |now| now.live > 0)
                        .map_err(|_| "not connected"),
                );
                assert_eq!(relay.cut().cut, round, "it had one connection");
            }
        }
    }
    let had = python.messages().len() as u64;
    python.wait_until_printed(had + 4_000);
    let stopped = lost_nothing(&publisher, &mut python);
    assert_eq!(
        stopped.members(),
        1,
        "it did not have to join anew: {stopped}"
    );
    assert!(
        !data || stopped.number("repaired") > 0,
        "nothing was cut off"
    );
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn cutting_its_data_connection_loses_nothing() {
    cut(true, false);
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn cutting_its_control_connection_loses_nothing() {
    cut(false, true);
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn cutting_both_loses_nothing() {
    cut(true, true);
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn sigterm_in_mid_stream_leaves_with_what_it_printed() {
    let publisher = Publisher::start(&["expiry_ms=60000"]);
    let mut python = PythonSubscriber::of("python", &publisher);
    publisher.order("wait 1");
    publisher.say("stream 4000");
    python.wait_until_printed(2_000);
    python.terminate();
    let messages = python.messages();
    in_order(&messages);
    let stopped = publisher.stop();
    let member = stopped.member("python");
    let left = member["outcome"].as_str().unwrap_or_default();
    assert!(
        left.contains("left"),
        "BYE came, nothing expired: {stopped}"
    );
    let owed = member["owed"].as_u64().unwrap_or_default();
    let acked = owed - stopped.unacked("python");
    assert_eq!(acked, messages.len() as u64, "{stopped}");
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn a_killed_publisher_that_comes_back_gets_it_back() {
    let first = Publisher::start(&["expiry_ms=1000"]);
    let mut python = PythonSubscriber::of("python", &first);
    first.order("wait 1");
    first.order("publish 1000");
    python.wait_until_printed(1_000);
    must(first.child.signal(Signal::Kill));
    must(first.child.wait_for_exit(soon()));

    let (data, control) = (
        format!("data={}", first.data),
        format!("control={}", first.control),
    );
    let second = Publisher::start(&["expiry_ms=1000", &data, &control]);
    second.order("wait 1"); // it publishes nothing: a beat brings them together
    second.order("publish 100");
    second.stop().drained();
    python.ends("confirmed");
    assert_eq!(
        python
            .lines_with("notice the publisher was restarted")
            .len(),
        1
    );
    let numbers: Vec<u64> = python
        .messages()
        .iter()
        .map(|message| message.number)
        .collect();
    assert_eq!(numbers.len(), 1_100);
    let mut wanted: Vec<u64> = (0..1_000).chain(0..100).collect();
    let mut numbers = numbers;
    numbers.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(numbers, wanted);
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn it_may_be_there_before_its_publisher() {
    let folder = Folder::new();
    let data = format!("ipc://{}", folder.path("data").display());
    let control = format!("ipc://{}", folder.path("control").display());
    let mut python = PythonSubscriber::start("python", &data, &control, &[]);
    let publisher = Publisher::start(&[&format!("data={data}"), &format!("control={control}")]);
    publisher.order("wait 1");
    publisher.order("publish 100");
    lost_nothing(&publisher, &mut python);
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn suspended_for_longer_than_the_expiry_it_joins_anew_and_names_what_it_missed() {
    let folder = Folder::new();
    let publisher = Publisher::start(&["expiry_ms=500"]);
    let mut python = PythonSubscriber::of("python", &publisher);
    let awake = Subscriber::of(&folder, "awake", &publisher, &[]);
    publisher.order("wait 2");
    publisher.order("publish 1000");
    python.wait_until_printed(1_000);
    must(python.child.signal(Signal::Stop));
    publisher.order("publish 1000");
    let limit = soon();
    while publisher.order("members")["members"] != 1 {
        assert!(Instant::now() < limit, "it never expired");
    }
    must(python.child.signal(Signal::Continue));
    publisher.order("wait 2");
    publisher.order("publish 1000");
    let stopped = publisher.stop();
    python.ends("confirmed");
    assert_eq!(
        python.lines_with("notice session lost: UNKNOWN").len(),
        1,
        "{stopped}"
    );
    // Each of four topics: what it has, and what it was told it will never have.
    let gone: u64 = python
        .lines_with("gone ")
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let (first, last): (u64, u64) = (words[2].parse().unwrap(), words[4].parse().unwrap());
            last - first + 1
        })
        .sum();
    assert_eq!(python.messages().len() as u64 + gone, 3_000, "{stopped}");
    awake.done();
    awake.has_exactly(3_000);
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn a_newer_one_of_its_name_supersedes_it() {
    let publisher = Publisher::start(&[]);
    let mut older = PythonSubscriber::of("python", &publisher);
    publisher.order("wait 1");
    let mut newer = PythonSubscriber::of("python", &publisher);
    older.ends("superseded");
    publisher.order("publish 100");
    let stopped = publisher.stop().drained();
    newer.ends("confirmed");
    newer.has_exactly(stopped.accepted());
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn garbage_on_the_ports_of_its_publisher_does_not_reach_it() {
    let publisher = Publisher::start(&[]);
    let mut python = PythonSubscriber::of("python", &publisher);
    publisher.order("wait 1");
    publisher.say("stream 4000");
    python.wait_until_printed(1_000);
    for seed in 0..20 {
        let endpoint = [&publisher.data, &publisher.control][usize::from(seed % 2 == 0)];
        Stranger::connect(endpoint).say(&noise(seed, 4_096));
    }
    let mut control = Stranger::greeted(&publisher.control, "DEALER");
    let mut data = Stranger::greeted(&publisher.data, "SUB");
    for seed in 0..100 {
        let bytes = noise(seed, usize::from(noise(seed, 1)[0]));
        control.frame(0, &bytes);
        data.frame(0, &bytes);
    }
    let had = python.messages().len() as u64;
    python.wait_until_printed(had + 4_000);
    let stopped = lost_nothing(&publisher, &mut python);
    assert_eq!(stopped.members(), 1, "{stopped}");
    assert!(stopped.number("broken") >= 100, "{stopped}");
}

/// A publisher that says what no publisher would: on both ports it speaks noise in ZeroMQ frames.
#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn it_survives_being_connected_to_the_wrong_ports() {
    let publisher = Publisher::start(&[]);
    // Crossed: SUB at the ROUTER, DEALER at the PUB. Nothing comes of it, and it can be ended.
    let mut crossed = PythonSubscriber::start("crossed", &publisher.control, &publisher.data, &[]);
    let mut python = PythonSubscriber::of("python", &publisher);
    publisher.order("wait 1");
    publisher.order("publish 100");
    crossed.wait_for(|line| line == "notice joining as crossed");
    must(crossed.child.signal(Signal::Terminate));
    crossed.ends("unconfirmed");
    lost_nothing(&publisher, &mut python);
}
