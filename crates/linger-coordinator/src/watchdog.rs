//! The thread that keeps the hard deadline, whatever hangs.
//!
//! It takes no lock without a limit, logs nothing through tracing, and writes to stderr by way of
//! another thread: each may be what hangs.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::budget;
use crate::core::Core;
use crate::exit;

/// What the engine may be late, before the watchdog concludes in its place.
const TOLERANCE: Duration = Duration::from_millis(5);

/// The longest until somebody writes the list, on a busy machine.
const START: Duration = Duration::from_millis(50);

/// The longest that it may take to be written: stderr may be a full pipe.
const WRITE: Duration = Duration::from_millis(5);

pub(crate) fn run(core: &Core) {
    let hard = loop {
        match core.inbox.hard() {
            Some(hard) => break hard,
            None => thread::park(),
        }
    };
    let limit = hard + TOLERANCE;
    while !core.inbox.is_finished() {
        let left = limit.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return overrun(core);
        }
        thread::park_timeout(left);
    }
    stay(core, hard);
}

/// Hard has come, and no report.
fn overrun(core: &Core) {
    if core.owns_process {
        end_process(core, list(core, "deadline passed"), exit::WATCHDOG);
    }
    core.conclude();
}

/// The report is there. If it names members that were not done in time, what they left running may
/// hold up the end of the process: that must come by hard, too.
fn stay(core: &Core, hard: Instant) {
    let report = core.finish.report().filter(|report| report.is_incomplete());
    let Some(report) = report.filter(|_| core.owns_process) else {
        return;
    };
    // If the report came late, the process has the same time for its end.
    let limit = hard.max(Instant::now() + budget::leave(core.plan.budget()));
    loop {
        let left = limit.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        thread::park_timeout(left);
    }
    let text = format!("linger: the process still runs after its report:\n{report}");
    end_process(core, text, exit::WATCHDOG);
}

/// Ends the process at a third signal: at once, but not without a word.
pub(crate) fn give_up(core: &Core, signal: i32) {
    end_process(core, list(core, "third signal"), exit::by_signal(signal));
}

fn list(core: &Core, why: &str) -> String {
    let mut text = format!("linger: {why}; still here:\n");
    for (phase, room) in core.rooms.iter().enumerate() {
        let (left, whole) = core.left_behind(phase);
        for member in left {
            let _ = writeln!(text, "  {}: {member}", room.phase());
        }
        if !whole {
            let _ = writeln!(
                text,
                "  {}: part of the list could not be read",
                room.phase()
            );
        }
    }
    text
}

fn end_process(core: &Core, text: String, code: u8) {
    let (progress, waiting) = sync_channel(1);
    let process = Arc::clone(&core.process);
    let writer = thread::Builder::new()
        .name("linger-last-words".to_owned())
        .spawn(move || {
            // There is room for it.
            let _ = progress.try_send(());
            process.write(&text);
            drop(progress);
        });
    if writer.is_ok() {
        let started = waiting.recv_timeout(START).is_ok();
        let _ = waiting.recv_timeout(if started { WRITE } else { Duration::ZERO });
    }
    core.process.exit(i32::from(code));
}
