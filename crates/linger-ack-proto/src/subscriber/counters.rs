//! What a subscriber counts.

/// How often what happened since the subscriber began; never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SubscriberCounters {
    /// Messages handed out, in order.
    pub delivered: u64,
    /// Messages that came over control because they were missing.
    pub repaired: u64,
    /// Messages that came again; dropped.
    pub duplicates: u64,
    /// Messages and markers of another epoch, or from before the WELCOME; dropped.
    pub stale: u64,
    /// Frames that were broken; dropped.
    pub broken: u64,
    /// Messages that came too early, with no room to hold them; asked for again.
    pub overflowed: u64,
    /// Messages that can't be had any more.
    pub gone: u64,
}
