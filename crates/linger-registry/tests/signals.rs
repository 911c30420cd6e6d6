//! Waits under a storm of signals. Alone in its process: the signals are for all of it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "registry/support.rs"]
mod support;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use linger_registry::{Polled, Proxy, ProxyError, Registry, Socket, zmq};
use signal_hook::consts::SIGUSR1;
use support::{after, ample, eventually, pair, stuck};

/// How long each wait is.
const WAIT: Duration = Duration::from_millis(300);

/// A child that sends `SIGUSR1` to one thread as fast as it can.
struct Storm {
    child: Child,
    heard: Arc<AtomicBool>,
}

impl Storm {
    /// A signal for the process that is sent by a thread's id finds that thread first.
    fn over(thread: &str) -> Self {
        let heard = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGUSR1, Arc::clone(&heard)).unwrap();
        let child = Command::new("sh")
            .args(["-c", &format!("while kill -USR1 {thread}; do :; done")])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, heard }
    }

    fn over_this_thread() -> Self {
        // As `1234/task/1240`.
        let here = fs::read_link("/proc/thread-self").unwrap();
        Self::over(here.file_name().unwrap().to_str().unwrap())
    }

    /// Over the closer thread of the only registry there is.
    fn over_the_closer() -> Self {
        let mut closer = None;
        // It takes its name when it has begun.
        eventually("the closer thread runs", || {
            let mut tasks = fs::read_dir("/proc/self/task").unwrap().map(Result::unwrap);
            closer = tasks.find(|task| {
                let name = fs::read_to_string(task.path().join("comm"));
                name.is_ok_and(|name| name == "linger-closer\n")
            });
            closer.is_some()
        });
        Self::over(closer.unwrap().file_name().to_str().unwrap())
    }

    /// Waits for a signal that comes from now on.
    fn goes_on(&self) {
        self.heard.store(false, Ordering::SeqCst);
        eventually("a signal comes", || self.heard.load(Ordering::SeqCst));
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Runs a wait that ends by its deadline, and checks that it did.
#[track_caller]
fn ends_by_its_deadline(storm: &Storm, wait: impl FnOnce(Instant)) {
    storm.goes_on();
    let deadline = after(WAIT);
    wait(deadline);
    let late = Instant::now().checked_duration_since(deadline);
    assert!(
        late.is_some_and(|late| late < Duration::from_secs(2)),
        "{late:?} after its deadline"
    );
    storm.goes_on();
}

fn bare_calls_are_interrupted(storm: &Storm, push: &Socket, pull: &Socket) {
    storm.goes_on();
    assert_eq!(pull.recv_bytes(0), Err(zmq::Error::EINTR));
    assert_eq!(push.send("x", 0), Err(zmq::Error::EINTR));
    assert_eq!(pull.poll(zmq::POLLIN, -1), Err(zmq::Error::EINTR));
}

fn waits_keep_their_deadlines(storm: &Storm, push: &Socket, pull: &Socket) {
    ends_by_its_deadline(storm, |deadline| {
        assert!(pull.recv_by(deadline).unwrap_err().is_timed_out());
    });
    ends_by_its_deadline(storm, |deadline| {
        assert!(
            pull.recv_multipart_past_stop_by(deadline)
                .unwrap_err()
                .is_timed_out()
        );
    });
    ends_by_its_deadline(storm, |deadline| {
        assert!(push.send_by("x", deadline).unwrap_err().is_timed_out());
    });
    ends_by_its_deadline(storm, |deadline| {
        let frames = ["x", "y"];
        assert!(
            push.send_multipart_by(&frames, deadline)
                .unwrap_err()
                .is_timed_out()
        );
    });
    ends_by_its_deadline(storm, |deadline| {
        let mut set = pull.group().poll_set();
        set.add(pull, zmq::POLLIN);
        assert_eq!(set.wait_by(deadline), Ok(Polled::TimedOut));
        assert_eq!(set.wait_past_stop_by(deadline), Ok(Polled::TimedOut));
    });
    ends_by_its_deadline(storm, |deadline| {
        // An empty set sleeps otherwise than by a poll.
        let mut set = pull.group().poll_set();
        assert_eq!(set.wait_past_stop_by(deadline), Ok(Polled::TimedOut));
    });
}

fn messages_come_through(storm: &Storm, registry: &Registry) {
    let (push, pull) = pair(registry);
    let group = pull.group().clone();
    storm.goes_on();
    let sender = thread::spawn(move || {
        for number in 0..5_000_u32 {
            push.send_multipart_by(&[&number.to_be_bytes()[..], b""], ample())
                .unwrap();
        }
    });
    let mut messages = pull.multipart_messages();
    for number in 0..5_000_u32 {
        assert_eq!(*messages.next().unwrap().unwrap()[0], number.to_be_bytes());
    }
    sender.join().unwrap();
    let stopper = thread::spawn(move || group.stop());
    assert!(messages.next().is_none());
    stopper.join().unwrap();
    storm.goes_on();
}

/// A context has room for 1,023 sockets, those that are about to end among them.
fn few_are_left(registry: &Registry) {
    eventually("few are left", || registry.snapshot().len() < 100);
}

/// Opening, too: libzmq's `bind` and `connect` begin with a look at what other threads told it.
fn sockets_open_bind_and_connect(storm: &Storm, registry: &Registry) {
    storm.goes_on();
    for number in 0..300 {
        let name = format!("inproc://signals {number}");
        let first = registry.socket(zmq::PAIR).open().unwrap();
        first.bind(&name).unwrap();
        first.monitor(&format!("{name} monitor"), 0).unwrap();
        let second = registry.socket(zmq::PAIR).open().unwrap();
        second.connect(&name).unwrap();
        drop((first, second));
        few_are_left(registry);
    }
    storm.goes_on();
}

fn this_thread_waits_undisturbed() {
    let registry = Registry::new();
    let push = stuck(&registry, "full", Duration::ZERO);
    push.set_sndhwm(1).unwrap();
    push.connect("tcp://127.0.0.1:2").unwrap();
    while push.send("fills it", zmq::DONTWAIT).is_ok() {}
    let pull = registry.socket(zmq::PULL).open().unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let storm = Storm::over_this_thread();

    bare_calls_are_interrupted(&storm, &push, &pull);
    sockets_open_bind_and_connect(&storm, &registry);
    waits_keep_their_deadlines(&storm, &push, &pull);
    ends_by_its_deadline(&storm, |deadline| {
        let source = registry.socket(zmq::PUSH).open().unwrap();
        source.connect(&pull.last_endpoint().unwrap()).unwrap();
        source.send_by("nobody takes it", ample()).unwrap();
        while pull.poll(zmq::POLLIN, 1_000) != Ok(1) {}
        let mut proxy = Proxy::new(&pull, &push);
        let error = proxy.finish_by(deadline).unwrap_err();
        assert!(matches!(error, ProxyError::TimedOut { in_hand: 1, .. }));
    });
    messages_come_through(&storm, &registry);

    drop((push, pull));
    storm.goes_on();
    let began = Instant::now();
    let report = registry.close_by(began + Duration::from_secs(5));
    assert!(began.elapsed() < Duration::from_secs(6), "{report}");
}

fn the_closer_watches_every_end() {
    let registry = Registry::new();
    drop(registry.socket(zmq::PUSH).open().unwrap());
    let storm = Storm::over_the_closer();
    storm.goes_on();
    for _ in 0..500 {
        let (push, pull) = pair(&registry);
        push.send_by("x", ample()).unwrap();
        assert_eq!(&*pull.recv_by(ample()).unwrap(), b"x");
        drop((push, pull));
        few_are_left(&registry);
    }
    storm.goes_on();
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
}

/// One test after the other: the second looks for a thread by its name.
#[test]
fn signals_neither_end_a_wait_nor_put_its_deadline_off_nor_hide_an_end() {
    this_thread_waits_undisturbed();
    the_closer_watches_every_end();
}
