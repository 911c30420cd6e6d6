//! Logs the course of a shutdown, on a thread of its own.
//!
//! A tracing subscriber may block, on a full pipe for one; the engine must not.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use crate::phase::Phase;
use crate::reason::Reason;
use crate::report::Report;
use crate::room::Left;

/// Lines that may wait; more are lost.
const WAITING: usize = 64;

/// The longest that the report waits for the log to have been written.
const FLUSH: Duration = Duration::from_millis(50);

/// Names in one line.
const NAMES: usize = 8;

pub(crate) enum Line {
    Triggered {
        reason: Reason,
        budget: Duration,
    },
    Begun {
        phase: Phase,
        members: usize,
        limit: Duration,
    },
    Forced {
        phase: Phase,
        left: Vec<Left>,
    },
    Ended {
        phase: Phase,
    },
    Progress {
        phase: Phase,
        left: Vec<Left>,
        time: Duration,
    },
    /// The second part is dropped when everything has been logged.
    Stopped(Report, SyncSender<()>),
}

pub(crate) struct Narrator(Option<SyncSender<Line>>);

impl Narrator {
    pub(crate) fn silent() -> Self {
        Self(None)
    }

    pub(crate) fn start() -> Self {
        let (lines, receiver) = sync_channel(WAITING);
        let thread = thread::Builder::new().name("linger-narrator".to_owned());
        match thread.spawn(move || narrate(&receiver)) {
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

fn narrate(lines: &Receiver<Line>) {
    for line in lines {
        match line {
            Line::Triggered { reason, budget } => {
                info!(%reason, ?budget, "shutdown begins");
            }
            Line::Begun {
                phase,
                members,
                limit,
            } => {
                info!(%phase, members, ?limit, "phase begins");
            }
            Line::Forced { phase, left } => {
                warn!(%phase, left = names(&left), "phase is forced");
            }
            Line::Ended { phase } => info!(%phase, "phase ended"),
            Line::Progress { phase, left, time } => {
                info!(%phase, remaining = left.len(), left = names(&left), ?time, "still stopping");
            }
            Line::Stopped(report, _logged) => {
                if report.is_clean() {
                    info!(took = ?report.took(), reason = %report.reason(), "stopped");
                } else {
                    warn!(%report, "stopped, not clean");
                }
            }
        }
    }
}

fn names(left: &[Left]) -> String {
    let mut text = left
        .iter()
        .take(NAMES)
        .map(Left::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if left.len() > NAMES {
        text.push_str(&format!(", and {} more", left.len() - NAMES));
    }
    text
}
