//! A socket used from async code, on tokio's threads for what blocks.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;

use crate::close::wakes_late;
use crate::owner::asleep;
use crate::support::{ample, eventually, pair};
use linger_registry::{Outcome, Registry, zmq};

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

#[test]
fn in_messages_it_is_woken_by_the_stop_and_the_runtime_goes_on() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let runtime = one_thread();
    let (count, report) = runtime.block_on(async move {
        // A send may wait, too, so it is no call for an async thread.
        let sender = spawn_blocking(move || push.send_until_stopped("job"));
        let receiver = spawn_blocking(move || {
            let job = pull.recv_until_stopped().unwrap();
            (pull, job)
        });
        sender.await.unwrap().unwrap();
        let (pull, job) = receiver.await.unwrap();
        assert_eq!(&*job, b"job");
        let reader = spawn_blocking(move || pull.messages().count());
        // A close waits by its nature.
        let close = spawn_blocking(move || registry.close_by(ample()));
        // The only async thread is free all the while.
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        (reader.await.unwrap(), close.await.unwrap())
    });
    assert_eq!(count, 0);
    assert!(report.is_clean(), "{report}");
    let thread = report
        .socket("pull")
        .unwrap()
        .info()
        .last_thread()
        .to_owned();
    assert!(thread.starts_with("tokio-"), "{thread}");
}

#[test]
fn in_a_bare_recv_it_holds_the_runtime_until_the_end_of_the_context() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    drop(push);
    let runtime = one_thread();
    let (told, result) = mpsc::channel();
    runtime.spawn_blocking(move || told.send(pull.recv_bytes(0)).unwrap());
    eventually("the reader has the socket", || {
        let sockets = registry.snapshot();
        let mut threads = sockets.iter().map(|it| it.last_thread());
        threads.any(|thread| thread.starts_with("tokio-"))
    });
    // The drop of a runtime waits for what blocks, without a limit.
    let dropper = asleep("main", move || {
        drop(runtime);
        ((), Instant::now())
    });
    let ((), report) = wakes_late(&registry, dropper);
    assert_eq!(result.recv().unwrap(), Err(zmq::Error::ETERM));
    let pull = report.socket("pull").unwrap();
    assert!(
        matches!(pull.outcome(), Outcome::ClosedLate { .. }),
        "{report}"
    );
}
