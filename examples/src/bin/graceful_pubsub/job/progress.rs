//! Progress on stderr, a line a second.

use std::time::Instant;

use super::plan::PROGRESS;
use super::watch::Watch;
use crate::ways::Way;

/// Shows how far a run has come, from time to time.
pub(super) struct Progress {
    way: Way,
    begun: Instant,
    next: Instant,
}

impl Progress {
    pub(super) fn of(way: Way) -> Self {
        let begun = Instant::now();
        Self {
            way,
            begun,
            next: begun + PROGRESS,
        }
    }

    /// When the next line is due.
    pub(super) const fn next(&self) -> Instant {
        self.next
    }

    /// Shows a line if one is due.
    pub(super) fn show_if_due(&mut self, watch: &Watch) {
        let now = Instant::now();
        if now >= self.next {
            self.next = now + PROGRESS;
            self.show(&watch.progress());
        }
    }

    /// Shows a line now.
    pub(super) fn show(&self, text: &str) {
        let passed = self.begun.elapsed().as_secs_f64();
        crate::say(&format!("{:<6} {passed:5.1} s  {text}", self.way));
    }
}
