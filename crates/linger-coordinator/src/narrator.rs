//! Tells the course of a shutdown, on a thread of its own.
//!
//! A tracing subscriber may block, on a full pipe for one; the engine must not. What is told is
//! in [`line`], how it is logged in [`log`].

mod line;
mod log;

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use self::line::Line;
use self::log::Log;
use crate::report::Report;

/// Lines that may wait; more are lost.
const WAITING: usize = 64;

/// The longest that the report waits for the log to have been written.
const FLUSH: Duration = Duration::from_millis(50);

pub(crate) struct Narrator(Option<SyncSender<Line>>);

impl Narrator {
    pub(crate) fn silent() -> Self {
        Self(None)
    }

    pub(crate) fn start() -> Self {
        let (lines, receiver) = sync_channel(WAITING);
        let thread = thread::Builder::new().name("linger-narrator".to_owned());
        let narrate = move || {
            let mut log = Log::default();
            for line in receiver {
                log.write(line);
            }
        };
        match thread.spawn(narrate) {
            Ok(_) => Self(Some(lines)),
            // No thread, no log: the report says the same.
            Err(_) => Self(None),
        }
    }

    pub(crate) fn say(&self, line: Line) {
        if let Some(lines) = &self.0 {
            let _ = lines.try_send(line);
        }
    }

    /// Logs the report and waits for that, shortly and not past `hard`.
    pub(crate) fn finish(&self, report: Report, hard: Instant) {
        let (logged, waiting) = sync_channel::<()>(0);
        self.say(Line::Stopped(report, logged));
        let _ = waiting.recv_timeout(FLUSH.min(hard.saturating_duration_since(Instant::now())));
    }
}
