//! How far a close or a flush is, once a second.

use super::core::Core;
use linger_ack_proto::Progress;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(1);

/// Since when somebody waits for members to acknowledge, and how far these were at the last look.
#[derive(Debug, Default)]
pub(super) struct Drain(Option<Progress>);

impl Drain {
    /// A line such as "2/3 acked, 1,204 outstanding, slowest: risk-1 (44 of 1,248, 310/s)", once
    /// a drain has gone on for another second.
    pub(super) fn look(&mut self, core: &Core, now: Instant) -> Option<String> {
        let is_draining = core.closing.is_some() || core.flushes > 0;
        if !is_draining || core.report.is_some() {
            self.0 = None;
            return None;
        }
        if self.due().is_some_and(|due| now < due) {
            return None;
        }
        let progress = core.machine.progress(now);
        let line = self.0.as_ref();
        let line = line.map(|last| progress.line_since(last).to_string());
        self.0 = Some(progress);
        line
    }

    /// When to look again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.0.as_ref().map(|last| last.at + EVERY)
    }
}
