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
    /// Control frames that were broken, or said what their sender could not know; dropped.
    pub broken: u64,
    /// Control frames of another epoch or of an unknown session; answered with UNKNOWN.
    pub stale: u64,
    /// Messages sent again over control.
    pub repaired: u64,
    /// SYNC and END frames sent.
    pub markers: u64,
    /// HELLO frames that were not granted.
    pub refused: u64,
}
