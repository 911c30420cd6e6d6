//! What is told of a shutdown.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use crate::machine::Course;
use crate::phase::Phase;
use crate::reason::Reason;
use crate::report::Report;
use crate::room::{Left, Room};

/// Names in one line.
const NAMES: usize = 8;

pub(crate) enum Line {
    Triggered {
        reason: Reason,
        budget: Duration,
        #[cfg(feature = "systemd")]
        hard: Instant,
    },
    Begun {
        #[cfg(feature = "systemd")]
        rooms: Vec<Arc<Room>>,
        phase: Phase,
        members: usize,
        limit: Duration,
    },
    Forced {
        phase: Phase,
        left: Vec<Left>,
    },
    Ended {
        /// Of the phase: its own, and those of parts.
        rooms: Vec<Arc<Room>>,
        course: Course,
        armed: Instant,
    },
    Progress {
        phase: Phase,
        left: Vec<Left>,
        time: Duration,
    },
    /// The second part is dropped when everything has been told.
    Stopped(Report, SyncSender<()>),
}

/// Some members by name, and how many more there are.
pub(crate) fn names(left: &[Left]) -> String {
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
