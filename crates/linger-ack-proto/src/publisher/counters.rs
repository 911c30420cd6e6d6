//! What a publisher counts.

/// How often what happened since the publisher began; never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Counters {
    /// Messages accepted by `publish`.
    pub accepted: u64,
    /// Accepted messages that nobody was owed when they were published.
    pub unowed: u64,
    /// Messages that were handed back because the window was full.
    pub full: u64,
    /// Messages sent again over control.
    pub repaired: u64,
    /// SYNC and END frames sent.
    pub markers: u64,
    /// QUERY frames sent.
    pub queries: u64,
    /// ACK and BYE frames of members whose marks were taken.
    pub acks: u64,
    /// NACK frames of members, answered or not.
    pub nacks: u64,
    /// HELLO frames that came.
    pub hellos: u64,
    /// Sessions that became members.
    pub joined: u64,
    /// Members that said BYE.
    pub left: u64,
    /// Members that expired.
    pub expired: u64,
    /// Sessions whose name was taken by a newer one.
    pub superseded: u64,
    /// Sessions and claims that were evicted.
    pub evicted: u64,
    /// Sessions of durable names that ended, so that the name was absent.
    pub absences: u64,
    /// Sessions that took over what an earlier one of their durable name was owed.
    pub returned: u64,
    /// Candidates that were forgotten because they held back a window that was full.
    pub forgotten: u64,
    /// Messages that were let go while absent names were owed them, to make room.
    pub let_go: u64,
    /// Messages that somebody could not have any more, counted once for each.
    pub gone: u64,
    /// SUBSCRIBE frames that were granted.
    pub granted: u64,
    /// UNSUBSCRIBE frames that were answered.
    pub released: u64,
    /// SUBSCRIBE frames that had to wait for what is left of a topic's former period.
    pub postponed: u64,
    /// HELLO and SUBSCRIBE frames that were not granted.
    pub refused: u64,
    /// HELLO frames refused because too many others were joining.
    pub busy: u64,
    /// HELLO and SUBSCRIBE frames that the driver denied.
    pub denied: u64,
    /// Control frames of a version that is not spoken; answered with VERSIONS.
    pub versions: u64,
    /// Control frames of another epoch or of an unknown session, answered with UNKNOWN; and
    /// changes that came late.
    pub stale: u64,
    /// Control frames that were broken, too long, or said what their sender could not know;
    /// dropped.
    pub broken: u64,
}
