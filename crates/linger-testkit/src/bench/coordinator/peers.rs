//! The same shutdown by what else there is.

use super::parked::{all_ended, all_parked, reset, waits};
use crate::bench::BenchError;
use linger::linger_coordinator::BoxError;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio_graceful_shutdown::{SubsystemBuilder, SubsystemHandle, Toplevel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Which token a task waits for.
#[derive(Clone, Copy)]
pub(super) enum Token {
    /// A child of its own: it may cancel it, and nobody else is told.
    Child,
    /// A clone of the root: whoever cancels it cancels all.
    Clone,
}

/// A root token and a tracker for each of so many phases, one after the other.
pub(super) fn tokens(
    runtime: &Runtime,
    count: usize,
    phases: usize,
    token: Token,
) -> Result<Duration, BenchError> {
    reset();
    let took = runtime.block_on(async {
        let phase = || (CancellationToken::new(), TaskTracker::new());
        let all: Vec<_> = (0..phases).map(|_| phase()).collect();
        for number in 0..count {
            let (root, tracker) = &all[number * phases / count];
            let token = match token {
                Token::Child => root.child_token(),
                Token::Clone => root.clone(),
            };
            tracker.spawn(async move { waits(number, token.cancelled()).await });
        }
        all_parked(count).await?;
        let begun = Instant::now();
        for (root, tracker) in &all {
            tracker.close();
            root.cancel();
            tracker.wait().await;
        }
        Ok::<_, BenchError>(begun.elapsed())
    })?;
    all_ended(count)?;
    Ok(took)
}

/// tokio-graceful-shutdown: a subsystem for each, in groups with a subsystem around each group, or
/// all under one.
pub(super) fn subsystems(
    runtime: &Runtime,
    count: usize,
    groups: usize,
) -> Result<Duration, BenchError> {
    reset();
    let took = runtime.block_on(async {
        let root = CancellationToken::new();
        let all = async move |top: &mut SubsystemHandle| {
            if groups < 2 {
                start(top, 0, count);
                return;
            }
            for group in 0..groups {
                let (from, to) = (group * count / groups, (group + 1) * count / groups);
                let members = async move |group: &mut SubsystemHandle| {
                    start(group, from, to);
                    group.on_shutdown_requested().await;
                    Ok::<_, BoxError>(())
                };
                top.start(SubsystemBuilder::new("group", members));
            }
        };
        let top = Toplevel::new_with_shutdown_token(all, root.clone());
        all_parked(count).await?;
        let begun = Instant::now();
        root.cancel();
        let ended = top.handle_shutdown_requests(super::ours::BUDGET).await;
        let took = begun.elapsed();
        match ended {
            Ok(()) => Ok(took),
            Err(error) => Err(BenchError::Wrong(error.to_string())),
        }
    })?;
    all_ended(count)?;
    Ok(took)
}

fn start(parent: &SubsystemHandle, from: usize, to: usize) {
    for number in from..to {
        let member = async move |member: &mut SubsystemHandle| {
            waits(number, member.on_shutdown_requested()).await;
            Ok::<_, BoxError>(())
        };
        parent.start(SubsystemBuilder::new("member", member));
    }
}
