//! A process that has run out of descriptors: a member that is to join anew still does.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger_ack::{Publisher, Subscriber};
use std::fs::File;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

const CHILD: &str = "LINGER_ACK_FEW_DESCRIPTORS";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Holds the subscriber's thread when it logs for the first time, so that it beats no more.
struct Holding {
    has_held: AtomicBool,
    release: Mutex<Receiver<()>>,
}

impl tracing::Subscriber for Holding {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("linger_ack::subscriber")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        if !self.has_held.swap(true, Ordering::SeqCst) {
            let _ = self.release.lock().expect("no panic").recv();
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn an_expired_member_joins_anew_without_a_descriptor_to_spare() {
    if std::env::var_os(CHILD).is_some() {
        return join_anew();
    }
    // In a process of its own, where descriptors run out soon and nobody else needs one.
    let test = std::env::current_exe().expect("this test");
    let status = Command::new("sh")
        .args(["-c", "ulimit -n 128 && exec \"$0\""])
        .arg(test)
        .env(CHILD, "1")
        .status();
    assert!(status.expect("it runs").success());
}

fn join_anew() {
    let (go_on, release) = channel();
    let holding = Holding {
        has_held: AtomicBool::new(false),
        release: Mutex::new(release),
    };
    tracing::subscriber::set_global_default(holding).expect("the only one");
    let ticks = Publisher::builder("ticks")
        .expiry(Duration::from_millis(100))
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let subscriber = Subscriber::builder("a").subscribe("T");
    let subscriber = subscriber.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let subscriber = subscriber.expect("connected");
    ticks.wait_for_members(1, soon()).expect("it joins");
    let limit = soon();
    while ticks.member_count() > 0 && Instant::now() < limit {
        std::thread::yield_now();
    }
    assert_eq!(ticks.member_count(), 0, "who is silent expires");

    let hoard: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(hoard.len() < 128);
    go_on.send(()).expect("it is held");
    ticks.wait_for_members(1, soon()).expect("it joins anew");
    ticks.publish("T", "1").expect("accepted");
    let delivery = subscriber.next_by(soon()).expect("not gone");
    delivery.expect("in time").ack();
}
