//! The thread that keeps the hard deadline, whatever hangs.
//!
//! It takes no lock without a limit, logs nothing through tracing, and writes to stderr by way of
//! another thread: each may be what hangs.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::core::Core;
use crate::exit;
use crate::room::Wait;

/// What the engine may be late, before the watchdog concludes in its place.
const TOLERANCE: Duration = Duration::from_millis(5);

/// How long the process has to leave by itself after a report that names members as left behind:
/// their threads may keep a runtime from ending.
const LEAVE: Duration = Duration::from_millis(50);

/// The longest that the list may take to be written.
const WRITE: Duration = Duration::from_millis(50);

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
        end_process(core, list(core));
    }
    core.conclude();
}

/// The report is there. If it names members that may be running yet, they may hold up the end of
/// the process: that must come by hard, too.
fn stay(core: &Core, hard: Instant) {
    let abandoned = core
        .finish
        .report()
        .is_some_and(|report| report.has_abandoned());
    if !core.owns_process || !abandoned {
        return;
    }
    let limit = hard.max(Instant::now()) + LEAVE;
    loop {
        let left = limit.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        thread::park_timeout(left);
    }
    let mut text = "linger: the process still runs after its report:\n".to_owned();
    if let Some(report) = core.finish.report() {
        let _ = write!(text, "{report}");
    }
    end_process(core, text);
}

fn list(core: &Core) -> String {
    let mut text = "linger: deadline passed; still here:\n".to_owned();
    for (phase, room) in core.rooms.iter().enumerate() {
        let (left, whole) = core.left(phase, Wait::Shortly);
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

fn end_process(core: &Core, text: String) {
    let (written, waiting) = sync_channel::<()>(0);
    let process = Arc::clone(&core.process);
    let writer = thread::Builder::new()
        .name("linger-last-words".to_owned())
        .spawn(move || {
            process.write(&text);
            drop(written);
        });
    if writer.is_ok() {
        let _ = waiting.recv_timeout(WRITE);
    }
    core.process.exit(i32::from(exit::WATCHDOG));
}
