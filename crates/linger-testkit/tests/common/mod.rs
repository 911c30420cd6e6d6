//! Nodes as child processes, and what they say.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "each test file uses a part of this"
)]

use linger_testkit::child::{Child, Exit, Signal};
use linger_testkit::relay::Relay;
use serde_json::Value;
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
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

fn node(name: &str, role: &str, settings: &[String]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_node"));
    command.arg(role).arg(format!("name={name}")).args(settings);
    Child::spawn(name, &mut command).unwrap()
}

fn event(child: &Child, wanted: &str) -> Value {
    event_where(child, |event| event["event"] == wanted)
}

fn event_where(child: &Child, mut wanted: impl FnMut(&Value) -> bool) -> Value {
    let line = child.wait_for_line(soon(), |line| {
        serde_json::from_str(line).is_ok_and(|event| wanted(&event))
    });
    serde_json::from_str(&line.unwrap()).unwrap()
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
        let mut settings: Vec<String> = settings.iter().map(|&s| s.to_owned()).collect();
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

    pub fn order(&self, order: &str) -> Value {
        self.child.say(order).unwrap();
        event(&self.child, order.split(' ').next().unwrap())
    }

    pub fn say(&self, order: &str) {
        self.child.say(order).unwrap();
    }

    pub fn wait_until_published(&self, count: u64) {
        event_where(&self.child, |event| {
            event["published"].as_u64() >= Some(count)
        });
    }

    pub fn wait_until_triggered(&self) {
        event(&self.child, "triggered");
    }

    /// Sends SIGTERM, and checks that the process ends by its deadline.
    pub fn stop(&self) -> (Value, Exit, Duration) {
        let begun = Instant::now();
        self.child.signal(Signal::Terminate).unwrap();
        self.ends(begun)
    }

    pub fn ends(&self, begun: Instant) -> (Value, Exit, Duration) {
        let exit = self.child.wait_for_exit(soon()).unwrap();
        let took = exit.at.saturating_duration_since(begun);
        assert!(
            took <= self.budget + GRACE,
            "the stop took {took:?} of {:?}",
            self.budget
        );
        let stopped = self
            .child
            .wait_for_line(soon(), |line| line.contains(r#""stopped""#));
        let stopped = stopped.map_or(Value::Null, |line| serde_json::from_str(&line).unwrap());
        (stopped, exit, took)
    }
}

/// The entry of a member in what a publisher said at its end.
pub fn member<'a>(stopped: &'a Value, name: &str) -> &'a Value {
    let members = stopped["members"].as_array().expect("members are listed");
    let found = members.iter().rev().find(|member| member["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not named in {stopped}"))
}

pub struct Subscriber {
    pub child: Child,
    log: PathBuf,
}

impl Subscriber {
    pub fn start(folder: &Folder, name: &str, publishers: &[(&str, &str)], more: &[&str]) -> Self {
        let log = folder.0.join(name);
        let mut settings: Vec<String> = more.iter().map(|&s| s.to_owned()).collect();
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

    pub fn wait_until_processed(&self, count: u64) {
        event_where(&self.child, |event| event["count"].as_u64() >= Some(count));
    }

    pub fn done(&self) -> Value {
        event(&self.child, "done")
    }

    /// The numbers that it processed, in ascending order.
    pub fn processed(&self) -> Vec<u64> {
        numbers(&self.log)
    }

    /// Checks that it processed exactly the messages below `count`, each once.
    pub fn has_exactly(&self, count: u64) {
        let processed = self.processed();
        let missing: Vec<u64> = (0..count)
            .filter(|n| processed.binary_search(n).is_err())
            .take(10)
            .collect();
        assert!(
            missing.is_empty(),
            "{} lacks {missing:?} …",
            self.child.name()
        );
        assert_eq!(
            processed.len() as u64,
            count,
            "{} has some twice",
            self.child.name()
        );
    }
}

fn numbers(log: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(log).unwrap();
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
