//! The closer thread panics while it watches sockets. Alone: the tracing subscriber is global.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use linger_registry::{Outcome, Registry, zmq};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

static ARMED: AtomicBool = AtomicBool::new(false);
static DEAD: AtomicBool = AtomicBool::new(false);

/// Panics in the closer thread, and notes that it has said its last word.
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
    fn event(&self, event: &Event<'_>) {
        let closer = thread::current().name() == Some("linger-closer");
        if closer && ARMED.load(Ordering::SeqCst) {
            if *event.metadata().level() == Level::ERROR {
                DEAD.store(true, Ordering::SeqCst);
            }
            panic!("as planned");
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Waits for a condition that nothing announces; fails after 10 seconds.
#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < limit, "{what} within 10 seconds");
        thread::park_timeout(Duration::from_millis(1));
    }
}

/// Runs it on a thread of its own; fails if it has not come back within 10 seconds.
#[track_caller]
fn bounded<T: Send + 'static>(what: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, wait) = mpsc::channel();
    thread::spawn(move || drop(done.send(run())));
    wait.recv_timeout(Duration::from_secs(10))
        .unwrap_or_else(|_| panic!("{what} within 10 seconds"))
}

/// A socket that lingers for ever in that context, closed already.
fn stuck(context: &zmq::Context) {
    let push = context.socket(zmq::PUSH).unwrap();
    push.set_linger(-1).unwrap();
    // Port 1 of the loopback: nobody listens.
    push.connect("tcp://127.0.0.1:1").unwrap();
    push.send("never taken", zmq::DONTWAIT).unwrap();
}

#[test]
fn what_it_watched_goes_on_working_and_no_drop_blocks() {
    tracing::subscriber::set_global_default(Panicking).unwrap();
    for registry in [Registry::new(), Registry::shared()] {
        let watched = registry
            .socket(zmq::PULL)
            .name("watched")
            .observe()
            .open()
            .unwrap();
        watched.bind("tcp://127.0.0.1:*").unwrap();
        watched.set_rcvtimeo(10_000).unwrap();
        let endpoint = watched.last_endpoint().unwrap();
        // The last owner of a context that never ends, on its way to a closer that is dead.
        let elsewhere = zmq::Context::new();
        stuck(&elsewhere);
        let guest = registry
            .adopt(elsewhere.socket(zmq::PULL).unwrap())
            .take()
            .unwrap();
        drop(elsewhere);
        if let Ok(context) = registry.context() {
            stuck(&context);
        }
        let victim = registry.socket(zmq::PUSH).name("victim").open().unwrap();
        ARMED.store(true, Ordering::SeqCst);
        drop(victim);
        eventually("the closer dies", || DEAD.load(Ordering::SeqCst));
        ARMED.store(false, Ordering::SeqCst);
        DEAD.store(false, Ordering::SeqCst);

        // Each connection makes events, which libzmq's I/O thread must be able to leave somewhere.
        let strangers = zmq::Context::new();
        for number in 0..3_u8 {
            let push = strangers.socket(zmq::PUSH).unwrap();
            push.set_linger(0).unwrap();
            push.connect(&endpoint).unwrap();
            push.send(vec![number], 0).unwrap();
            assert_eq!(watched.recv_bytes(0), Ok(vec![number]));
        }
        let late = registry
            .socket(zmq::PULL)
            .name("late")
            .observe()
            .open()
            .unwrap();
        let given = registry
            .socket(zmq::PULL)
            .name("given")
            .open()
            .unwrap()
            .into_zmq();
        bounded("the drops", move || drop((watched, guest, late, given)));
        let limit = Duration::from_millis(300);
        let began = Instant::now();
        let report = registry.close_by(began + limit);
        assert!(began.elapsed() < limit + Duration::from_millis(250));
        for name in ["watched", "pull-2", "late", "given"] {
            let outcome = report.socket(name).unwrap().outcome();
            assert_eq!(*outcome, Outcome::Unobserved, "{name}\n{report}");
        }
        bounded("the registry's drop", move || drop(registry));
    }
}
