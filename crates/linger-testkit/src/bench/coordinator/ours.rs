//! A shutdown by the coordinator.

use super::parked::{all_ended, all_parked, reset, waits};
use crate::bench::BenchError;
use linger::linger_coordinator::{Coordinator, Phase, Phases, Report};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Long enough for everything that is measured.
pub(super) const BUDGET: Duration = Duration::from_secs(120);

/// The phases, one after the other; where one will do it is the first.
pub(super) const PHASES: [Phase; 5] = [
    Phase::new("first"),
    Phase::new("second"),
    Phase::new("third"),
    Phase::new("fourth"),
    Phase::new("fifth"),
];

/// What a member waits with.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    Triggered,
    Token,
}

pub(super) fn coordinator(phases: usize) -> Result<Coordinator, BenchError> {
    let phases = PHASES.iter().take(phases).copied();
    let phases = phases.fold(Phases::new(), Phases::then);
    Ok(Coordinator::builder()
        .phases(phases)
        .budget(BUDGET)
        .start()?)
}

/// What each member is called.
fn name(number: usize) -> String {
    format!("member {number}")
}

/// How long from the trigger to the report, with the members in so many phases.
pub(super) fn shutdown(
    runtime: &Runtime,
    count: usize,
    phases: usize,
    wait: Wait,
) -> Result<Duration, BenchError> {
    reset();
    let (report, took) = runtime.block_on(async {
        let stop = coordinator(phases)?;
        for number in 0..count {
            let name = name(number);
            // A fifth of them after the other, as the peer has them.
            let phase = PHASES[number * phases / count];
            match wait {
                Wait::Triggered => stop.spawn(name, phase, move |member| async move {
                    waits(number, member.triggered()).await;
                })?,
                Wait::Token => stop.spawn(name, phase, move |member| async move {
                    waits(number, member.token().cancelled()).await;
                })?,
            }
        }
        all_parked(count).await?;
        let begun = Instant::now();
        stop.shutdown();
        let report = stop.wait().await;
        Ok::<_, BenchError>((report, begun.elapsed()))
    })?;
    all_ended(count)?;
    names_all(&report, count)?;
    Ok(took)
}

/// That the report has each of the members, by its name, and that it was done.
fn names_all(report: &Report, count: usize) -> Result<(), BenchError> {
    let mut members = report.members();
    let whole = (0..count).all(|number| {
        let member = members.next();
        member.is_some_and(|member| member.name() == name(number) && member.outcome().is_done())
    });
    match whole && members.next().is_none() && report.is_clean() {
        true => Ok(()),
        false => Err(BenchError::Wrong(format!(
            "not all of {count} members in the report, done, and no other"
        ))),
    }
}
