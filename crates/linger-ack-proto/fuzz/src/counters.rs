//! Counters of any machine: none ever goes back.

use std::fmt::Debug;

/// The counters as they last stood.
#[derive(Default)]
pub struct Counters {
    last: Vec<u64>,
}

impl Counters {
    /// Reads the numbers from what `Debug` shows, so that a new counter is looked at too.
    pub fn look(&mut self, counters: &impl Debug) {
        let text = format!("{counters:?}");
        let digits = text.split(|c: char| !c.is_ascii_digit());
        let now: Vec<u64> = digits.filter_map(|word| word.parse().ok()).collect();
        assert!(!now.is_empty());
        let before = self.last.iter().chain(std::iter::repeat(&0));
        for (now, before) in now.iter().zip(before) {
            assert!(now >= before, "a counter went back: {text}");
        }
        self.last = now;
    }
}
