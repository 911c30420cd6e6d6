//! What a subscriber counts.

use crate::wire::ToPublisher;

/// How often what happened since the subscriber began; never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SubscriberCounters {
    /// Messages handed out, in order, each counted once.
    pub delivered: u64,
    /// Deliveries that came back unacknowledged and were put up to be handed out again.
    pub redelivered: u64,
    /// Messages that the application gave up for good.
    pub abandoned: u64,
    /// Of these, messages that [`abandoned`](crate::Subscriber::abandoned) has no room to name.
    pub unnamed: u64,
    /// Messages that came over control because they were missing.
    pub repaired: u64,
    /// Messages that came again; dropped.
    pub duplicates: u64,
    /// Frames of another epoch, of a former session, or that answer what was not asked; dropped.
    pub stale: u64,
    /// Frames that were broken, or larger than the largest that is taken; dropped.
    pub broken: u64,
    /// Messages that came too early, with no room to hold them; asked for again.
    pub overflowed: u64,
    /// Messages that can't be had any more.
    pub gone: u64,
    /// Messages that no granted prefix matched; dropped.
    pub unasked: u64,
    /// Messages beyond the last that is owed of a topic; dropped.
    pub released: u64,
    /// Times that a topic was not taken in, as there were too many.
    pub topics_refused: u64,
    /// HELLOs said.
    pub hellos: u64,
    /// Times that HELLO was not granted.
    pub refused: u64,
    /// Times that the publisher said that it speaks other versions only.
    pub versions_refused: u64,
    /// ACKs said.
    pub acks: u64,
    /// NACKs said.
    pub nacks: u64,
    /// Times that the publisher was asked for more prefixes, or fewer, repeats included.
    pub changes: u64,
    /// Prefixes that were granted after the session had begun.
    pub subscribed: u64,
    /// Prefixes that were released.
    pub unsubscribed: u64,
    /// Prefixes that were not granted, and given up.
    pub prefixes_refused: u64,
    /// Sessions that were lost, for whatever reason.
    pub sessions_lost: u64,
    /// Of these, sessions that held the publisher's window back.
    pub evicted: u64,
    /// Times that the publisher had a new epoch.
    pub restarts: u64,
}

impl SubscriberCounters {
    pub(super) fn note_said(&mut self, body: &ToPublisher) {
        match body {
            ToPublisher::Hello(_) => self.hellos += 1,
            ToPublisher::Ack { .. } => self.acks += 1,
            ToPublisher::Nack { .. } => self.nacks += 1,
            ToPublisher::Subscribe(_) | ToPublisher::Unsubscribe(_) => self.changes += 1,
            ToPublisher::Joined { .. } | ToPublisher::Beat | ToPublisher::Bye { .. } => {}
        }
    }
}
