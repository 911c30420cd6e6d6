//! When a phase ends: one budget, caps, reserves. `BUDGET.md` works an example out.
//!
//! A phase ends at `min(start + cap, hard - the longest way of reserves after it)`. The last part
//! of that time, its *grace* (a tenth, at most 200 ms), is for what did not end by itself:
//!
//! ```text
//! start             force        abort         end
//!   |---- members ----|-- heed it --|-- unwind --|
//! ```

use std::time::{Duration, Instant};

use crate::plan::PlannedPhase;

/// The longest time between telling members that they are forced and giving them up.
pub(crate) const GRACE: Duration = Duration::from_millis(200);

/// The longest that a process which is owned has to end by itself, after its report.
const LEAVE: Duration = Duration::from_millis(50);

/// How much of a budget that is: the end of the process is in the budget, too.
pub(crate) fn leave(budget: Duration) -> Duration {
    LEAVE.min(budget / 20)
}

/// A longer budget counts as this: `Instant` can't add just any duration.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The time of one phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: Instant,
    /// Members are told that they are forced: their deadline.
    pub(crate) force: Instant,
    /// Tasks are aborted.
    pub(crate) abort: Instant,
    /// What is left is given up, and the next phase begins.
    pub(crate) end: Instant,
}

impl Window {
    /// Nothing can be done in it: hooks are not even begun.
    pub(crate) fn is_empty(&self) -> bool {
        self.end <= self.start
    }

    pub(crate) fn length(&self) -> Duration {
        self.end.saturating_duration_since(self.start)
    }

    /// The window once a member has advanced at `at`: with patience it may end later.
    ///
    /// `None` if that changes nothing.
    pub(crate) fn extended(
        self,
        limits: &PlannedPhase,
        at: Instant,
        hard: Instant,
    ) -> Option<Self> {
        let latest = hard.checked_sub(limits.tail)?;
        let end = (at + limits.patience.min(LONGEST)).min(latest);
        let later = end
            .checked_duration_since(self.end)
            .filter(|by| !by.is_zero())?;
        Some(Self {
            start: self.start,
            force: self.force + later,
            abort: self.abort + later,
            end,
        })
    }

    /// The window after a second signal at `now`: forced at once, given up after the reserve.
    pub(crate) fn hurried(self, now: Instant, reserve: Duration) -> Self {
        let end = self.end.min(now + reserve.max(GRACE)).max(now);
        Self {
            start: self.start,
            force: self.force.min(now),
            abort: self.abort.min(now + (end - now) / 2),
            end,
        }
    }
}

/// The window of a phase that starts at `start`.
///
/// `hurried` after a second signal: its reserve is all that it gets, and without one it is forced
/// as it begins.
pub(crate) fn window(
    limits: &PlannedPhase,
    start: Instant,
    hard: Instant,
    hurried: bool,
) -> Window {
    let cap = if hurried {
        limits.reserve.max(GRACE).min(limits.cap)
    } else {
        limits.cap
    };
    let latest = hard.checked_sub(limits.tail).unwrap_or(start);
    let end = (start + cap).min(latest).max(start);
    let length = end - start;
    let grace = if hurried && limits.reserve.is_zero() {
        length
    } else {
        GRACE.min(length / 10)
    };
    Window {
        start,
        force: end - grace,
        abort: end - grace / 2,
        end,
    }
}

#[cfg(test)]
mod example;
#[cfg(test)]
mod graphs;
#[cfg(test)]
mod tests;
