//! The coordinator alone: a task, a thread and a hook, stopped in order, on one budget.
//!
//! It stops itself after a moment; a SIGTERM or Ctrl-C does the same. Give it the argument `hang`
//! to see who is named when something does not end.
#![forbid(unsafe_code)]

use linger::linger_coordinator::Report;
use linger::{Coordinator, Phase, Phases};
use std::error::Error;
use std::thread;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<Report, Box<dyn Error>> {
    let hang = std::env::args().any(|arg| arg == "hang");
    let stop = Coordinator::builder()
        .phases(Phases::service())
        .budget(Duration::from_secs(2))
        .on_signals()
        .owns_process()
        .start()?;
    println!("{}", stop.plan());

    // A task: whatever takes a token, axum's and hyper's graceful shutdown included.
    stop.spawn("http", Phase::INTAKE, |member| async move {
        member.token().cancelled().await;
    })?;

    // A plain thread: its member is a guard, and dropping it means done.
    let member = stop.register("journal").phase(Phase::WORK)?;
    thread::spawn(move || {
        let mut batches = 0;
        while !member.wait_until(std::time::Instant::now() + Duration::from_millis(10)) {
            batches += 1;
            member.note(format_args!("{batches} batches written"));
        }
        if hang {
            loop {
                thread::park();
            }
        }
    });

    // A hook: something to do at the end.
    stop.hook("flush", Phase::TELEMETRY, || async {
        println!("flushed");
    })?;

    let later = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        later.shutdown();
    });
    let report = stop.wait().await;
    println!("{report}");
    Ok(report) // picks the exit code
}
