//! The publisher for tasks: what would hold a thread is a future.

use super::close::SOCKETS;
use super::core::{Destination, Shared};
use super::{Publisher, Topic};
use crate::error::{FlushError, PublishError, TopicError, WaitError};
use crate::payload::Payload;
use linger_ack_proto::{PublisherReport, Quorum};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A [`Publisher`] for tasks. Clones share one publisher.
///
/// No call holds up the worker that it runs on, the drop of the last clone included. Its futures do
/// nothing before they are polled, and need a runtime with a timer. Everything that never waits is
/// at [`publisher`](Self::publisher).
///
/// # Examples
///
/// ```
/// use linger_ack::{Publisher, Quorum};
/// use std::time::{Duration, Instant};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ticks = Publisher::builder("ticks").bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")?;
/// let ticks = ticks.into_async();
/// ticks.publish("EURUSD", "1.0843").await?;
/// let report = ticks.close_by(Instant::now() + Duration::from_secs(10), Quorum::All).await;
/// assert_eq!(report.counters.accepted, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AsyncPublisher {
    publisher: Publisher,
}

impl Publisher {
    /// This publisher, for tasks; other clones of it stay as they are.
    pub fn into_async(self) -> AsyncPublisher {
        AsyncPublisher { publisher: self }
    }
}

impl From<Publisher> for AsyncPublisher {
    fn from(publisher: Publisher) -> Self {
        publisher.into_async()
    }
}

impl AsyncPublisher {
    /// The publisher itself. What waits there, as its documentation says, holds up the worker.
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    fn shared(&self) -> &Shared {
        self.publisher.shared()
    }

    /// Publishes a message, and returns its sequence in its topic, from 1.
    ///
    /// If the window is full, this waits for room, as long as
    /// [`publish_limit`](crate::PublisherBuilder::publish_limit) says (5 s by default); a close
    /// ends the wait. Tasks that wait are served in the order in which they came.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the message was not accepted, and its place in the queue is
    /// free.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    pub async fn publish(
        &self,
        topic: impl AsRef<[u8]>,
        payload: impl Payload,
    ) -> Result<u64, PublishError> {
        let limit = self.shared().patience.publish_limit;
        let (topic, payload) = (Destination::Name(topic.as_ref()), payload.into_bytes());
        self.shared().publish_in_turn(topic, payload, limit).await
    }

    /// As [`publish`](Self::publish), waiting for room as long as `limit` says.
    ///
    /// # Cancel safety
    ///
    /// As for [`publish`](Self::publish).
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    pub async fn publish_within(
        &self,
        topic: impl AsRef<[u8]>,
        payload: impl Payload,
        limit: Duration,
    ) -> Result<u64, PublishError> {
        let (topic, payload) = (Destination::Name(topic.as_ref()), payload.into_bytes());
        self.shared().publish_in_turn(topic, payload, limit).await
    }

    /// As [`publish`](Self::publish), at once or not at all; it may pass tasks that wait.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    pub fn try_publish(
        &self,
        topic: impl AsRef<[u8]>,
        payload: impl Payload,
    ) -> Result<u64, PublishError> {
        self.publisher.try_publish(topic, payload)
    }

    /// A handle for publishing on a topic again and again, as [`Publisher::topic`].
    ///
    /// # Errors
    ///
    /// As for [`Publisher::topic`].
    pub fn topic(&self, name: impl AsRef<[u8]>) -> Result<AsyncTopic, TopicError> {
        let topic = self.publisher.topic(name)?;
        Ok(AsyncTopic { topic })
    }

    /// Waits until there are at least `wanted` members.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing, so it can be dropped at any time.
    ///
    /// # Errors
    ///
    /// If the deadline comes or the publisher closes first, with how many there were.
    pub async fn wait_for_members(
        &self,
        wanted: usize,
        deadline: Instant,
    ) -> Result<(), WaitError> {
        let shared = self.shared();
        let look = |is_late| shared.core.lock().awaited(wanted, is_late);
        shared.look_by(deadline, look).await
    }

    /// Waits until the quorum holds for everything that was accepted before the first poll.
    ///
    /// Others go on publishing meanwhile.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time; what was accepted stays so.
    ///
    /// # Errors
    ///
    /// If the deadline comes first, or the quorum can't hold any more, with what is outstanding.
    pub async fn flush_by(&self, deadline: Instant, quorum: Quorum) -> Result<(), FlushError> {
        let shared = self.shared();
        let target = shared.begin_flush(&mut shared.core.lock());
        let _flushing = Flushing(shared);
        let look = |is_late| shared.core.lock().flushed(&target, &quorum, is_late);
        shared.look_by(deadline, look).await
    }

    /// Closes, and says what became of every accepted message; as [`Publisher::close_by`].
    ///
    /// It never takes longer than to the deadline. Called again, it gives the same report.
    ///
    /// # Cancel safety
    ///
    /// From the first poll on the publisher closes, by that deadline, whether this is dropped or
    /// not; the report is then at [`Publisher::report`].
    #[must_use = "only the report says whether the quorum held"]
    pub async fn close_by(&self, deadline: Instant, quorum: Quorum) -> Arc<PublisherReport> {
        let shared = self.shared();
        shared.begin_close(&mut shared.core.lock(), deadline, quorum);
        let look = |is_late| {
            let mut core = shared.core.lock();
            if is_late {
                // The thread could not conclude in time: it does not run, or has much to read.
                shared.conclude(&mut core);
            }
            core.closed(is_late)
        };
        let report = shared.look_by(deadline, look).await;
        shared.wake_tasks();
        shared.end_sockets(deadline).await;
        report
    }
}

impl Shared {
    /// Waits, within the deadline, until the sockets have ended, if the registry is our own.
    async fn end_sockets(&self, deadline: Instant) {
        let Some(registry) = self.own_registry.clone() else {
            return;
        };
        let (ended, end) = oneshot::channel::<()>();
        // Not on the runtime's own threads for what blocks: its end would wait for them.
        let spawned = thread::Builder::new()
            .name("linger-ack close".to_owned())
            .spawn(move || {
                let _ = registry.close_by(deadline.min(Instant::now() + SOCKETS));
                drop(ended);
            });
        if spawned.is_ok() {
            let _ = end.await;
        }
    }
}

/// While this lives, the thread tells how far a flush is.
struct Flushing<'a>(&'a Shared);

impl Drop for Flushing<'_> {
    fn drop(&mut self) {
        self.0.core.lock().flushes -= 1;
    }
}

/// A [`Topic`] for tasks.
#[derive(Clone, Debug)]
#[must_use]
pub struct AsyncTopic {
    topic: Topic,
}

impl AsyncTopic {
    /// The topic itself. What waits there holds up the worker.
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// Publishes a message on this topic, as [`AsyncPublisher::publish`].
    ///
    /// # Cancel safety
    ///
    /// As for [`AsyncPublisher::publish`].
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    pub async fn publish(&self, payload: impl Payload) -> Result<u64, PublishError> {
        let limit = self.topic.publisher().shared().patience.publish_limit;
        let payload = payload.into_bytes();
        self.publish_bytes(payload, limit).await
    }

    /// As [`publish`](Self::publish), waiting for room as long as `limit` says.
    ///
    /// # Cancel safety
    ///
    /// As for [`AsyncPublisher::publish`].
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    pub async fn publish_within(
        &self,
        payload: impl Payload,
        limit: Duration,
    ) -> Result<u64, PublishError> {
        let payload = payload.into_bytes();
        self.publish_bytes(payload, limit).await
    }

    /// As [`publish`](Self::publish), at once or not at all; it may pass tasks that wait.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    pub fn try_publish(&self, payload: impl Payload) -> Result<u64, PublishError> {
        self.topic.try_publish(payload)
    }

    async fn publish_bytes(
        &self,
        payload: bytes::Bytes,
        limit: Duration,
    ) -> Result<u64, PublishError> {
        let shared = self.topic.publisher().shared();
        let to = self.topic.destination();
        shared.publish_in_turn(to, payload, limit).await
    }
}
