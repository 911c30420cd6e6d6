//! A runtime whose workers are blocked hears of a signal when they are free again.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use linger::{Coordinator, Phase};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::child::Signal;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::role::{Role, number, say};
use crate::lab::wire::{SOON, millis};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "signal_late",
    claim: "With all workers blocked, tokio delivers SIGTERM only when one is free; a thread of \
            its own gets it at once",
    folklore: "tokio::signal hears of SIGTERM at once",
    run,
};

pub(crate) const ROLE: Role = Role {
    name: "signal_late",
    run: block,
};

const WORKERS: usize = 2;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let blocked = lab.size(Duration::from_secs(2), Duration::from_millis(600));
    let by_tokio = heard_after(lab, "tokio", blocked)?;
    let by_coordinator = heard_after(lab, "coordinator", blocked)?;
    // Not before the workers are free, less what the signal needed to be sent; and well before.
    let is_late = by_tokio > blocked / 2;
    let is_early = by_coordinator < blocked / 3;
    Ok(Finding::new(
        is_late && is_early,
        format!(
            "{WORKERS} workers blocked for {} ms: `tokio::signal` heard of SIGTERM {:.0} ms after \
             it was sent",
            blocked.as_millis(),
            millis(by_tokio),
        ),
        format!(
            "`on_signals` listens on a thread of its own: the stop began after {:.1} ms",
            millis(by_coordinator)
        ),
        [
            ("blocked_ms", millis(blocked)),
            ("tokio_ms", millis(by_tokio)),
            ("coordinator_ms", millis(by_coordinator)),
        ],
    ))
}

/// How long after SIGTERM a process says that it has heard of it.
fn heard_after(lab: &Lab, who: &str, blocked: Duration) -> Result<Duration, LabError> {
    let blocked = blocked.as_millis().to_string();
    let child = lab.spawn(ROLE.name, &[who, &blocked])?;
    child.wait_for_line(Instant::now() + SOON, |line| line == "blocked")?;
    let begun = Instant::now();
    child.signal(Signal::Terminate)?;
    child.wait_for_line(begun + SOON, |line| line == "heard")?;
    Ok(begun.elapsed())
}

/// Listens for SIGTERM with all workers of its runtime blocked.
fn block(args: &[String]) -> Result<(), LabError> {
    let limit = Duration::from_millis(number(args, 1)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()?;
    if args.first().is_some_and(|who| who == "tokio") {
        let (tell, heard) = mpsc::channel();
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::spawn(async move {
                terminate.recv().await;
                // The role has ended if nobody listens.
                let _ = tell.send(());
            });
            io::Result::Ok(())
        })?;
        block_workers(&runtime, limit)?;
        if heard.recv().is_ok() {
            say("heard")?;
        }
        return Ok(());
    }
    let stop = Coordinator::builder().on_signals().start()?;
    let member = stop.register("listener").phase(Phase::INTAKE)?;
    block_workers(&runtime, limit)?;
    member.wait();
    say("heard")?;
    drop(member);
    // What is left of the stop waits for nobody.
    let _ = stop.wait_blocking();
    Ok(())
}

/// Blocks every worker for so long, and says so when the last one is.
fn block_workers(runtime: &Runtime, limit: Duration) -> io::Result<()> {
    let (tell, blocked) = mpsc::channel();
    for _ in 0..WORKERS {
        let tell = tell.clone();
        runtime.spawn(async move {
            let _ = tell.send(());
            // What a blocking call does; that it is one is the point.
            let until = Instant::now() + limit;
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                thread::park_timeout(left);
            }
        });
    }
    for _ in 0..WORKERS {
        let _ = blocked.recv();
    }
    say("blocked")
}
