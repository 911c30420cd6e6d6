//! The publisher: one socket for data, one for control, one thread.

mod builder;
mod close;
mod control;
mod core;
mod news;
mod wait;

pub use builder::PublisherBuilder;

use self::core::Shared;
use crate::error::PublishError;
use crate::payload::Payload;
use linger_ack_proto::{Counters, Progress, PublisherReport};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    publish_limit: Duration,
}

impl Publisher {
    /// Begins to build a publisher; the name is for reports and logs.
    #[track_caller]
    pub fn builder(name: impl Into<String>) -> PublisherBuilder {
        PublisherBuilder::new(name.into())
    }

    fn new(shared: Arc<Shared>, publish_limit: Duration) -> Self {
        Self {
            handle: Arc::new(Handle {
                shared,
                publish_limit,
            }),
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

    /// Publishes a message, and returns its sequence in its topic, from 1.
    ///
    /// A message that is accepted is retained and sent. If the window is full, this waits for
    /// room, as long as [`publish_limit`](PublisherBuilder::publish_limit) says (5 s by default);
    /// a close ends the wait.
    ///
    /// # Errors
    ///
    /// Says why the message was not accepted, and hands it back: the window stayed full, the
    /// topic can't be one, the payload is too large, the publisher is closed.
    pub fn publish(
        &self,
        topic: impl AsRef<[u8]>,
        payload: impl Payload,
    ) -> Result<u64, PublishError> {
        self.publish_within(topic, payload, self.handle.publish_limit)
    }

    /// As [`publish`](Self::publish), without waiting for room.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish).
    pub fn try_publish(
        &self,
        topic: impl AsRef<[u8]>,
        payload: impl Payload,
    ) -> Result<u64, PublishError> {
        self.publish_within(topic, payload, Duration::ZERO)
    }

    /// As [`publish`](Self::publish), waiting for room as long as `limit` says.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish).
    pub fn publish_within(
        &self,
        topic: impl AsRef<[u8]>,
        payload: impl Payload,
        limit: Duration,
    ) -> Result<u64, PublishError> {
        let shared = self.shared();
        let topic = topic.as_ref();
        let mut payload = payload.into_bytes();
        let mut core = shared.core.lock();
        let mut deadline = None;
        loop {
            let now = Instant::now();
            match core.publish(now, topic, payload) {
                Ok(sequence) => {
                    let wake = core.is_due_before_thread_wakes();
                    drop(core);
                    if wake {
                        shared.waker.wake();
                    }
                    return Ok(sequence);
                }
                Err(PublishError::WindowFull(message)) => {
                    let deadline = *deadline.get_or_insert_with(|| now.checked_add(limit));
                    let waited = match deadline {
                        _ if limit.is_zero() => false,
                        Some(at) => !shared.room.wait_until(&mut core, at).timed_out(),
                        None => {
                            shared.room.wait(&mut core);
                            true
                        }
                    };
                    if !waited {
                        return Err(PublishError::WindowFull(message));
                    }
                    payload = message.payload;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// How many members there are now.
    #[must_use]
    pub fn member_count(&self) -> usize {
        self.shared().core.lock().machine.member_count()
    }

    /// How far members have come; its `Display` is a note such as "2/3 acked, 14 outstanding".
    pub fn progress(&self) -> Progress {
        self.shared().core.lock().machine.progress(Instant::now())
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared().core.lock().machine.counters()
    }

    /// The report, if the publisher has closed.
    #[must_use]
    pub fn report(&self) -> Option<Arc<PublisherReport>> {
        self.shared().core.lock().report.clone()
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
