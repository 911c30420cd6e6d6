//! Nodes as child processes, and what they say.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test file uses a part of this"
)]

pub mod beside;
pub mod impostor;
pub mod python;
pub mod stranger;

use linger_testkit::child::{Child, Exit, Signal};
use linger_testkit::relay::Relay;
use serde_json::Value;
use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// By how much a stop may pass its deadline.
pub const GRACE: Duration = Duration::from_millis(250);

/// How long anything may take that has no deadline of its own.
pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(40)
}

/// A folder for one test, gone when the test passes.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("linger-process-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// A result that a test depends on; its error as it reads, with its lines.
#[track_caller]
pub fn must<T>(result: Result<T, impl Display>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

/// The program that plays the roles.
pub fn command(role: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_node"));
    command.arg(role);
    command
}

#[track_caller]
pub fn node(name: &str, role: &str, settings: &[String]) -> Child {
    let mut command = command(role);
    command.arg(format!("name={name}")).args(settings);
    must(Child::spawn(name, &mut command))
}

#[track_caller]
pub fn parsed(line: &str) -> Value {
    match serde_json::from_str(line) {
        Ok(value) => value,
        Err(error) => panic!("{error} in: {line}"),
    }
}

/// Waits for this event; an error that it says instead ends the wait.
#[track_caller]
pub fn event(child: &Child, wanted: &str) -> Value {
    event_where(child, |event| event["event"] == wanted)
}

#[track_caller]
pub fn event_where(child: &Child, wanted: impl Fn(&Value) -> bool) -> Value {
    let line = must(child.wait_for_line(soon(), |line| {
        serde_json::from_str(line)
            .is_ok_and(|event: Value| event["event"] == "error" || wanted(&event))
    }));
    let event = parsed(&line);
    assert!(wanted(&event), "{} said: {line}", child.name());
    event
}

/// All that it said at the end, both outputs; it must be ending.
#[track_caller]
pub fn said(child: &Child) -> String {
    must(child.wait_for_last_lines(soon()))
}

fn owned(settings: &[&str]) -> Vec<String> {
    settings.iter().map(|&setting| setting.to_owned()).collect()
}

pub struct Publisher {
    pub child: Child,
    pub data: String,
    pub control: String,
    pub budget: Duration,
}

impl Publisher {
    pub fn start(settings: &[&str]) -> Self {
        Self::start_with_budget(Duration::from_secs(10), settings)
    }

    pub fn start_with_budget(budget: Duration, settings: &[&str]) -> Self {
        let mut settings = owned(settings);
        settings.push(format!("budget_ms={}", budget.as_millis()));
        let child = node("ticks", "publisher", &settings);
        let bound = event(&child, "bound");
        let text = |key: &str| bound[key].as_str().unwrap().to_owned();
        Self {
            data: text("data"),
            control: text("control"),
            child,
            budget,
        }
    }

    #[track_caller]
    pub fn order(&self, order: &str) -> Value {
        self.say(order);
        event(&self.child, order.split(' ').next().unwrap())
    }

    #[track_caller]
    pub fn say(&self, order: &str) {
        must(self.child.say(order));
    }

    /// Waits until so many were published; how many exactly.
    #[track_caller]
    pub fn wait_until_published(&self, count: u64) -> u64 {
        let event = event_where(&self.child, |event| {
            event["published"].as_u64() >= Some(count)
        });
        event["published"].as_u64().unwrap()
    }

    #[track_caller]
    pub fn wait_until_triggered(&self) {
        event(&self.child, "triggered");
    }

    /// Sends SIGTERM, and checks that the process ends by its deadline.
    #[track_caller]
    pub fn stop(&self) -> Stopped {
        let begun = Instant::now();
        must(self.child.signal(Signal::Terminate));
        self.ends(begun)
    }

    /// Waits for the end of a stop that began then, and checks that it came by its deadline.
    #[track_caller]
    pub fn ends(&self, begun: Instant) -> Stopped {
        let exit = must(self.child.wait_for_exit(soon()));
        let took = exit.at.saturating_duration_since(begun);
        assert!(
            took <= self.budget + GRACE,
            "the stop took {took:?} of {:?}; the last lines:\n{}",
            self.budget,
            said(&self.child)
        );
        let report = event(&self.child, "stopped");
        Stopped { report, exit, took }
    }
}

/// A publisher that has ended.
#[derive(Debug)]
pub struct Stopped {
    /// What it said of it.
    pub report: Value,
    pub exit: Exit,
    /// From the signal to the end of the process.
    pub took: Duration,
}

impl Stopped {
    /// Checks that it was drained and the process ended as one that is content.
    #[track_caller]
    pub fn drained(self) -> Self {
        assert_eq!(self.report["drained"], true, "{self}");
        assert_eq!(self.exit.status.code(), Some(0), "{self}");
        self
    }

    /// Checks that it was not drained, and that the exit code says so.
    #[track_caller]
    pub fn behind(self) -> Self {
        assert_eq!(self.report["outcome"], "behind", "{self}");
        assert!(
            self.exit.status.code().is_some_and(|code| code != 0),
            "{self}"
        );
        self
    }

    #[track_caller]
    pub fn number(&self, key: &str) -> u64 {
        let number = self.report[key].as_u64();
        number.unwrap_or_else(|| panic!("no {key} in {self}"))
    }

    pub fn accepted(&self) -> u64 {
        self.number("accepted")
    }

    /// How many members it names, those that came back under their name again included.
    pub fn members(&self) -> usize {
        self.report["members"].as_array().map_or(0, Vec::len)
    }

    /// The entry of a member, the last of its name.
    #[track_caller]
    pub fn member(&self, name: &str) -> &Value {
        let members = self.report["members"].as_array();
        let mut members = members.into_iter().flatten().rev();
        let found = members.find(|member| member["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is not named in {self}"))
    }

    #[track_caller]
    pub fn unacked(&self, name: &str) -> u64 {
        self.member(name)["unacked"].as_u64().unwrap()
    }

    pub fn text(&self) -> &str {
        self.report["text"].as_str().unwrap_or_default()
    }
}

impl Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, took, text) = (self.exit.status, self.took, self.text());
        write!(f, "{status} after {took:?}: {text}\n{}", self.report)
    }
}

pub struct Subscriber {
    pub child: Child,
    log: PathBuf,
}

impl Subscriber {
    pub fn start(folder: &Folder, name: &str, publishers: &[(&str, &str)], more: &[&str]) -> Self {
        let log = folder.path(name);
        let mut settings = owned(more);
        settings.push(format!("log={}", log.display()));
        for (data, control) in publishers {
            settings.push(format!("publisher={data},{control}"));
        }
        let child = node(name, "subscriber", &settings);
        event(&child, "connected");
        Self { child, log }
    }

    pub fn of(folder: &Folder, name: &str, publisher: &Publisher, more: &[&str]) -> Self {
        Self::start(folder, name, &[(&publisher.data, &publisher.control)], more)
    }

    #[track_caller]
    pub fn wait_until_processed(&self, count: u64) {
        event_where(&self.child, |event| event["count"].as_u64() >= Some(count));
    }

    /// Waits until its deliveries have ended, all of them well; how many there were.
    #[track_caller]
    pub fn done(&self) -> u64 {
        let done = event(&self.child, "done");
        let name = self.child.name();
        assert_eq!(done["clean"], true, "{name} did not end well: {done}");
        done["count"].as_u64().unwrap()
    }

    /// The numbers that it processed, in ascending order.
    pub fn processed(&self) -> Vec<u64> {
        numbers(&self.log)
    }

    /// Checks that it processed exactly the messages below `count`, each once.
    #[track_caller]
    pub fn has_exactly(&self, count: u64) {
        let (name, processed) = (self.child.name(), self.processed());
        let mut times = vec![0_u32; usize::try_from(count).unwrap()];
        for number in processed {
            match times.get_mut(usize::try_from(number).unwrap()) {
                Some(times) => *times += 1,
                None => panic!("{name} has {number}, but {count} were accepted"),
            }
        }
        for (wrong, wanted) in [("lacks", 0..1), ("has more than once", 2..u32::MAX)] {
            let numbers = times.iter().enumerate();
            let numbers = numbers.filter(|(_, times)| wanted.contains(times));
            let numbers: Vec<usize> = numbers.map(|(number, _)| number).collect();
            assert!(
                numbers.is_empty(),
                "of {count}, {name} {wrong} {}: {:?} …",
                numbers.len(),
                &numbers[..numbers.len().min(10)]
            );
        }
    }
}

fn numbers(log: &Path) -> Vec<u64> {
    let text = must(std::fs::read_to_string(log));
    // A process that was killed may have written half of its last line.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut numbers: Vec<u64> = whole.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

/// A relay before a `tcp://` endpoint, and the endpoint to connect to instead.
pub fn relay(endpoint: &str) -> (Relay, String) {
    let upstream: SocketAddr = endpoint.trim_start_matches("tcp://").parse().unwrap();
    let relay = Relay::start(upstream).unwrap();
    let endpoint = format!("tcp://{}", relay.addr());
    (relay, endpoint)
}
