//! The subscriber: for each publisher two sockets and a machine, one thread for all of them.

mod builder;
mod deliveries;
mod delivery;
mod link;
mod news;
mod report;
mod state;
mod thread;

pub use builder::SubscriberBuilder;
pub use deliveries::Deliveries;
pub use delivery::Delivery;
pub use report::{LinkEnd, LinkReport, SubscriberReport};

use linger_registry::Registry;
use state::{LinkState, Shared};
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
        let state = self.shared.state.lock();
        state.links.iter().filter(|link| link.is_member()).count()
    }

    /// Waits until this is a member at every publisher, or the deadline. This blocks.
    ///
    /// It is not needed for anything but to know: deliveries begin by themselves.
    #[must_use = "it says whether the membership came, or the deadline"]
    pub fn wait_until_member(&self, deadline: Instant) -> bool {
        let mut state = self.shared.state.lock();
        loop {
            if state.links.iter().all(LinkState::is_member) {
                return true;
            }
            if self
                .shared
                .change
                .wait_until(&mut state, deadline)
                .timed_out()
            {
                return state.links.iter().all(LinkState::is_member);
            }
        }
    }

    /// What comes, as an iterator that blocks and ends after the last publisher's end of stream.
    ///
    /// It ends once everything was handed out and publishers have confirmed the final
    /// acknowledgements, or a second has passed without that. Deliveries that are still held when
    /// everything was handed out are not waited for: acknowledge them, then call
    /// [`close_by`](Self::close_by). A delivery that was dropped without [`ack`](Delivery::ack)
    /// stays unacknowledged, and its publisher is told so.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries::new(&self.shared)
    }

    /// The next delivery, waiting no longer than `deadline`. `None`: there is none by then.
    ///
    /// # Errors
    ///
    /// As [`deliveries`](Self::deliveries) gives them.
    pub fn next_by(
        &self,
        deadline: Instant,
    ) -> Result<Option<Delivery>, crate::error::DeliveryError> {
        self.shared.next(Some(deadline)).transpose()
    }

    /// Whether every stream has ended and all of it was handed out.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.shared.state.lock().is_at_end()
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
