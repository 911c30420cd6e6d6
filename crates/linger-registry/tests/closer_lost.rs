//! The closer thread panics, as a tracing subscriber can make it. Alone: the subscriber is global.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use linger_registry::{ContextOutcome, Outcome, Registry, zmq};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static ARMED: AtomicBool = AtomicBool::new(false);

struct Panicking;

impl Subscriber for Panicking {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        let closer = thread::current().name() == Some("linger-closer");
        assert!(!(closer && ARMED.load(Ordering::SeqCst)), "as planned");
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn owners_close_for_themselves_and_the_close_still_ends_by_its_deadline() {
    tracing::subscriber::set_global_default(Panicking).unwrap();
    let registry = Registry::new();
    let first = registry.socket(zmq::PUSH).name("first").open().unwrap();
    let second = registry.socket(zmq::PUSH).name("second").open().unwrap();
    let held = registry.socket(zmq::PUSH).name("held").open().unwrap();
    held.bind("tcp://127.0.0.1:*").unwrap();
    let port = held
        .last_endpoint()
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap()
        .parse::<u16>()
        .unwrap();
    ARMED.store(true, Ordering::SeqCst);
    drop(first);
    drop(second);

    let limit = Duration::from_secs(1);
    let began = Instant::now();
    let report = registry.close_by(began + limit);
    assert!(began.elapsed() < limit + Duration::from_millis(250));
    assert_eq!(report.sockets().len(), 3);
    // The thread may have died before or after it saw the first socket to its end.
    assert!(report.socket("second").unwrap().outcome() != &Outcome::StillOpen);
    assert_eq!(
        *report.socket("held").unwrap().outcome(),
        Outcome::StillOpen
    );
    assert!(
        matches!(report.context(), ContextOutcome::Pending { .. }),
        "{report}"
    );
    // The port is free again only once the socket has really been closed.
    drop(held);
    let limit = Instant::now() + Duration::from_secs(10);
    while let Err(error) = TcpListener::bind(("127.0.0.1", port)) {
        assert!(Instant::now() < limit, "{error}");
        thread::park_timeout(Duration::from_millis(1));
    }
}
