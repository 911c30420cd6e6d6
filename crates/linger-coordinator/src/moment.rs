//! An instant that many threads read and one sets, without a lock.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::sync::{AtomicU64, Ordering};

/// What moments count from.
static BASE: LazyLock<Instant> = LazyLock::new(Instant::now);

/// An instant, to the nanosecond, or none yet.
#[derive(Debug)]
pub(crate) struct Moment(AtomicU64);

impl Moment {
    pub(crate) fn none() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }

    pub(crate) fn get(&self) -> Option<Instant> {
        let nanos = self.0.load(Ordering::Acquire);
        (nanos != u64::MAX).then(|| *BASE + Duration::from_nanos(nanos))
    }

    /// Sets it.
    pub(crate) fn set(&self, at: Instant) {
        self.0.store(nanos(at), Ordering::Release);
    }

    /// Sets it, unless it is earlier already; what is before the first moment of all counts as that.
    pub(crate) fn bring_forward(&self, at: Instant) {
        self.0.fetch_min(nanos(at), Ordering::AcqRel);
    }
}

fn nanos(at: Instant) -> u64 {
    let since = at.saturating_duration_since(*BASE).as_nanos();
    // Some 580 years.
    u64::try_from(since).unwrap_or(u64::MAX - 1)
}
