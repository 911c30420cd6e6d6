//! Coordinators, runtimes, bounded waits.

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use linger_coordinator::{Coordinator, Phases};
use tokio::runtime::{Builder, Runtime};

/// No wait of a test is longer.
pub(crate) const LONG: Duration = Duration::from_secs(30);

pub(crate) fn started(budget: Duration) -> Coordinator {
    Coordinator::builder()
        .phases(Phases::service())
        .budget(budget)
        .start()
        .unwrap()
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap()
}

/// A runtime whose only worker is blocked until the sender is dropped.
pub(crate) fn blocked_runtime() -> (Runtime, Sender<()>) {
    let runtime = runtime();
    let (until, blocked) = channel::<()>();
    let (entered, seen) = channel();
    runtime.spawn(async move {
        entered.send(()).unwrap();
        let _ = blocked.recv();
    });
    seen.recv_timeout(LONG).unwrap();
    (runtime, until)
}

/// Looks until it is so, on a plain thread.
pub(crate) fn wait_until(what: &str, so: impl Fn() -> bool) {
    let limit = Instant::now() + LONG;
    while !so() {
        assert!(Instant::now() < limit, "never: {what}");
        thread::yield_now();
    }
}

/// Tells when it is dropped.
pub(crate) struct Told(pub(crate) Sender<()>);

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}
