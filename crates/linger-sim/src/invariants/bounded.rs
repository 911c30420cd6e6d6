//! **Memory is bounded by what was configured; then comes back-pressure.**
//!
//! Judged after each round of a driver: a publisher retains no more than its window, a subscriber
//! has no more waiting than it was configured for, and what a burst of repairs may add.

use super::ensure;
use linger_ack_proto::{PublisherConfig, SubscriberConfig};

/// A publisher retains so many messages.
pub(crate) fn window(config: &PublisherConfig, retained: u64) -> Result<(), String> {
    let limit = u64::from(config.window_messages);
    ensure(retained <= limit, || {
        format!("{retained} messages retained, in a window of {limit}")
    })
}

/// A subscriber has so many deliveries waiting.
pub(crate) fn pending(
    config: &SubscriberConfig,
    publisher: &PublisherConfig,
    topics: usize,
    pending: usize,
) -> Result<(), String> {
    // What was held for reordering may all become deliverable at once.
    let held = config.reorder_messages.min(config.reorder_bytes / 16);
    let repairs = 4 * publisher.repair_messages as usize;
    let limit = config.pending_messages + held + repairs.min(publisher.window_messages as usize);
    let limit = limit + topics; // one range of each, when a session follows another
    ensure(pending <= limit, || {
        format!("{pending} deliveries wait, and {limit} may")
    })
}
