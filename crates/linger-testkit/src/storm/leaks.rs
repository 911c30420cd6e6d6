//! What the process holds of the system: descriptors and threads.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How many there are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
}

impl Held {
    /// Counts them; `None` where the system has no `/proc`.
    pub(crate) fn now() -> Option<Self> {
        let count = |folder: &str| {
            let entries = Path::new(folder).read_dir().ok()?;
            Some(entries.filter(Result::is_ok).count())
        };
        Some(Self {
            descriptors: count("/proc/self/fd")?,
            threads: count("/proc/self/task")?,
        })
    }

    /// What is held beyond this by `deadline`; nothing, as soon as that is so.
    pub(crate) fn beyond(&self, deadline: Instant) -> Self {
        loop {
            let now = Self::now().unwrap_or(*self);
            let left = Self {
                descriptors: now.descriptors.saturating_sub(self.descriptors),
                threads: now.threads.saturating_sub(self.threads),
            };
            if (left.descriptors, left.threads) == (0, 0) || Instant::now() >= deadline {
                return left;
            }
            // Nobody announces it.
            thread::park_timeout(Duration::from_millis(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn what_is_held_beyond_is_counted() {
        let Some(before) = Held::now() else { return };
        // More than other tests of this process are likely to let go meanwhile.
        let held: Vec<File> = (0..500)
            .map(|_| File::open("/proc/self/status").unwrap())
            .collect();
        assert!(before.beyond(Instant::now()).descriptors > 250);
        drop(held);
    }
}
