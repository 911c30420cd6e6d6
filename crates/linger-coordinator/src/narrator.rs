//! Tells the course of a shutdown, on a thread of its own.
//!
//! A tracing subscriber may block, on a full pipe for one; the engine must not. What is told is
//! in [`line`], how it is logged in [`log`].

mod line;
mod log;

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing::dispatcher;

pub(crate) use self::line::Line;
use self::log::Log;
use crate::core::Core;
use crate::report::Report;
#[cfg(feature = "systemd")]
use crate::systemd::Systemd;

/// Lines that may wait; more are lost.
const WAITING: usize = 64;

/// The longest that the report waits for the log to have been written.
const FLUSH: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(crate) struct Narrator {
    log: Option<SyncSender<Line>>,
    #[cfg(feature = "systemd")]
    systemd: Option<Systemd>,
}

impl Narrator {
    pub(crate) fn silent() -> Self {
        Self::default()
    }

    #[cfg_attr(not(feature = "systemd"), expect(unused_variables))]
    pub(crate) fn start(core: &Core) -> Self {
        Self {
            log: start_log(),
            #[cfg(feature = "systemd")]
            systemd: core.systemd.clone(),
        }
    }

    pub(crate) fn say(&self, line: Line) {
        #[cfg(feature = "systemd")]
        if let Some(systemd) = &self.systemd {
            systemd.hear(&line);
        }
        if let Some(lines) = &self.log {
            let _ = lines.try_send(line);
        }
    }

    /// Tells the report and waits for that, shortly and not past `hard`.
    pub(crate) fn finish(&self, report: Report, hard: Instant) {
        let (logged, waiting) = sync_channel::<()>(0);
        self.say(Line::Stopped(report, logged));
        // What is left after that is the process's, to end in.
        let left = hard.saturating_duration_since(Instant::now());
        let _ = waiting.recv_timeout(FLUSH.min(left / 2));
    }
}

/// Where lines for the log go, if anybody has ever wanted any.
fn start_log() -> Option<SyncSender<Line>> {
    if !dispatcher::has_been_set() {
        return None;
    }
    let (lines, receiver) = sync_channel(WAITING);
    let thread = thread::Builder::new().name("linger-narrator".to_owned());
    let narrate = move || {
        let mut log = Log::default();
        for line in receiver {
            log.write(line);
        }
    };
    // No thread, no log: the report says the same.
    thread.spawn(narrate).is_ok().then_some(lines)
}
