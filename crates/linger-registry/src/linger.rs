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
            (Self::Forever, None) => Applied(-1),
        }
    }
}

/// A value of `ZMQ_LINGER`: milliseconds, or -1 for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Applied(i32);

impl Applied {
    /// A limit above 0 must not become 0, which means "discard".
    fn rounded_up(limit: Duration) -> Self {
        Self(i32::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX))
    }

    /// What a deadline leaves must not be exceeded.
    fn rounded_down(left: Duration) -> Self {
        Self(i32::try_from(left.as_millis()).unwrap_or(i32::MAX))
    }

    pub(crate) fn raw(self) -> i32 {
        self.0
    }

    /// The same as a duration; `None` is for ever.
    pub(crate) fn limit(self) -> Option<Duration> {
        u64::try_from(self.0).ok().map(Duration::from_millis)
    }
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
    fn the_longest_limit_fits() {
        assert_eq!(Limit::Finite(Duration::MAX).at_close(None).raw(), i32::MAX);
    }
}
