//! A publisher whose stdin, stdout and stderr are gone publishes and stops like any other.

mod common;

use common::{Folder, GRACE, Publisher, Subscriber, command, must, soon};
use linger_testkit::child::{Child, Signal};
use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What the publishers are told as `budget_ms=10000`.
const BUDGET: Duration = Duration::from_secs(10);

#[test]
fn the_end_of_stdin_ends_nothing() {
    let folder = Folder::new();
    let publisher = Publisher::start(&[]);
    let subscriber = Subscriber::of(&folder, "one", &publisher, &[]);
    publisher.order("wait 1");
    publisher.say("stream 5000");
    let published = publisher.wait_until_published(1_000);
    publisher.child.close_stdin();
    publisher.wait_until_published(published + 3_000);
    let stopped = publisher.stop().drained();
    subscriber.done();
    subscriber.has_exactly(stopped.accepted());
}

#[test]
fn a_reader_of_stdout_that_goes_away_ends_nothing() {
    let folder = Folder::new();
    let (read, write) = UnixStream::pair().unwrap();
    let settings = ["order=wait 1", "order=publish 3000", "budget_ms=10000"];
    let mut command = command("publisher");
    command.args(settings);
    command.stdout(OwnedFd::from(write)).stderr(Stdio::null());
    let child = must(Child::spawn_unheard("ticks", &mut command));
    drop(command);
    read.set_read_timeout(Some(Duration::from_secs(40)))
        .unwrap();
    let mut bound = String::new();
    BufReader::new(read).read_line(&mut bound).unwrap();
    // The reader is gone; from now on each line that it says fails.
    let bound: serde_json::Value = serde_json::from_str(&bound).unwrap();
    let [data, control] = ["data", "control"].map(|key| bound[key].as_str().unwrap());
    let subscriber = Subscriber::start(&folder, "one", &[(data, control)], &[]);
    drains(&child, &subscriber);
}

#[test]
fn without_any_of_the_three_it_works_as_well() {
    let folder = Folder::new();
    let data = format!("ipc://{}", folder.path("data").display());
    let control = format!("ipc://{}", folder.path("control").display());
    // No pipe of ours: the three are closed when the program begins.
    let mut command = Command::new("sh");
    command.args(["-c", r#"exec "$@" <&- >&- 2>&-"#, "sh"]);
    command.args([env!("CARGO_BIN_EXE_node"), "publisher"]);
    command.args([format!("data={data}"), format!("control={control}")]);
    command.args(["order=wait 1", "order=publish 3000", "budget_ms=10000"]);
    let child = must(Child::spawn("ticks", &mut command));
    let subscriber = Subscriber::start(&folder, "one", &[(&data, &control)], &[]);
    drains(&child, &subscriber);
}

fn drains(publisher: &Child, subscriber: &Subscriber) {
    subscriber.wait_until_processed(3_000);
    let begun = Instant::now();
    must(publisher.signal(Signal::Terminate));
    let exit = must(publisher.wait_for_exit(soon()));
    let took = exit.at.saturating_duration_since(begun);
    assert!(took <= BUDGET + GRACE, "the stop took {took:?}");
    assert_eq!(exit.status.code(), Some(0), "{}", publisher.last_lines());
    assert_eq!(subscriber.done(), 3_000);
    subscriber.has_exactly(3_000);
}
