//! What a subscriber logs of a publisher that was restarted: how far the old epoch had come.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger_ack::linger_registry::Registry;
use linger_ack::{Publisher, Subscriber};
use std::fmt::{self, Write as _};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

/// Sends each event of a subscriber as a line: level, message, fields.
struct Lines(Mutex<Sender<String>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("linger_ack::subscriber")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        let _ = self.0.lock().expect("no panic").send(line.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[test]
fn a_restart_is_logged_with_the_marks_of_the_old_epoch_and_who_saw_it() {
    let (tell, lines) = channel();
    tracing::subscriber::set_global_default(Lines(Mutex::new(tell))).expect("the only one");
    let registry = Registry::new();
    let first = Publisher::builder("first")
        .registry(&registry)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let (data, control) = (
        first.data_endpoint().to_owned(),
        first.control_endpoint().to_owned(),
    );
    let subscriber = Subscriber::builder("risk-1").subscribe("T");
    let subscriber = subscriber.connect(&data, &control).expect("connected");
    assert!(subscriber.wait_until_member(soon()));
    for payload in ["1", "2"] {
        first.publish("T", payload).expect("accepted");
    }
    let [one, two] = [(); 2].map(|()| {
        let next = subscriber.next_by(soon()).expect("nothing is gone");
        next.expect("in time")
    });
    one.ack();
    // The context ends under the publisher: no FIN, as if it had been killed.
    let _ = registry.close_by(Instant::now() + Duration::from_millis(200));
    drop(first);
    let limit = soon();
    let _second = loop {
        // The ports are free once the sockets that held them are gone.
        match Publisher::builder("second").bind(&data, &control) {
            Ok(publisher) => break publisher,
            Err(error) => assert!(Instant::now() < limit, "{error}"),
        }
    };
    let expect = |what: &[&str]| loop {
        let line = lines.recv_timeout(Duration::from_secs(60));
        let line = line.expect("it is logged");
        if what.iter().all(|part| line.contains(part)) {
            return;
        }
    };
    let who = format!("subscriber=\"risk-1\" publisher={data:?}");
    expect(&["INFO", "the publisher was restarted", &who, "topics=1"]);
    expect(&["DEBUG", &who, "topic=b\"T\" received=2 processed=1"]);
    expect(&["INFO", "joined", &who]);
    two.ack();
}
