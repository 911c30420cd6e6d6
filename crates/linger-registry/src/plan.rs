//! The moments of one close, from its deadline.

use std::time::{Duration, Instant};

/// Kept back for waking owners by `ETERM` and ending the context: a fifth of the time, at most this.
const RESERVE: Duration = Duration::from_millis(400);

/// When what has to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// No linger lasts longer: what expires here is still read before the context ends.
    pub(crate) linger_until: Instant,
    /// Whoever still holds a socket is woken by `ETERM`.
    pub(crate) terminate_at: Instant,
    /// The report is made.
    pub(crate) deadline: Instant,
}

impl Plan {
    pub(crate) fn new(now: Instant, deadline: Instant) -> Self {
        let reserve = (deadline.saturating_duration_since(now) / 5).min(RESERVE);
        // A deadline in the past, or too near the origin of the clock, leaves no reserve.
        let before = |moment: Duration| deadline.checked_sub(moment).unwrap_or(deadline);
        Self {
            linger_until: before(reserve),
            terminate_at: before(reserve / 2),
            deadline,
        }
    }

    /// What is left for a linger that begins now.
    pub(crate) fn linger_left(&self, now: Instant) -> Duration {
        self.linger_until.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_kept_and_is_bounded() {
        let now = Instant::now();
        let short = Plan::new(now, now + Duration::from_secs(1));
        assert_eq!(short.linger_until, now + Duration::from_millis(800));
        assert_eq!(short.terminate_at, now + Duration::from_millis(900));
        let long = Plan::new(now, now + Duration::from_secs(60));
        assert_eq!(long.deadline - long.linger_until, RESERVE);
    }

    #[test]
    fn a_deadline_in_the_past_leaves_nothing() {
        let now = Instant::now();
        let past = now.checked_sub(Duration::from_millis(5)).unwrap_or(now);
        let plan = Plan::new(now, past);
        assert_eq!(plan.linger_left(now), Duration::ZERO);
        assert!(plan.terminate_at <= now);
    }
}
