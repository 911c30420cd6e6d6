//! Who is in the service: the culprits, and others who do as they are told.

use crate::{cast, orders, say, tell};
use linger::linger_coordinator::{Coordinator, Phase, RegisterError};
use linger_testkit::trouble::{Alarm, Ends, Plan, Trouble};
use serde_json::json;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Says so when everybody is where the trouble wants them.
#[derive(Clone)]
pub(crate) struct Ready(Arc<AtomicUsize>);

impl Ready {
    /// Somebody has yet to get there.
    pub(crate) fn wait_for_one(&self) -> Self {
        self.0.fetch_add(1, Ordering::SeqCst);
        self.clone()
    }

    /// Somebody is there.
    pub(crate) fn arrive(&self) {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            say("ready");
        }
    }
}

/// Registers everybody.
pub(crate) fn set(stop: &Coordinator, plan: Plan) -> Result<(), Box<dyn Error>> {
    let ready = Ready(Arc::new(AtomicUsize::new(1)));
    let (fail, failing) = channel();
    orders::take(plan.alarm, stop.clone(), fail)?;
    let half = plan.others / 2;
    // From two threads at once.
    thread::scope(|scope| {
        let first = scope.spawn(|| (0..half).try_for_each(|nth| other(stop, &plan, nth)));
        let culprits = culprits(stop, &plan, &ready);
        let rest = (half..plan.others).try_for_each(|nth| other(stop, &plan, nth));
        let first = first.join().map_err(|_| "a thread panicked")?;
        Ok::<_, Box<dyn Error>>(culprits.and(rest).and(first)?)
    })?;
    if plan.alarm == Alarm::Failure {
        alarm(stop, failing)?;
    }
    if !plan.later_signals().is_empty() {
        herald(stop, &plan)?;
    }
    may_be_late(
        &plan,
        stop.blocking_hook("flush", Phase::TELEMETRY, |_| Ok(())),
    )?;
    ready.arrive();
    Ok(())
}

fn culprits(stop: &Coordinator, plan: &Plan, ready: &Ready) -> Result<(), RegisterError> {
    let is_full = plan.is_stderr_full();
    for (nth, &part) in plan.culprits.iter().enumerate() {
        let name = format!("culprit-{nth}");
        let member = cast::Cast {
            stop,
            name: &name,
            phase: plan.phase,
            ready,
        };
        match member.play(part) {
            Ok(at) => tell(&json!({
                "event": "culprit", "nth": nth, "name": name, "at": at, "part": format!("{part:?}"),
                "is_one": part.ends(is_full) != Ends::Done,
            })),
            late => may_be_late(plan, late.map(drop))?,
        }
    }
    Ok(())
}

/// Where the stop may begin before all are registered, that is no error.
fn may_be_late(plan: &Plan, registered: Result<(), RegisterError>) -> Result<(), RegisterError> {
    match registered {
        Err(RegisterError::PhaseBegun { .. }) if plan.trouble == Trouble::SignalDuringStart => {
            Ok(())
        }
        other => other,
    }
}

/// One that ends when it is told to.
fn other(stop: &Coordinator, plan: &Plan, nth: u64) -> Result<(), RegisterError> {
    let name = format!("other-{nth}");
    let phase = match nth % 3 {
        0 => Phase::INTAKE,
        1 => Phase::WORK,
        _ => Phase::TELEMETRY,
    };
    let registered = match nth % 5 {
        0 => stop.register(name).phase(phase).map(|member| {
            // A thread that can't be begun lets go of it.
            let thread = thread::Builder::new().spawn(move || member.wait());
            drop(thread);
        }),
        1 | 2 if plan.driver.has_tasks() => stop.spawn(name, phase, |member| async move {
            member.triggered().await;
        }),
        3 if plan.driver.has_tasks() => stop.hook(name, phase, || async {}),
        _ => stop.spawn_blocking(name, phase, |member| {
            member.wait();
            Ok(())
        }),
    };
    may_be_late(plan, registered)
}

/// The member that fails.
fn alarm(stop: &Coordinator, failing: Receiver<()>) -> Result<(), RegisterError> {
    stop.spawn_blocking("alarm", Phase::WORK, move |_| {
        failing.recv()?;
        Err("the disk is gone".into())
    })
}

/// One who tells when the next signal may come.
fn herald(stop: &Coordinator, plan: &Plan) -> Result<(), RegisterError> {
    let tells_of_force = plan.trouble == Trouble::ThreeSignals;
    stop.spawn_blocking("herald", plan.phase, move |member| {
        member.wait();
        say("triggered");
        while tells_of_force && !member.is_forced() {
            thread::park_timeout(Duration::from_millis(1));
        }
        if tells_of_force {
            say("forced");
        }
        Ok(())
    })
}
