//! How far a close and a flush are is logged, once a second.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger_ack::{Publisher, Quorum, Subscriber};
use std::fmt;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata};

/// Hands on what is logged at level info or above: the message, and the fields beside it.
struct Lines(Mutex<Sender<(String, String)>>);

#[derive(Default)]
struct Read {
    message: String,
    fields: String,
}

impl Visit for Read {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => self.fields += &format!("{name}={value:?} "),
        }
    }
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("linger_ack") && *metadata.level() <= Level::INFO
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut read = Read::default();
        event.record(&mut read);
        let lines = self.0.lock().expect("no panic");
        let _ = lines.send((read.message, read.fields));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_flush_and_a_close_that_take_long_are_told_of_every_second() {
    let (told, lines) = channel();
    let lines_of = Lines(Mutex::new(told));
    tracing::subscriber::set_global_default(lines_of).expect("the only one");
    let ticks = Publisher::builder("ticks")
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    // A name that would make a line of its own, were it not escaped.
    let subscriber = Subscriber::builder("risk\n1").subscribe("T");
    let subscriber = subscriber.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let subscriber = subscriber.expect("connected");
    let limit = Instant::now() + Duration::from_secs(20);
    assert!(subscriber.wait_until_member(limit));
    for _ in 0..1_200 {
        ticks.publish("T", "x").expect("accepted");
    }
    let seen = |wanted: &str| loop {
        let (message, fields) = lines.recv_timeout(Duration::from_secs(20)).expect("a line");
        if message.starts_with(wanted) {
            break (message, fields);
        }
    };
    let (_, fields) = seen("member joined");
    assert!(fields.contains(r"member=risk\n1"), "{fields}");

    let deadline = Instant::now() + Duration::from_millis(2_500);
    assert!(ticks.flush_by(deadline, Quorum::All).is_err());
    let expected = r"0/1 acked, 1,200 outstanding, slowest: risk\n1 (0 of 1,200, 0/s)";
    for _ in 0..2 {
        let (line, fields) = seen("0/1 acked");
        assert_eq!(line, expected);
        assert!(fields.contains("ticks"), "{fields}");
    }
    let deadline = Instant::now() + Duration::from_millis(1_500);
    let _ = ticks.close_by(deadline, Quorum::All);
    let mut messages = Vec::new();
    while messages
        .last()
        .is_none_or(|last: &String| !last.starts_with("publisher closed"))
    {
        let line = lines.recv_timeout(Duration::from_secs(20));
        messages.push(line.expect("a line").0);
    }
    let told = messages.iter().filter(|line| *line == expected).count();
    assert!((1..=2).contains(&told), "{messages:?}");
    drop(subscriber);
}
