//! The registry's sockets and contexts inside a wrapper that is given them: `tmq`, on tokio.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use linger::linger_registry::{ContextOutcome, Outcome, Registry, zmq};
use tmq::FromZmqSocket;
use tokio::runtime::{Builder, Runtime};

/// Fewer than the high-water mark of a socket whose peer is not there yet.
const MESSAGES: u32 = 500;

/// One worker: should a drop block it, nothing else on it goes on.
fn worker() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs it on a thread of its own; fails if it has not come back within 20 seconds.
#[track_caller]
fn bounded<T: Send + 'static>(what: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, wait) = mpsc::channel();
    thread::spawn(move || drop(done.send(run())));
    wait.recv_timeout(Duration::from_secs(20))
        .unwrap_or_else(|_| panic!("{what} within 20 seconds"))
}

fn ample() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[test]
fn a_socket_that_tmq_is_given_receives_and_its_end_is_seen() {
    let registry = Registry::new();
    let jobs = registry.socket(zmq::PULL).name("jobs").open().unwrap();
    jobs.bind("tcp://127.0.0.1:*").unwrap();
    let out = registry.socket(zmq::PUSH).name("out").open().unwrap();
    out.connect(&jobs.last_endpoint().unwrap()).unwrap();
    let jobs = jobs.into_zmq();

    let receiver = thread::spawn(move || {
        worker().block_on(async move {
            let mut jobs = tmq::pull::Pull::from_zmq_socket(jobs).unwrap();
            let mut received = Vec::new();
            while received.len() < MESSAGES as usize {
                let message = jobs.next().await.unwrap().unwrap();
                received.push(message[0].to_vec());
            }
            received
        })
    });
    for number in 0..MESSAGES {
        out.send(&number.to_be_bytes()[..], 0).unwrap();
    }
    let received = bounded("the wrapper", move || receiver.join().unwrap());
    let sent: Vec<_> = (0..MESSAGES).map(|it| it.to_be_bytes().to_vec()).collect();
    assert_eq!(received, sent);
    drop(out);

    let report = registry.close_by(ample());
    let jobs = report.socket("jobs").unwrap();
    assert_eq!(
        *jobs.outcome(),
        Outcome::Ended { receive_only: true },
        "{report}"
    );
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_socket_that_tmq_drops_with_a_queue_does_not_block_its_worker_and_gets_to_its_peer() {
    let registry = Registry::new();
    let jobs = registry.socket(zmq::PULL).name("jobs").open().unwrap();
    let out = registry.socket(zmq::PUSH).name("out").open().unwrap();
    // Nobody is bound there yet: what is sent is queued when the wrapper drops the socket.
    let free = zmq::Context::new().socket(zmq::PULL).unwrap();
    free.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = free.get_last_endpoint().unwrap().unwrap();
    drop(free);
    out.set_reconnect_ivl(10).unwrap();
    out.connect(&endpoint).unwrap();
    let out = out.into_zmq();

    bounded("the wrapper", move || {
        worker().block_on(async move {
            let mut out = tmq::push::Push::from_zmq_socket(out).unwrap();
            for number in 0..MESSAGES {
                let message = tmq::Message::from(&number.to_be_bytes()[..]);
                out.send(vec![message]).await.unwrap();
            }
        });
    });
    let limit = ample();
    while let Err(error) = jobs.bind(&endpoint) {
        assert!(Instant::now() < limit, "{error}");
        thread::park_timeout(Duration::from_millis(1));
    }
    jobs.set_rcvtimeo(20_000).unwrap();
    for number in 0..MESSAGES {
        assert_eq!(jobs.recv_bytes(0).unwrap(), number.to_be_bytes());
    }
    drop(jobs);
    let report = registry.close_by(ample());
    let out = report.socket("out").unwrap();
    assert_eq!(
        *out.outcome(),
        Outcome::Ended {
            receive_only: false
        },
        "{report}"
    );
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
}

#[test]
fn tmq_makes_its_sockets_with_the_context_of_a_shared_registry() {
    let registry = Registry::shared();
    let jobs = registry.socket(zmq::PULL).name("jobs").open().unwrap();
    // In-process: it is one context.
    jobs.bind("inproc://jobs").unwrap();
    let context = registry.context().unwrap();

    bounded("the wrapper", move || {
        worker().block_on(async move {
            let mut out = tmq::push(&context).connect("inproc://jobs").unwrap();
            for number in 0..MESSAGES {
                let message = tmq::Message::from(&number.to_be_bytes()[..]);
                out.send(vec![message]).await.unwrap();
            }
        });
    });
    for number in 0..MESSAGES {
        assert_eq!(jobs.recv_bytes(0).unwrap(), number.to_be_bytes());
    }
    drop(jobs);
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
    assert!(
        matches!(report.context(), ContextOutcome::Released { .. }),
        "{report}"
    );
}
