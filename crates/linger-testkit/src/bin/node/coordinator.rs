//! A coordinator with nothing around it: `node coordinator scenario=NAME`.
//!
//! Signals come from the test; each line on stdout says that the next one may come.

use crate::settings::Settings;
use crate::{Ended, tell};
use linger::linger_coordinator::{Builder, Coordinator, Phase, Phases};
use serde_json::json;
use std::process::Termination as _;
use std::thread;
use std::time::Duration;

/// Longer than any test takes: what ends before is ended by a signal.
const LONG: Duration = Duration::from_secs(300);

/// More than any pipe or socket buffer takes.
const LONG_NOTE: usize = 4 << 20;

pub(crate) fn run(settings: &Settings) -> Ended {
    let budget = settings.millis("budget_ms", 300)?;
    let builder = |phases| {
        let builder = Coordinator::builder().phases(phases).budget(budget);
        builder.on_signals().owns_process()
    };
    let service = builder(Phases::service());
    match settings.text("scenario", "").as_str() {
        "clean" => clean(service),
        "hangs" => hangs(service, "3/7 acked"),
        "long_note" => hangs(service, &"x".repeat(LONG_NOTE)),
        "two_signals" => two_signals(service),
        "three_signals" => three_signals(builder(
            Phases::service().adjust(Phase::INTAKE, |intake| intake.reserve(LONG)),
        )),
        "after_the_report" => after_the_report(service),
        "runtime_that_can_not_end" => runtime_that_can_not_end(service),
        other => Err(format!("no scenario is named {other:?}").into()),
    }
}

/// What a member does that never ends, whatever it is told.
fn hang() -> ! {
    loop {
        thread::park();
    }
}

/// The same as what a task does: its output is nothing.
fn block() {
    hang()
}

fn say(event: &str) {
    tell(&json!({ "event": event }));
}

fn clean(builder: Builder) -> Ended {
    let stop = builder.start()?;
    stop.spawn_blocking("works", Phase::WORK, |member| {
        member.wait();
        say("triggered");
        Ok(())
    })?;
    say("ready");
    Ok(stop.wait_blocking().report())
}

fn hangs(builder: Builder, note: &str) -> Ended {
    let stop = builder.start()?;
    let note = note.to_owned();
    stop.spawn_blocking("culprit", Phase::WORK, move |member| {
        member.note(note);
        say("ready");
        hang()
    })?;
    // Nobody asks for the report: the process is left to the watchdog.
    hang()
}

fn two_signals(builder: Builder) -> Ended {
    let stop = builder.start()?;
    stop.spawn_blocking("culprit", Phase::INTAKE, |member| {
        member.note("reading on");
        say("ready");
        member.wait();
        say("triggered");
        hang()
    })?;
    let report = stop.wait_blocking();
    tell(
        &json!({ "event": "report", "stage": report.stage().to_string(), "text": report.to_string() }),
    );
    Ok(report.report())
}

fn three_signals(builder: Builder) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let stop = builder.start()?;
    let intake = stop.register("intake").phase(Phase::INTAKE)?;
    say("ready");
    intake.wait();
    say("triggered");
    runtime.block_on(intake.forced_token().cancelled());
    say("forced");
    hang()
}

fn after_the_report(builder: Builder) -> Ended {
    let stop = builder.start()?;
    say("ready");
    let _ = stop.wait_blocking();
    say("report");
    hang()
}

fn runtime_that_can_not_end(builder: Builder) -> Ended {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()?;
    let report = runtime.block_on(async {
        let stop = builder.start()?;
        for name in ["first", "second"] {
            stop.spawn(name, Phase::WORK, |_| async {
                say("ready");
                block();
            })?;
        }
        Ok::<_, Box<dyn std::error::Error>>(stop.wait().await)
    })?;
    say("report");
    // Waits for its workers, for ever.
    drop(runtime);
    Ok(report.report())
}
