//! The subscriber: for each publisher two sockets and a machine, one thread for all of them.

#[cfg(feature = "tokio")]
mod async_subscriber;
mod batch;
mod builder;
mod deliveries;
mod delivery;
mod handover;
mod helm;
mod herald;
mod link;
mod open;
mod prefixes;
mod queue;
mod reader;
mod report;
mod sockets;
mod state;
#[cfg(feature = "tokio")]
mod stream;
#[cfg(feature = "tokio")]
mod tasks;
mod thread;

#[cfg(feature = "tokio")]
pub use async_subscriber::AsyncSubscriber;
pub use batch::{BatchedDelivery, Batches, DeliveryBatch};
pub use builder::SubscriberBuilder;
pub use deliveries::Deliveries;
pub use delivery::Delivery;
pub use link::Link;
pub use report::{LinkEnd, LinkReport, SubscriberReport};
#[cfg(feature = "tokio")]
pub use stream::DeliveryStream;

use crate::error::{DeliveryError, SubscribeError};
use bytes::Bytes;
use linger_registry::Registry;
use state::{Shared, State};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A member of one or more publishers' audiences.
///
/// A thread of its own receives, puts in order, has repaired what is missing, acknowledges and
/// beats, also while the application is busy. What the application has not taken yet waits in a
/// bounded queue; when it is full, nothing more is read from the data connection.
///
/// When it is dropped without [`close_by`](Self::close_by), the thread leaves in the background,
/// within a second; dropping never blocks.
#[must_use]
pub struct Subscriber {
    shared: Arc<Shared>,
    own_registry: Option<Registry>,
}

impl Subscriber {
    /// Begins to build a subscriber; the name is the one that publishers report.
    #[track_caller]
    pub fn builder(name: impl Into<String>) -> SubscriberBuilder {
        SubscriberBuilder::new(name.into())
    }

    /// The member's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// At how many publishers this is a member now.
    #[must_use]
    pub fn memberships(&self) -> usize {
        let state = self.shared.lock();
        state.links.iter().filter(|link| link.is_member()).count()
    }

    /// Its publishers, in the order in which they were added; the one of `connect` is the last.
    #[must_use]
    pub fn links(&self) -> impl ExactSizeIterator<Item = Link<'_>> {
        (0..self.shared.endpoints.len()).map(|at| Link::new(&self.shared, at))
    }

    /// The publisher of this data endpoint, as it was given to the builder.
    #[must_use]
    pub fn link(&self, publisher: &str) -> Option<Link<'_>> {
        self.links().find(|link| link.publisher() == publisher)
    }

    /// Waits until this is a member at every publisher, or the deadline. This blocks.
    ///
    /// It is not needed for anything but to know: deliveries begin by themselves. False at once if
    /// a membership has ended, or this was stopped, so that it can't come any more.
    #[must_use = "it says whether the membership came, or the deadline"]
    pub fn wait_until_member(&self, deadline: Instant) -> bool {
        let judge = |state: &mut State| Shared::judge_members(state);
        self.shared.wait_by(deadline, judge).unwrap_or(false)
    }

    /// Subscribes to one more prefix, at all publishers. True if one had not been asked for it.
    ///
    /// They are asked as soon as they can be, and the prefix is wanted of them as long as this
    /// subscriber lasts, whatever becomes of connections and sessions. From where on each topic is
    /// owed is the publisher's word:
    /// [`wait_until_subscribed`](Self::wait_until_subscribed) returns once it is given. What the
    /// prefix shares with others goes on without a gap, and comes once. Never blocks.
    ///
    /// A topic that was unsubscribed is granted anew once all that was owed of it before is
    /// acknowledged, and until then every later change waits. At [`Level::Processed`] what was
    /// abandoned for good never is: such a prefix stays pending as long as the session lasts.
    ///
    /// [`Level::Processed`]: crate::Level::Processed
    ///
    /// # Errors
    ///
    /// If it can't be a prefix, if 65,536 are wanted already, or if every membership has ended or
    /// this was stopped.
    pub fn subscribe(&self, prefix: impl AsRef<[u8]>) -> Result<bool, SubscribeError> {
        self.shared.subscribe(self.all(), prefix.as_ref())
    }

    /// Unsubscribes from a prefix, at all publishers. True if one had been asked for it.
    ///
    /// What was published before a publisher heard of it is still owed, delivered and to be
    /// acknowledged; so is what another prefix matches. Never blocks.
    pub fn unsubscribe(&self, prefix: impl AsRef<[u8]>) -> bool {
        self.shared.unsubscribe(self.all(), prefix.as_ref())
    }

    /// The prefixes that are wanted of at least one publisher, in order, granted or not.
    #[must_use]
    pub fn prefixes(&self) -> Vec<Bytes> {
        let state = self.shared.lock();
        let links = state.links.iter();
        let wanted: BTreeSet<_> = links
            .flat_map(|link| link.machine.prefixes().cloned())
            .collect();
        wanted.into_iter().collect()
    }

    /// Waits until all publishers have granted a prefix, or the deadline. This blocks.
    ///
    /// What is published from then on, on a topic that it matches, is owed to this member.
    ///
    /// # Errors
    ///
    /// At once if a publisher refuses it, if it is not wanted (any more), or if a membership has
    /// ended or this was stopped, so that it can't be granted any more; otherwise at the deadline.
    pub fn wait_until_subscribed(
        &self,
        prefix: impl AsRef<[u8]>,
        deadline: Instant,
    ) -> Result<(), SubscribeError> {
        self.shared
            .wait_until_subscribed(self.all(), prefix.as_ref(), deadline)
    }

    fn all(&self) -> std::ops::Range<usize> {
        0..self.shared.endpoints.len()
    }

    /// What comes, as an iterator that blocks and ends after the last publisher's end of stream.
    ///
    /// It ends once everything was handed out and publishers have confirmed the final
    /// acknowledgements, or a second has passed without that. Deliveries that are still held when
    /// everything was handed out are not waited for: acknowledge them, then call
    /// [`close_by`](Self::close_by). A delivery that was dropped without [`ack`](Delivery::ack)
    /// stays unacknowledged, and its publisher is told so.
    ///
    /// Several threads can ask, each with an iterator of its own: each delivery is given to one of
    /// them, and those of one topic may then be processed in any order.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries::new(&self.shared)
    }

    /// What comes, up to so many messages at a time; otherwise as [`deliveries`](Self::deliveries).
    ///
    /// A batch is what is ready: it waits for the first message, never for more. With small
    /// messages it takes a fraction of the time that single deliveries take; 256 is a good size. A
    /// `most` of 0 is 1.
    pub fn batches(&self, most: usize) -> Batches<'_> {
        Batches::new(&self.shared, most)
    }

    /// The next batch, as [`batches`](Self::batches) gives it; otherwise as
    /// [`next_by`](Self::next_by).
    ///
    /// # Errors
    ///
    /// As [`deliveries`](Self::deliveries) gives them.
    pub fn next_batch_by(
        &self,
        most: usize,
        deadline: Instant,
    ) -> Result<Option<DeliveryBatch>, DeliveryError> {
        self.shared.next_batch(most, Some(deadline)).transpose()
    }

    /// The next delivery, waiting no longer than `deadline`. `None`: there is none by then.
    ///
    /// From any number of threads at once. At the end of the stream, and after a
    /// [`stop`](Self::stop), it waits for what is held too if that may be handed out
    /// [again](SubscriberBuilder::redeliveries); [`is_at_end`](Self::is_at_end) tells that end
    /// from the deadline's. This blocks.
    ///
    /// # Errors
    ///
    /// As [`deliveries`](Self::deliveries) gives them.
    pub fn next_by(&self, deadline: Instant) -> Result<Option<Delivery>, DeliveryError> {
        self.shared.next(Some(deadline)).transpose()
    }

    /// Whether every stream has ended, or this was stopped, and all of it was handed out for good.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.shared.lock().is_at_end()
    }

    /// Ends [`deliveries`](Self::deliveries), from any thread: nothing new is taken in.
    ///
    /// What is in the queue already is still given, so that what was taken in can be finished;
    /// then `None`. What publishers go on publishing stays owed until
    /// [`close_by`](Self::close_by), and their reports name it.
    pub fn stop(&self) {
        self.shared.stop();
    }

    /// Leaves every publisher with the acknowledgements as they stand, and says how that went.
    ///
    /// This never waits past the deadline, and hardly longer than a second for publishers that do
    /// not answer. Called again, it gives the same report. This blocks.
    pub fn close_by(&self, deadline: Instant) -> SubscriberReport {
        let report = self.shared.close_by(deadline);
        if let Some(registry) = &self.own_registry {
            let limit = Instant::now() + Duration::from_secs(1);
            // How the sockets ended says nothing that the memberships' ends don't say better.
            let _ = registry.close_by(deadline.min(limit));
        }
        report
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.shared.ask_to_leave();
    }
}
