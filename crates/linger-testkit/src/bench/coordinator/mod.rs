//! What it costs to be stopped by the coordinator, beside what else there is.
//!
//! | figure | bare | ours |
//! |---|---|---|
//! | `coordinator_flat_1k`, `…_10k`, `…_100k` | tasks of a `TaskTracker`, each with a child of one `CancellationToken`: from `cancel` to the end of `wait` | tasks by [`spawn`](linger::Coordinator::spawn) that await `triggered`: from the trigger to the report |
//! | `coordinator_phases_1k`, … | five roots and five trackers, one after the other | five phases, a fifth of the members in each |
//! | `coordinator_clones_1k`, … | the tasks hold clones of one token | as `flat` |
//! | `coordinator_subsystems_10k` | tokio-graceful-shutdown, a subsystem for each | as `flat` |
//! | `coordinator_subsystems_in_100` | the same, in a hundred subsystems of a hundred each | as `flat` |
//! | `coordinator_tokens_10k` | as `flat` | tasks that await [`token`](linger::Member::token) |
//! | `coordinator_register`, `…_2_threads` | a child token and a token of the tracker, dropped at once | [`register`](linger::Coordinator::register), dropped at once |
//! | `coordinator_bytes_member` | a child token and a token of the tracker | a registered guard |
//! | `coordinator_bytes_task` | a task of the tracker that waits for its token | a task by `spawn` that awaits `triggered` |
//! | `coordinator_flag` | a loop of some 10 ns | the same with a look at [`is_triggered`](linger::Member::is_triggered) |
//!
//! A task counts as parked once it has returned `Pending`, and the clock starts when all are. It
//! stops when whoever waits knows that all have ended: with our report in hand, or after the wait of
//! the last tracker. Only then are both sides asked whether each task ran to its end, and ours whether
//! its report lists each member, by name and as done: that list is made when somebody looks at it.

mod flag;
mod memory;
mod ours;
mod parked;
mod peers;
mod register;
mod trigger;

use self::trigger::Peer;
use super::{BenchError, Effort, Plan, Rounds};
use tokio::runtime::Runtime;

pub use memory::{HOLDS, holds};
use parked::MOST;

/// Workers of the runtime, which all sides share.
const WORKERS: usize = 2;

/// The figures of the coordinator; for a test without those of many members, and the sizes.
///
/// The program that calls it must answer `[HOLDS, what]` as its arguments with what [`holds`]
/// returns, on stdout: it is started for that.
///
/// # Errors
///
/// If a runtime or a coordinator can't be had, a task does not end, or a report misses a member.
pub fn run(plan: &mut Plan<'_>) -> Result<(), BenchError> {
    let runtime = &runtime()?;
    let rounds = match plan.effort() {
        Effort::Full => Rounds::FULL,
        Effort::Quick | Effort::Smoke => Rounds::QUICK,
    };
    let most = plan.effort().pick(MOST, MOST, 1_000);
    let shutdowns = [
        ("coordinator_flat_1k", 1_000, Peer::Children { phases: 1 }),
        ("coordinator_flat_10k", 10_000, Peer::Children { phases: 1 }),
        ("coordinator_flat_100k", MOST, Peer::Children { phases: 1 }),
        ("coordinator_phases_1k", 1_000, Peer::Children { phases: 5 }),
        (
            "coordinator_phases_10k",
            10_000,
            Peer::Children { phases: 5 },
        ),
        (
            "coordinator_phases_100k",
            MOST,
            Peer::Children { phases: 5 },
        ),
        ("coordinator_clones_1k", 1_000, Peer::Clones),
        ("coordinator_clones_10k", 10_000, Peer::Clones),
        ("coordinator_clones_100k", MOST, Peer::Clones),
        (
            "coordinator_subsystems_10k",
            10_000,
            Peer::Subsystems { groups: 1 },
        ),
        (
            "coordinator_subsystems_in_100",
            10_000,
            Peer::Subsystems { groups: 100 },
        ),
        ("coordinator_tokens_10k", 10_000, Peer::Tokens),
    ];
    for (name, count, peer) in shutdowns {
        if count <= most && plan.wants(name) {
            plan.figure(trigger::to_last(runtime, rounds, name, count, peer)?);
        }
    }
    for (name, threads) in [
        ("coordinator_register", 1),
        ("coordinator_register_2_threads", 2),
    ] {
        if plan.wants(name) {
            plan.figure(register::and_drop(rounds, name, threads)?);
        }
    }
    if plan.wants("coordinator_flag") {
        plan.figure(flag::check(rounds)?);
    }
    if most >= MOST && plan.wants("coordinator_bytes") {
        for size in memory::sizes(rounds.count.min(9))? {
            plan.size(size);
        }
    }
    Ok(())
}

fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_time()
        .build()
}
