//! The subscriber in Python under the faults that the one in Rust is tested with, with both of its
//! drivers. Ignored, like `python`, where there is no Python with pyzmq.

mod common;

use common::python::{PythonSubscriber, in_order};
use common::{Folder, Publisher, Subscriber, must, relay, soon};
use linger_testkit::child::{LineError, Signal};
use std::time::{Duration, Instant};

macro_rules! with_both_drivers {
    ($($test:ident),+ $(,)?) => {
        mod python_on_threads {
            $(
                #[test]
                #[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
                fn $test() { super::$test(&[]); }
            )+
        }
        mod python_on_asyncio {
            $(
                #[test]
                #[ignore = "needs Python with pyzmq: cargo xtask test --setup"]
                fn $test() { super::$test(&["--asyncio"]); }
            )+
        }
    };
}

with_both_drivers!(
    a_stop_in_mid_stream_loses_nothing,
    cutting_its_data_connection_loses_nothing,
    cutting_its_control_connection_loses_nothing,
    cutting_both_loses_nothing,
    prefixes_come_and_go_while_connections_are_cut,
    sigterm_in_mid_stream_leaves_with_what_it_printed,
    killed_and_back_under_its_name_it_supersedes_nobody_twice,
    killed_and_back_under_a_durable_name_it_is_paid_what_it_is_owed,
    a_killed_publisher_that_comes_back_gets_it_back,
    a_suspended_publisher_loses_nobody,
    suspended_for_less_than_the_expiry_it_loses_nothing,
    suspended_for_longer_than_the_expiry_it_joins_anew_and_names_what_it_missed,
    a_busy_application_does_not_expire,
    bare_topics_come_through_cuts_too,
    evicted_it_joins_anew_and_names_what_it_missed,
);

fn start(publisher: &Publisher, driver: &[&str]) -> PythonSubscriber {
    PythonSubscriber::start("python", &publisher.data, &publisher.control, driver)
}

fn a_stop_in_mid_stream_loses_nothing(driver: &[&str]) {
    let publisher = Publisher::start(&[]);
    let mut python = start(&publisher, driver);
    publisher.order("wait 1");
    publisher.say("stream 8000");
    python.wait_until_printed(4_000);
    let stopped = python.lost_nothing(&publisher);
    assert_eq!(stopped.number("broken"), 0, "{stopped}");
}

/// Cuts connections three times in mid-stream; nothing is lost, and nothing comes twice.
fn cut(settings: &[&str], data: bool, control: bool, driver: &[&str]) {
    let publisher = Publisher::start(settings);
    let (data_relay, data_endpoint) = relay(&publisher.data);
    let (control_relay, control_endpoint) = relay(&publisher.control);
    let mut python = PythonSubscriber::start("python", &data_endpoint, &control_endpoint, driver);
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
    let stopped = python.lost_nothing(&publisher);
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

fn cutting_its_data_connection_loses_nothing(driver: &[&str]) {
    cut(&[], true, false, driver);
}

fn cutting_its_control_connection_loses_nothing(driver: &[&str]) {
    cut(&[], false, true, driver);
}

fn cutting_both_loses_nothing(driver: &[&str]) {
    cut(&[], true, true, driver);
}

fn prefixes_come_and_go_while_connections_are_cut(driver: &[&str]) {
    let publisher = Publisher::start(&[]);
    let (data_relay, data) = relay(&publisher.data);
    let (control_relay, control) = relay(&publisher.control);
    let more = [driver, &["--prefix", "al", "--orders"]].concat();
    let mut python = PythonSubscriber::start("python", &data, &control, &more);
    publisher.order("wait 1");
    publisher.say("stream 4000");
    for round in 1..=4 {
        for (order, told) in [("subscribe", "granted"), ("unsubscribe", "released")] {
            let had = python.messages().len() as u64;
            python.wait_until_printed(had + 200);
            must(python.child.say(&format!("{order} be")));
            if round % 2 == 0 {
                data_relay.cut();
            }
            control_relay.cut();
            let told = format!("notice {told} be");
            python.wait_for(|line| line == told);
        }
    }
    must(python.child.say("subscribe be"));
    python.wait_for(|line| line == "notice granted be");
    let had = python.messages().len() as u64;
    python.wait_until_printed(had + 1_000);
    let stopped = publisher.stop().drained();
    python.ends("confirmed");
    assert_eq!(stopped.members(), 1, "it never joined anew: {stopped}");
    assert_eq!(stopped.number("broken"), 0, "{stopped}");
    assert_eq!(python.gone(), 0, "{stopped}");
    let of = |topic: &str| -> Vec<u64> {
        let messages = python.messages().into_iter();
        let of_topic = messages.filter(|message| message.topic == topic);
        of_topic.map(|message| message.sequence).collect()
    };
    let (alpha, beta) = (of("alpha"), of("beta"));
    assert_eq!(alpha, (1..=alpha.len() as u64).collect::<Vec<_>>());
    assert!(beta.is_sorted_by(|one, next| one < next), "once, in order");
    let periods = beta.windows(2).filter(|pair| pair[1] != pair[0] + 1);
    assert!(periods.count() <= 4, "a hole between two periods only");
    // It lacks nothing of what it was owed. Where RELEASED was cut off, it had some beyond the line.
    assert_eq!(stopped.unacked("python"), 0, "{stopped}");
    let owed = stopped.member("python")["owed"]
        .as_u64()
        .unwrap_or_default();
    let had = (alpha.len() + beta.len()) as u64;
    assert!((owed..owed + 400).contains(&had), "{had}: {stopped}");
}

fn sigterm_in_mid_stream_leaves_with_what_it_printed(driver: &[&str]) {
    let publisher = Publisher::start(&["expiry_ms=60000"]);
    let mut python = start(&publisher, driver);
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

/// A new session of the name ends the old one, which nobody could tell that it is dead.
fn killed_and_back_under_its_name_it_supersedes_nobody_twice(driver: &[&str]) {
    let publisher = Publisher::start(&["expiry_ms=60000"]);
    let mut first = start(&publisher, driver);
    publisher.order("wait 1");
    publisher.order("publish 1000");
    first.wait_until_printed(1_000);
    must(first.child.signal(Signal::Kill));
    must(first.child.wait_for_exit(soon()));
    let mut second = start(&publisher, driver);
    second.wait_for(|line| line.starts_with("notice joined "));
    publisher.order("publish 1000");
    let stopped = publisher.stop();
    second.ends("confirmed");
    assert_eq!(second.messages().len(), 1_000);
    in_order(&second.messages());
    assert_eq!(stopped.members(), 2, "{stopped}");
    assert_eq!(stopped.unacked("python"), 0, "{stopped}");
}

fn killed_and_back_under_a_durable_name_it_is_paid_what_it_is_owed(driver: &[&str]) {
    let publisher = Publisher::start(&["expiry_ms=500", "durable=python"]);
    let mut first = start(&publisher, driver);
    publisher.order("wait 1");
    publisher.say("stream 4000");
    first.wait_until_printed(2_000);
    must(first.child.signal(Signal::Kill));
    must(first.child.wait_for_exit(soon()));
    first.read_until(soon());
    publisher.wait_until_published(10_000);
    let mut second = start(&publisher, driver);
    second.wait_until_printed(10_000);
    let stopped = publisher.stop().drained();
    second.ends("confirmed");
    assert_eq!(second.gone(), 0, "{stopped}");
    in_order(&second.messages());
    // At least once: what was printed and not acknowledged came again. Together they have all.
    let both = first.messages().into_iter().chain(second.messages());
    let mut numbers: Vec<u64> = both.map(|message| message.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (0..stopped.accepted()).collect::<Vec<_>>());
    assert_eq!(stopped.unacked("python"), 0, "{stopped}");
}

fn a_killed_publisher_that_comes_back_gets_it_back(driver: &[&str]) {
    let first = Publisher::start(&["expiry_ms=1000"]);
    let mut python = start(&first, driver);
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
    let restarts = python.lines_with("notice the publisher was restarted");
    assert_eq!(restarts.len(), 1);
    let messages = python.messages().into_iter();
    let mut numbers: Vec<u64> = messages.map(|message| message.number).collect();
    let mut wanted: Vec<u64> = (0..1_000).chain(0..100).collect();
    numbers.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(numbers, wanted);
}

fn a_suspended_publisher_loses_nobody(driver: &[&str]) {
    let publisher = Publisher::start(&["expiry_ms=500"]);
    let mut python = start(&publisher, driver);
    publisher.order("wait 1");
    publisher.say("stream 4000");
    python.wait_until_printed(2_000);
    must(publisher.child.signal(Signal::Stop));
    // Three times the expiry: the beats wait in the kernel meanwhile.
    let woken = Instant::now() + Duration::from_millis(1_500);
    let more = publisher.child.wait_for_line(woken, |_| false);
    assert!(matches!(more, Err(LineError::Deadline { .. })), "{more:?}");
    must(publisher.child.signal(Signal::Continue));
    let had = python.messages().len() as u64;
    python.wait_until_printed(had + 2_000);
    let stopped = python.lost_nothing(&publisher);
    assert_eq!(stopped.members(), 1, "nobody expired: {stopped}");
}

fn suspended_for_less_than_the_expiry_it_loses_nothing(driver: &[&str]) {
    let publisher = Publisher::start(&["expiry_ms=60000", "window=1024"]);
    let mut python = start(&publisher, driver);
    publisher.order("wait 1");
    publisher.say("stream 4000");
    for _ in 0..3 {
        let had = python.messages().len() as u64;
        python.wait_until_printed(had + 1_000);
        must(python.child.signal(Signal::Stop));
        python.read_until(Instant::now() + Duration::from_millis(500)); // the window fills
        must(python.child.signal(Signal::Continue));
    }
    let had = python.messages().len() as u64;
    python.wait_until_printed(had + 1_000);
    let stopped = python.lost_nothing(&publisher);
    assert_eq!(stopped.members(), 1, "{stopped}");
}

fn suspended_for_longer_than_the_expiry_it_joins_anew_and_names_what_it_missed(driver: &[&str]) {
    let folder = Folder::new();
    let publisher = Publisher::start(&["expiry_ms=500"]);
    let mut python = start(&publisher, driver);
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
    let lost = python.lines_with("notice session lost: UNKNOWN");
    assert_eq!(lost.len(), 1, "{stopped}");
    // Each of four topics: what it has, and what it was told it will never have.
    let had = python.messages().len() as u64;
    assert_eq!(had + python.gone(), 3_000, "{stopped}");
    awake.done();
    awake.has_exactly(3_000);
}

/// Each message takes three times the expiry: it goes on beating, and acknowledges each.
fn a_busy_application_does_not_expire(driver: &[&str]) {
    let publisher = Publisher::start(&["expiry_ms=300"]);
    let more = [driver, &["--work", "0.9"]].concat();
    let mut python = start(&publisher, &more);
    publisher.order("wait 1");
    publisher.order("publish 3");
    let stopped = python.lost_nothing(&publisher);
    assert_eq!(stopped.members(), 1, "{stopped}");
}

fn bare_topics_come_through_cuts_too(driver: &[&str]) {
    cut(&["bare=1"], true, true, driver);
}

fn evicted_it_joins_anew_and_names_what_it_missed(driver: &[&str]) {
    let publisher = Publisher::start(&["expiry_ms=60000", "window=256", "evict_ms=50"]);
    let mut python = start(&publisher, driver);
    publisher.order("wait 1");
    publisher.order("publish 200");
    python.wait_until_printed(200);
    must(python.child.signal(Signal::Stop));
    publisher.order("publish 1000"); // it waits for room, and then for nobody
    must(python.child.signal(Signal::Continue));
    python.wait_for(|line| line == "notice session lost: EVICTED");
    publisher.order("wait 1");
    publisher.order("publish 200");
    let stopped = publisher.stop();
    python.ends("confirmed");
    in_order_but_for_gaps(&python);
    let had = python.messages().len() as u64;
    assert_eq!(had + python.gone(), 1_400, "{stopped}");
    assert!(had >= 400, "{stopped}");
    let first = &stopped.report["members"][0];
    assert!(
        first["outcome"]
            .as_str()
            .unwrap_or_default()
            .contains("evicted"),
        "{stopped}"
    );
}

/// What it was told it will never have lies between what it has.
fn in_order_but_for_gaps(python: &PythonSubscriber) {
    let mut messages = python.messages();
    messages.sort_by(|one, other| one.topic.cmp(&other.topic));
    for pair in messages.chunk_by(|one, other| one.topic == other.topic) {
        assert!(pair.is_sorted_by(|one, next| one.sequence < next.sequence));
    }
}
