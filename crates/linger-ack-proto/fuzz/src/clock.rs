//! Time as the input wants it: standing, creeping, leaping, and now and then a little behind.

use super::input::Input;
use std::time::{Duration, Instant};

/// What one step can be.
pub const STEPS: [Duration; 16] = [
    Duration::ZERO,
    Duration::from_nanos(1),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(20),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(60),
    Duration::from_secs(3_600),
    Duration::from_secs(30 * 86_400),
    Duration::from_secs(100 * 365 * 86_400),
    Duration::from_secs(u32::MAX as u64),
];

/// The time that a machine is told.
pub struct Clock {
    pub now: Instant,
    start: Instant,
    latest: Instant,
}

impl Clock {
    pub fn new() -> Self {
        let now = Instant::now();
        Self {
            now,
            start: now,
            latest: now,
        }
    }

    pub fn step(&mut self, input: &mut Input<'_>) {
        self.now += input.pick(&STEPS);
    }

    /// Up to 255 ms back: whoever read the clock before it waited for a lock comes with such a
    /// time.
    pub fn slip(&mut self, input: &mut Input<'_>) {
        let by = Duration::from_millis(input.byte().into());
        self.latest = self.latest.max(self.now);
        if let Some(before) = self.now.checked_sub(by) {
            self.now = before.max(self.start);
        }
    }

    /// To that time, if it lies ahead.
    pub fn reach(&mut self, at: Option<Instant>) {
        self.now = at.map_or(self.now, |at| at.max(self.now));
    }

    /// To the latest time that there was.
    pub fn catch_up(&mut self) {
        self.now = self.now.max(self.latest);
    }
}
