//! Sockets that nobody closes: each is bounded, and named at error level. Alone: the subscriber of
//! the events is global.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "registry/support.rs"]
mod support;

use std::fmt::{Debug, Write};
use std::mem;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use linger_registry::{ContextOutcome, Outcome, Registry, zmq};
use support::{ample, eventually};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

static EVENTS: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

struct Keep;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Keep {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        EVENTS
            .lock()
            .unwrap()
            .push((*event.metadata().level(), line.0));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn listen() {
    // The first test that comes sets it for all.
    let _ = tracing::subscriber::set_global_default(Keep);
}

/// Whether one event says all of this.
fn is_told(level: Level, words: &[&str]) -> bool {
    let events = EVENTS.lock().unwrap();
    let mut of_level = events.iter().filter(|event| event.0 == level);
    of_level.any(|(_, line)| words.iter().all(|word| line.contains(word)))
}

const LIMIT: Duration = Duration::from_millis(300);

#[test]
fn a_socket_that_was_forgotten_is_named_and_the_close_ends_by_its_deadline() {
    listen();
    let registry = Registry::new();
    let line = line!() + 1;
    mem::forget(registry.socket(zmq::PUSH).name("forgotten").open().unwrap());
    let began = Instant::now();
    let report = registry.close_by(began + LIMIT);
    assert!(began.elapsed() < LIMIT + Duration::from_millis(250));
    assert_eq!(
        *report.socket("forgotten").unwrap().outcome(),
        Outcome::StillOpen
    );
    assert!(
        matches!(report.context(), ContextOutcome::Pending { holders } if holders == &["forgotten"])
    );
    let place = format!("leaks.rs:{line}");
    assert!(is_told(Level::ERROR, &["forgotten", &place, "still open"]));
    assert!(is_told(Level::ERROR, &["context", "forgotten"]));
}

#[test]
fn a_thread_that_never_comes_back_is_named() {
    listen();
    let registry = Registry::new();
    let held = registry.socket(zmq::PULL).name("held").open().unwrap();
    let owner = thread::Builder::new().name("hangs".into()).spawn(move || {
        // The thread has it, and looks at nothing.
        let _ = held.last_endpoint();
        let _ = held.get_rcvmore();
        thread::park();
        drop(held);
    });
    let owner = owner.unwrap();
    eventually("it has the socket", || {
        registry.snapshot()[0].last_thread() == "hangs"
    });
    let began = Instant::now();
    let report = registry.close_by(began + LIMIT);
    assert!(began.elapsed() < LIMIT + Duration::from_millis(250));
    assert!(!report.is_clean());
    assert!(is_told(
        Level::ERROR,
        &["held", "leaks.rs:", "hangs", "still open"]
    ));
    // Once it is back, the context ends in the background.
    owner.thread().unpark();
    owner.join().unwrap();
    eventually("the context ends", || {
        registry.state() == linger_registry::RegistryState::Closed
    });
}

#[test]
fn an_owner_that_panics_is_named_and_its_socket_closed() {
    listen();
    let registry = Registry::new();
    let doomed = registry.socket(zmq::PUSH).name("doomed").open().unwrap();
    let owner = thread::Builder::new().name("panics".into()).spawn(move || {
        let _held = doomed;
        panic!("as planned");
    });
    assert!(owner.unwrap().join().is_err());
    let report = registry.close_by(ample());
    let doomed = report.socket("doomed").unwrap();
    assert!(doomed.info().owner_panicked());
    assert!(matches!(doomed.outcome(), Outcome::Emptied { .. }));
    assert!(report.to_string().contains("owner panicked"), "{report}");
    assert!(is_told(Level::ERROR, &["doomed", "leaks.rs:", "panicked"]));
}

#[test]
fn an_owner_that_panics_at_eterm_is_named() {
    listen();
    let registry = Registry::new();
    let deaf = registry.socket(zmq::PULL).name("deaf").open().unwrap();
    deaf.bind("tcp://127.0.0.1:*").unwrap();
    let owner = thread::spawn(move || deaf.recv_bytes(0).unwrap());
    let report = registry.close_by(support::after(Duration::from_secs(2)));
    assert!(owner.join().is_err());
    let deaf = report.socket("deaf").unwrap();
    assert!(
        matches!(deaf.outcome(), Outcome::ClosedLate { .. }),
        "{report}"
    );
    assert!(deaf.info().owner_panicked());
    assert!(is_told(Level::ERROR, &["deaf", "leaks.rs:", "panicked"]));
}

#[test]
fn what_is_kept_for_a_close_that_never_comes_is_named() {
    listen();
    let registry = Registry::new();
    let endless = registry.socket(zmq::PUSH).name("endless");
    let endless = endless
        .linger(linger_registry::Linger::ForEverUntilTheCloseDeadline)
        .open()
        .unwrap();
    endless.connect("tcp://127.0.0.1:1").unwrap();
    endless.send("never taken", zmq::DONTWAIT).unwrap();
    drop(endless);
    drop(registry);
    eventually("it is told", || {
        is_told(Level::ERROR, &["endless", "leaks.rs:", "without a close"])
    });
}

#[test]
fn a_registry_that_is_dropped_without_a_close_names_what_is_open() {
    listen();
    let registry = Registry::new();
    let left = registry.socket(zmq::PUSH).name("left").open().unwrap();
    drop(registry);
    eventually("it is told", || {
        is_told(Level::ERROR, &["left", "leaks.rs:", "without a close"])
    });
    // It works on, and ends when it is dropped.
    left.bind("tcp://127.0.0.1:*").unwrap();
    let address = left.last_endpoint().unwrap();
    drop(left);
    let address = address.trim_start_matches("tcp://");
    eventually("its port is free", || {
        std::net::TcpListener::bind(address).is_ok()
    });
}

#[test]
fn a_trap_is_told_once_for_each_socket() {
    listen();
    let registry = Registry::new();
    let out = registry.socket(zmq::PUSH).name("trapped").open().unwrap();
    out.set_conflate(true).unwrap();
    out.connect("tcp://127.0.0.1:1").unwrap();
    out.connect("tcp://127.0.0.1:2").unwrap();
    drop(out);
    let _report = registry.close_by(ample());
    let events = EVENTS.lock().unwrap();
    let told = events.iter().filter(|(level, line)| {
        *level == Level::WARN && line.contains("trapped") && line.contains("CONFLATE")
    });
    assert_eq!(told.count(), 1);
}

#[test]
fn what_ends_well_is_told_at_no_such_level() {
    listen();
    let registry = Registry::new();
    let (push, pull) = support::pair(&registry);
    push.send("x", 0).unwrap();
    assert_eq!(pull.recv_bytes(0).unwrap(), b"x");
    drop((push, pull));
    assert!(registry.close_by(ample()).is_clean());
    drop(registry);
    let stuck = Registry::new();
    drop(support::stuck(
        &stuck,
        "expires quietly",
        Duration::from_millis(1),
    ));
    assert!(!stuck.close_by(ample()).is_clean());
    assert!(!is_told(Level::ERROR, &["\"push\""]) && !is_told(Level::ERROR, &["expires quietly"]));
}
