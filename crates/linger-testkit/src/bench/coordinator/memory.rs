//! What a member takes: by the growth of a child process that holds very many.
//!
//! So everything counts: what the allocator adds, and what a vector has in reserve and has touched.

use super::ours::{self, PHASES};
use super::parked::{MOST, all_parked, waits};
use crate::bench::{BenchError, Size};
use std::env;
use std::fs;
use std::process::Command;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The first argument of a child that is started to hold what its second says.
pub const HOLDS: &str = "holds";

/// What a child holds.
const OURS: [&str; 2] = ["members", "member-tasks"];
const BARE: [&str; 2] = ["tokens", "token-tasks"];

/// What a member may take.
const LIMIT: u64 = 400;

/// Guards; and tasks that wait, with what a task itself takes.
pub(super) fn sizes(rounds: usize) -> Result<[Size; 2], BenchError> {
    let size = |name, at_most, kind: usize| {
        let all = |what| (0..rounds).map(|_| child(what)).collect::<Result<_, _>>();
        Ok::<_, BenchError>(Size::of(name, at_most, all(BARE[kind])?, all(OURS[kind])?))
    };
    Ok([
        size("coordinator_bytes_member", Some(LIMIT), 0)?,
        size("coordinator_bytes_task", None, 1)?,
    ])
}

/// Asks a child how many bytes it took for each.
fn child(what: &str) -> Result<u64, BenchError> {
    let ended = Command::new(env::current_exe()?)
        .args([HOLDS, what])
        .output()?;
    let said = String::from_utf8_lossy(&ended.stdout).trim().parse();
    match said {
        Ok(bytes) if ended.status.success() => Ok(bytes),
        _ => Err(BenchError::Wrong(format!(
            "a child that holds {what} ended with {}: {}",
            ended.status,
            String::from_utf8_lossy(&ended.stderr)
        ))),
    }
}

/// In the child: makes them, and returns by how many bytes the process has grown for each.
///
/// # Errors
///
/// Nobody knows what that is, or they can't be made.
pub fn holds(what: &str) -> Result<u64, BenchError> {
    let runtime = super::runtime()?;
    match what {
        "members" => {
            let stop = ours::coordinator(1)?;
            grown(|| {
                let member = |_| stop.register("connection").phase(PHASES[0]);
                (0..MOST).map(member).collect::<Result<Vec<_>, _>>()
            })
        }
        "tokens" => {
            let (root, tracker) = (CancellationToken::new(), TaskTracker::new());
            grown(|| {
                let token = |_| (root.child_token(), tracker.token());
                Ok::<Vec<_>, BenchError>((0..MOST).map(token).collect())
            })
        }
        "member-tasks" => {
            let stop = ours::coordinator(1)?;
            grown(|| {
                parked(&runtime, || {
                    for number in 0..MOST {
                        stop.spawn("connection", PHASES[0], move |member| async move {
                            waits(number, member.triggered()).await;
                        })?;
                    }
                    Ok(())
                })
            })
        }
        "token-tasks" => {
            let (root, tracker) = (CancellationToken::new(), TaskTracker::new());
            grown(|| {
                parked(&runtime, || {
                    for number in 0..MOST {
                        let token = root.child_token();
                        tracker.spawn(async move { waits(number, token.cancelled()).await });
                    }
                    Ok(())
                })
            })
        }
        other => Err(BenchError::Wrong(format!("{other:?} can't be held"))),
    }
}

fn parked(
    runtime: &Runtime,
    spawn: impl FnOnce() -> Result<(), BenchError>,
) -> Result<(), BenchError> {
    runtime.block_on(async {
        spawn()?;
        all_parked(MOST).await
    })
}

fn grown<T, E>(make: impl FnOnce() -> Result<T, E>) -> Result<u64, BenchError>
where
    BenchError: From<E>,
{
    let before = resident()?;
    let held = make()?;
    let grown = resident()?.saturating_sub(before);
    drop(held);
    // Lossless, as there are as many addresses.
    Ok(grown / u64::try_from(MOST).unwrap_or(u64::MAX))
}

/// What this process has in memory, in bytes.
fn resident() -> Result<u64, BenchError> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| {
        line.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>()
            .ok()
    });
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| BenchError::Wrong("/proc does not tell what is resident".to_owned()))
}
