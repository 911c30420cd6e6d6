//! Whoever cancels a clone of a token cancels the whole.

use std::time::Instant;

use linger::linger_coordinator::tokio_util::sync::CancellationToken;
use linger::{Coordinator, Phase};

use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::SOON;

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "token_clone",
    claim: "Cancelling a clone of a CancellationToken cancels the whole; a child's cancel stays \
            with the child",
    folklore: "each task gets a clone of the token",
    run,
};

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let tasks: usize = lab.size(1_000, 100);
    // One task that ends itself by the token it was given.
    let by_clone = cancelled_with(tasks, Clone::clone);
    let by_child = cancelled_with(tasks, CancellationToken::child_token);

    let stop = Coordinator::builder().budget(SOON).start()?;
    let mut members = Vec::new();
    for number in 0..tasks {
        members.push(stop.register(format!("task-{number}")).phase(Phase::WORK)?);
    }
    let tokens: Vec<_> = members.iter().map(|member| member.token()).collect();
    if let Some(token) = tokens.first() {
        token.cancel();
    }
    let by_member = tokens.iter().filter(|token| token.is_cancelled()).count();
    let is_running = !stop.is_triggered();
    stop.shutdown();
    let soon = Instant::now() + SOON;
    let told = members
        .iter()
        .filter(|member| member.wait_until(soon))
        .count();
    drop(members);
    let report = stop.wait_blocking();
    Ok(Finding::new(
        by_clone == tasks
            && by_child == 1
            && by_member == 1
            && is_running
            && told == tasks
            && report.is_clean(),
        format!(
            "one of {tasks} tasks cancels what it was given: with clones {by_clone} are cancelled, \
             with children {by_child}"
        ),
        format!(
            "each member's token is a child of a root that never leaves the coordinator: \
             {by_member} of {tasks} cancelled, the service ran on, and the stop reached {told}"
        ),
        [
            ("tasks", tasks as f64),
            ("cancelled_by_clone_tasks", by_clone as f64),
            ("cancelled_by_child_tasks", by_child as f64),
            ("cancelled_by_member_tasks", by_member as f64),
            ("told_to_stop_tasks", told as f64),
        ],
    ))
}

/// How many of so many tasks are cancelled when one cancels the token that it was given.
fn cancelled_with(tasks: usize, give: fn(&CancellationToken) -> CancellationToken) -> usize {
    let root = CancellationToken::new();
    let tokens: Vec<_> = (0..tasks).map(|_| give(&root)).collect();
    if let Some(token) = tokens.first() {
        token.cancel();
    }
    tokens.iter().filter(|token| token.is_cancelled()).count()
}
