//! A tracing subscriber that blocks, as one does on a full pipe, holds up no caller.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger_ack::{Publisher, Quorum, Subscriber};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

struct Blocked {
    entered: Mutex<Sender<()>>,
    block: Mutex<Receiver<()>>,
}

impl tracing::Subscriber for Blocked {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("linger_ack")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        // Only the threads of the library are held: an application's own log is its own affair.
        if std::thread::current()
            .name()
            .is_some_and(|name| name.starts_with("linger-ack"))
        {
            let _ = self.entered.lock().expect("no panic").send(());
            let _ = self.block.lock().expect("no panic").recv();
        } else if !ALLOWED.with(std::cell::Cell::get) {
            panic!("a caller was made to log");
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

thread_local! {
    /// While a publisher is bound, its own thread logs that it is.
    static ALLOWED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[test]
fn a_log_that_blocks_holds_up_neither_publish_nor_close() {
    let (entered, seen) = channel();
    let (_held, block) = channel();
    let blocked = Blocked {
        entered: Mutex::new(entered),
        block: Mutex::new(block),
    };
    tracing::subscriber::set_global_default(blocked).expect("the only one");
    ALLOWED.set(true);
    let ticks = Publisher::builder("ticks")
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    ALLOWED.set(false);
    let subscriber = Subscriber::builder("a").subscribe("T");
    let subscriber = subscriber.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let subscriber = subscriber.expect("connected");
    let limit = Duration::from_secs(20);
    seen.recv_timeout(limit).expect("somebody logs, and blocks");

    let budget = Duration::from_millis(300);
    for n in 0..100u8 {
        let deadline = Instant::now() + limit;
        ticks.publish("T", &[n]).expect("accepted");
        assert!(Instant::now() < deadline);
    }
    let deadline = Instant::now() + budget;
    let _ = ticks.close_by(deadline, Quorum::All);
    assert!(Instant::now() < deadline + Duration::from_millis(250));
    let deadline = Instant::now() + budget;
    let _ = subscriber.close_by(deadline);
    assert!(Instant::now() < deadline + Duration::from_millis(250));
}
