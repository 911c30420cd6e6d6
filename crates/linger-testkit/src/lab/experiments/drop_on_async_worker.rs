//! Dropping the last owner of a context waits for its lingers, on whatever thread that is.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use linger::linger_registry::Registry;
use linger::zmq;

use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, millis, nobody};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "drop_on_async_worker",
    claim: "With `zmq` 0.10, dropping a context's last owner runs `zmq_ctx_term` in `Drop`, on an \
            async worker too",
    folklore: "dropping a socket in a task is harmless",
    run,
};

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let linger = lab.size(Duration::from_millis(700), Duration::from_millis(300));
    let linger_ms = wire::option(linger);

    let context = zmq::Context::new();
    let socket = wire::open(&context, zmq::PUSH, linger_ms)?;
    socket.connect(&nobody()?)?;
    socket.send("to nobody", 0)?;
    drop(context);
    let raw = dropped(socket)?;

    let registry = Registry::new();
    let socket = registry.socket(zmq::PUSH).linger(linger).open()?;
    socket.connect(&nobody()?)?;
    socket.send("to nobody", 0)?;
    let cured = dropped(socket)?;
    let begun = Instant::now();
    let report = registry.close_by(begun + SOON);
    let has_ended = report.sockets().iter().all(|it| it.outcome().is_end_seen());

    let is_blocked = raw.took + Duration::from_millis(2) >= linger && raw.delay >= linger / 2;
    // A worker that was held would be so for all of the linger.
    let is_free = cured.took < linger / 2 && cured.delay < linger / 2;
    Ok(Finding::new(
        is_blocked && is_free && has_ended,
        format!(
            "LINGER {linger_ms}, the last owner dropped on the only worker of a runtime: {:.0} ms, \
             and another task started {:.0} ms late",
            millis(raw.took),
            millis(raw.delay),
        ),
        format!(
            "the drop took {:.3} ms, and the other task started {:.3} ms late",
            millis(cured.took),
            millis(cured.delay),
        ),
        [
            ("drop_ms", millis(raw.took)),
            ("delay_ms", millis(raw.delay)),
            ("cured_drop_ms", millis(cured.took)),
            ("cured_delay_ms", millis(cured.delay)),
        ],
    ))
}

struct Dropped {
    took: Duration,
    /// From the moment another task was spawned to its first line.
    delay: Duration,
}

/// Drops it on the only worker of a runtime, with another task that wants to run.
fn dropped<T: Send + 'static>(socket: T) -> Result<Dropped, LabError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()?;
    let (tell_begun, begun) = mpsc::channel();
    let (tell_took, took) = mpsc::channel();
    let (tell_started, started) = mpsc::channel();
    runtime.spawn(async move {
        let at = Instant::now();
        let _ = tell_begun.send(());
        drop(socket);
        let _ = tell_took.send(at.elapsed());
    });
    let silent = |_| LabError::unready("a task did not run");
    begun.recv_timeout(SOON).map_err(silent)?;
    let spawned = Instant::now();
    runtime.spawn(async move {
        let _ = tell_started.send(spawned.elapsed());
    });
    let delay = started.recv_timeout(SOON).map_err(silent)?;
    let took = took.recv_timeout(SOON).map_err(silent)?;
    runtime.shutdown_background();
    Ok(Dropped { took, delay })
}
