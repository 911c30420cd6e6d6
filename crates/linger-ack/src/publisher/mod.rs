//! The publisher: one socket for data, one for control, one thread.

#[cfg(feature = "tokio")]
mod async_publisher;
mod authorize;
mod bind;
mod builder;
mod close;
mod control;
mod core;
mod drain;
mod look;
mod news;
mod publish;
mod security;
#[cfg(feature = "tokio")]
mod tasks;
mod topic;
mod wait;

#[cfg(feature = "tokio")]
pub use async_publisher::{AsyncPublisher, AsyncTopic};
pub use authorize::{Authorizer, Candidate, Denied, UserIdIsName};
pub use builder::PublisherBuilder;
pub use topic::Topic;

use self::core::Shared;
use std::fmt;
use std::sync::Arc;

/// Publishes messages that its members acknowledge. Clones share one publisher.
///
/// Each message is retained until every member that is owed it has acknowledged it, so
/// [`close_by`](Self::close_by) can say what became of all of them.
///
/// `publish` sends on the caller's thread, under a mutex; a thread of the publisher's own hears
/// the members and repairs what they miss. When the last clone is dropped without a close, that
/// thread closes in the background, within a second; dropping never blocks.
#[derive(Clone)]
#[must_use]
pub struct Publisher {
    handle: Arc<Handle>,
}

/// Counts the clones: its drop is the last one's.
struct Handle {
    shared: Arc<Shared>,
}

impl Publisher {
    /// Begins to build a publisher; the name is for reports and logs.
    #[track_caller]
    pub fn builder(name: impl Into<String>) -> PublisherBuilder {
        PublisherBuilder::new(name.into())
    }

    fn new(shared: Arc<Shared>) -> Self {
        Self {
            handle: Arc::new(Handle { shared }),
        }
    }

    fn shared(&self) -> &Shared {
        &self.handle.shared
    }

    /// The name that it was built with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared().name
    }

    /// Where subscribers connect their SUB; with a wildcard port, the port that was found.
    #[must_use]
    pub fn data_endpoint(&self) -> &str {
        &self.shared().data_endpoint
    }

    /// Where subscribers connect their DEALER; with a wildcard port, the port that was found.
    #[must_use]
    pub fn control_endpoint(&self) -> &str {
        &self.shared().control_endpoint
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("name", &self.name())
            .field("data", &self.data_endpoint())
            .field("control", &self.control_endpoint())
            .finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.abandon();
    }
}
