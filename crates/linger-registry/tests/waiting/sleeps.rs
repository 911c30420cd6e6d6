//! Whether a thread that waits does so asleep, rather than by asking again and again.

use std::fs;

use crate::support::eventually;

/// The thread of that name goes to sleep, and does so again and again. One that spins never does,
/// however little of the processor it gets.
#[track_caller]
pub(crate) fn sleeps_now_and_then(name: &str) {
    let began = sleeps(name);
    eventually("the thread sleeps", || sleeps(name) >= began + 20);
}

/// How often the thread of that name gave the processor up by itself.
fn sleeps(name: &str) -> u64 {
    let name = format!("Name:\t{name}\n");
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let status = tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("status")).ok())
        .find(|status| status.starts_with(&name))
        .unwrap();
    let count = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
        .unwrap();
    count.trim().parse().unwrap()
}
