//! The subscriber that was written in Python from `SPEC.md` alone: its own tests, and what it does
//! at a real publisher where nothing fails. `python_faults` has the rest.
//!
//! Python and pyzmq are no part of a Rust toolchain: without them these tests are ignored, which
//! counts as skipped. `cargo xtask test --setup` installs them, and then runs these tests too.

mod common;

use common::python::{PythonSubscriber, in_order, module};
use common::stranger::{Stranger, noise};
use common::{Folder, Publisher, Subscriber, must, soon};
use linger_testkit::child::{Child, Signal};

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
        "test_losses",
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
    let stopped = python.lost_nothing(&publisher);
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
    python.lost_nothing(&publisher);
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
    python.lost_nothing(&publisher);
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
    python.lost_nothing(&publisher);
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
    let stopped = python.lost_nothing(&publisher);
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
    python.lost_nothing(&publisher);
}

#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn prefixes_come_and_go_at_a_real_publisher() {
    for driver in [&[][..], &["--asyncio"]] {
        let publisher = Publisher::start(&[]);
        let (data, control) = (&publisher.data, &publisher.control);
        let more = [&["--prefix", "be", "--orders"][..], driver].concat();
        let mut python = PythonSubscriber::start("python", data, control, &more);
        publisher.order("wait 1");
        publisher.order("publish 400");
        python.wait_until_printed(100);
        must(python.child.say("subscribe gam"));
        python.wait_for(|line| line == "notice granted gam");
        publisher.order("publish 400");
        python.wait_until_printed(300);
        must(python.child.say("unsubscribe be"));
        python.wait_for(|line| line == "notice released be");
        publisher.order("publish 400");
        python.wait_until_printed(400);
        must(python.child.say("subscribe be")); // a period of its own, with a hole before it
        python.wait_for(|line| line == "notice granted be");
        publisher.order("publish 400");
        let stopped = publisher.stop().drained();
        python.ends("confirmed");
        assert_eq!(stopped.unacked("python"), 0, "{stopped}");
        assert_eq!(stopped.members(), 1, "{stopped}");
        assert_eq!(stopped.number("broken"), 0, "{stopped}");
        let sequences = |topic: &str| -> Vec<u64> {
            let messages = python.messages().into_iter();
            let of_topic = messages.filter(|message| message.topic == topic);
            of_topic.map(|message| message.sequence).collect()
        };
        assert_eq!(
            sequences("beta"),
            (1..=200).chain(301..=400).collect::<Vec<_>>()
        );
        assert_eq!(sequences("gamma"), (101..=400).collect::<Vec<_>>());
        assert_eq!(python.messages().len(), 600);
    }
}

/// The README's one changed line: it reads the data port, and nobody waits for it.
#[test]
#[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
fn the_subscriber_of_the_tutorials_reads_the_data_port() {
    for bare in ["bare=0", "bare=1"] {
        tutorial(bare);
    }
}

fn tutorial(bare: &str) {
    let publisher = Publisher::start(&[bare]);
    let mut command = module("tutorial");
    command.args([&publisher.data, "al"]);
    let tutorial = must(Child::spawn("tutorial", &mut command));
    publisher.say("stream 2000");
    let mut lines = Vec::new();
    must(tutorial.wait_for_line(soon(), |line| {
        lines.push(line.to_owned());
        lines.len() >= 500
    }));
    let numbers: Vec<u64> = lines
        .iter()
        .map(|line| must(line.trim_start_matches("alpha ").parse()))
        .collect();
    // Each fourth message is of that topic; where it begins is chance.
    let wanted: Vec<u64> = (numbers[0] / 4..).take(500).map(|at| at * 4).collect();
    assert_eq!(numbers, wanted);
    let stopped = publisher.stop();
    assert_eq!(stopped.report["outcome"], "no members", "{stopped}");
}
