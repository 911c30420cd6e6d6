//! How long a closed socket may go on sending: the limit asked for, and the value applied.

use std::time::Duration;

/// The linger of a socket that was opened without one: 1 second.
///
/// A `SUB` socket is the exception: all it could have left to send is subscriptions, so its
/// default is 0, as it is libzmq's own.
pub const DEFAULT_LINGER: Duration = Duration::from_secs(1);

/// What the opener asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Finite(Duration),
    Forever,
}

impl Limit {
    pub(crate) fn default_for(kind: zmq::SocketType) -> Self {
        match kind {
            zmq::SUB => Self::Finite(Duration::ZERO),
            _ => Self::Finite(DEFAULT_LINGER),
        }
    }

    pub(crate) fn duration(self) -> Option<Duration> {
        match self {
            Self::Finite(limit) => Some(limit),
            Self::Forever => None,
        }
    }

    /// What libzmq is told while the socket is open.
    ///
    /// It counts only if the owner had to be woken by `ETERM`, when nothing can be set any more:
    /// so even "for ever" is finite here, or the context could never end.
    pub(crate) fn while_open(self) -> Applied {
        Applied::rounded_up(self.duration().unwrap_or(DEFAULT_LINGER))
    }

    /// What libzmq is told right before the close; `left` is what a close deadline leaves.
    pub(crate) fn at_close(self, left: Option<Duration>) -> Applied {
        match (self, left) {
            (Self::Finite(limit), Some(left)) if limit <= left => Applied::rounded_up(limit),
            (_, Some(left)) => Applied::rounded_down(left),
            (Self::Finite(limit), None) => Applied::rounded_up(limit),
            (Self::Forever, None) => Applied {
                raw: -1,
                whole: None,
            },
        }
    }

    /// As [`at_close`](Self::at_close), of a socket that went on sending for `waited` before the
    /// close: that counts, but `least` is left for it, if it had as much.
    pub(crate) fn at_close_after(
        self,
        waited: Duration,
        least: Duration,
        left: Option<Duration>,
    ) -> Applied {
        let rest = match self {
            Self::Finite(limit) => Self::Finite(limit.saturating_sub(waited).max(least.min(limit))),
            Self::Forever => Self::Forever,
        };
        let applied = rest.at_close(left);
        let whole = applied.limit().map(|rest| {
            let whole = in_millis(waited + rest);
            self.duration().map_or(whole, |limit| limit.min(whole))
        });
        Applied { whole, ..applied }
    }
}

/// A value of `ZMQ_LINGER`: milliseconds, or -1 for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    raw: i32,
    whole: Option<Duration>,
}

impl Applied {
    fn new(raw: i32) -> Self {
        let whole = u64::try_from(raw).ok().map(Duration::from_millis);
        Self { raw, whole }
    }

    /// A limit above 0 must not become 0, which means "discard".
    fn rounded_up(limit: Duration) -> Self {
        Self::new(i32::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX))
    }

    /// What a deadline leaves must not be exceeded.
    fn rounded_down(left: Duration) -> Self {
        Self::new(i32::try_from(left.as_millis()).unwrap_or(i32::MAX))
    }

    pub(crate) fn raw(self) -> i32 {
        self.raw
    }

    /// The same as a duration, from the close on; `None` is for ever.
    pub(crate) fn limit(self) -> Option<Duration> {
        u64::try_from(self.raw).ok().map(Duration::from_millis)
    }

    /// What it comes to with the time before the close in which it went on sending.
    pub(crate) fn whole(self) -> Option<Duration> {
        self.whole
    }
}

fn in_millis(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_limit_above_zero_never_becomes_discard() {
        let tiny = Limit::Finite(Duration::from_micros(10));
        assert_eq!(tiny.at_close(None).raw(), 1);
        assert_eq!(Limit::Finite(Duration::ZERO).at_close(None).raw(), 0);
    }

    #[test]
    fn a_deadline_clamps_and_is_never_exceeded() {
        let limit = Limit::Finite(100 * MS);
        assert_eq!(limit.at_close(Some(250 * MS)).raw(), 100);
        assert_eq!(
            limit.at_close(Some(Duration::from_micros(40_900))).raw(),
            40
        );
        assert_eq!(limit.at_close(Some(Duration::ZERO)).raw(), 0);
    }

    #[test]
    fn for_ever_is_finite_under_a_deadline_and_while_open() {
        assert_eq!(Limit::Forever.at_close(None).limit(), None);
        assert_eq!(Limit::Forever.at_close(Some(7 * MS)).limit(), Some(7 * MS));
        assert_eq!(Limit::Forever.while_open().limit(), Some(DEFAULT_LINGER));
    }

    #[test]
    fn the_time_before_the_close_counts_as_linger() {
        let limit = Limit::Finite(100 * MS);
        let early = limit.at_close_after(30 * MS, 10 * MS, None);
        assert_eq!((early.raw(), early.whole()), (70, Some(100 * MS)));
        let late = limit.at_close_after(250 * MS, 10 * MS, None);
        assert_eq!((late.raw(), late.whole()), (10, Some(100 * MS)));
        let cut = limit.at_close_after(30 * MS, 10 * MS, Some(20 * MS));
        assert_eq!((cut.raw(), cut.whole()), (20, Some(50 * MS)));
        let endless = Limit::Forever.at_close_after(30 * MS, 10 * MS, Some(20 * MS));
        assert_eq!((endless.raw(), endless.whole()), (20, Some(50 * MS)));
    }

    #[test]
    fn waiting_gives_no_linger_to_what_had_none() {
        let none = Limit::Finite(Duration::ZERO).at_close_after(250 * MS, 10 * MS, None);
        assert_eq!((none.raw(), none.whole()), (0, Some(Duration::ZERO)));
        let tiny = Limit::Finite(3 * MS).at_close_after(250 * MS, 10 * MS, None);
        assert_eq!((tiny.raw(), tiny.whole()), (3, Some(3 * MS)));
    }

    #[test]
    fn the_longest_limit_fits() {
        assert_eq!(Limit::Finite(Duration::MAX).at_close(None).raw(), i32::MAX);
    }
}
