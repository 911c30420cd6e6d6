//! How long a closed socket may go on sending: the limit asked for, and the value applied.

use std::fmt;
use std::time::Duration;

use crate::text::Brief;

/// The linger of a socket that was opened without one: 1 second.
///
/// A `SUB` socket is the exception: all it could have left to send is subscriptions, so its
/// default is 0, as it is libzmq's own.
pub const DEFAULT_LINGER: Duration = Duration::from_secs(1);

/// How long a socket may go on sending after it was dropped.
///
/// Whatever is said, a close cuts it to what its deadline leaves. A [`Duration`] is a
/// [`Limit`](Self::Limit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Linger {
    /// So long: from 0 to 24 days, counted in milliseconds, rounded up.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "limit_ms", serialize_with = "crate::serial::millis")
    )]
    Limit(Duration),
    /// Whatever the close's deadline leaves; [`DEFAULT_LINGER`] if it is dropped before a close.
    WhatIsLeft,
    /// Not at all: what is queued when it is dropped is of no use to anyone.
    ///
    /// The report says [`Discarded`](crate::Outcome::Discarded), which counts as clean.
    Discard,
    /// For ever, or until the close's deadline.
    ///
    /// libzmq can't be told of a deadline once a socket is closed. So a socket that is dropped
    /// before a close begins is kept open until then, and sends what is queued: its addresses stay
    /// bound, its connections up, and it takes room in the context. If its owner has to be woken by
    /// `ETERM`, [`DEFAULT_LINGER`] counts. If there never is a close it does last for ever, or as
    /// long as the process.
    ForEverUntilTheCloseDeadline,
}

impl From<Duration> for Linger {
    fn from(limit: Duration) -> Self {
        Self::Limit(limit)
    }
}

impl fmt::Display for Linger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(limit) => write!(f, "{}", Brief(*limit)),
            Self::WhatIsLeft => f.write_str("what is left"),
            Self::Discard => f.write_str("discard"),
            Self::ForEverUntilTheCloseDeadline => f.write_str("for ever"),
        }
    }
}

impl Linger {
    pub(crate) fn default_for(kind: zmq::SocketType) -> Self {
        match kind {
            zmq::SUB => Self::Limit(Duration::ZERO),
            _ => Self::Limit(DEFAULT_LINGER),
        }
    }

    /// The limit that it has in itself; `None` if only a deadline ends it.
    pub(crate) fn duration(self) -> Option<Duration> {
        match self {
            Self::Limit(limit) => Some(limit),
            Self::Discard => Some(Duration::ZERO),
            Self::WhatIsLeft | Self::ForEverUntilTheCloseDeadline => None,
        }
    }

    pub(crate) fn is_for_ever(self) -> bool {
        self == Self::ForEverUntilTheCloseDeadline
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
        match (self.duration(), left) {
            (Some(limit), Some(left)) if limit <= left => Applied::rounded_up(limit),
            (_, Some(left)) => Applied::rounded_down(left),
            (Some(limit), None) => Applied::rounded_up(limit),
            (None, None) if self.is_for_ever() => Applied {
                raw: -1,
                whole: None,
            },
            (None, None) => Self::Limit(DEFAULT_LINGER).at_close(None),
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
        if self == Self::WhatIsLeft && left.is_none() {
            return Self::Limit(DEFAULT_LINGER).at_close_after(waited, least, None);
        }
        let rest = match self.duration() {
            Some(limit) => Self::Limit(limit.saturating_sub(waited).max(least.min(limit))),
            None => self,
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
        let tiny = Linger::Limit(Duration::from_micros(10));
        assert_eq!(tiny.at_close(None).raw(), 1);
        assert_eq!(Linger::Limit(Duration::ZERO).at_close(None).raw(), 0);
    }

    #[test]
    fn a_deadline_clamps_and_is_never_exceeded() {
        let limit = Linger::Limit(100 * MS);
        assert_eq!(limit.at_close(Some(250 * MS)).raw(), 100);
        assert_eq!(
            limit.at_close(Some(Duration::from_micros(40_900))).raw(),
            40
        );
        assert_eq!(limit.at_close(Some(Duration::ZERO)).raw(), 0);
    }

    #[test]
    fn for_ever_is_finite_under_a_deadline_and_while_open() {
        assert_eq!(
            Linger::ForEverUntilTheCloseDeadline.at_close(None).limit(),
            None
        );
        assert_eq!(
            Linger::ForEverUntilTheCloseDeadline
                .at_close(Some(7 * MS))
                .limit(),
            Some(7 * MS)
        );
        assert_eq!(
            Linger::ForEverUntilTheCloseDeadline.while_open().limit(),
            Some(DEFAULT_LINGER)
        );
    }

    #[test]
    fn the_time_before_the_close_counts_as_linger() {
        let limit = Linger::Limit(100 * MS);
        let early = limit.at_close_after(30 * MS, 10 * MS, None);
        assert_eq!((early.raw(), early.whole()), (70, Some(100 * MS)));
        let late = limit.at_close_after(250 * MS, 10 * MS, None);
        assert_eq!((late.raw(), late.whole()), (10, Some(100 * MS)));
        let cut = limit.at_close_after(30 * MS, 10 * MS, Some(20 * MS));
        assert_eq!((cut.raw(), cut.whole()), (20, Some(50 * MS)));
        let endless =
            Linger::ForEverUntilTheCloseDeadline.at_close_after(30 * MS, 10 * MS, Some(20 * MS));
        assert_eq!((endless.raw(), endless.whole()), (20, Some(50 * MS)));
    }

    #[test]
    fn waiting_gives_no_linger_to_what_had_none() {
        let none = Linger::Limit(Duration::ZERO).at_close_after(250 * MS, 10 * MS, None);
        assert_eq!((none.raw(), none.whole()), (0, Some(Duration::ZERO)));
        let tiny = Linger::Limit(3 * MS).at_close_after(250 * MS, 10 * MS, None);
        assert_eq!((tiny.raw(), tiny.whole()), (3, Some(3 * MS)));
    }

    #[test]
    fn what_is_left_is_the_default_where_there_is_no_deadline() {
        let policy = Linger::WhatIsLeft;
        assert_eq!(policy.at_close(None).limit(), Some(DEFAULT_LINGER));
        assert_eq!(policy.at_close(Some(7_000 * MS)).raw(), 7_000);
        assert_eq!(policy.while_open().limit(), Some(DEFAULT_LINGER));
        assert_eq!(Linger::Discard.at_close(Some(7_000 * MS)).raw(), 0);
    }

    #[test]
    fn the_longest_limit_fits() {
        assert_eq!(Linger::Limit(Duration::MAX).at_close(None).raw(), i32::MAX);
    }
}
