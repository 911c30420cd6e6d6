//! A subscriber for tasks.

use super::Subscriber;
use super::delivery::Delivery;
use super::link::Link;
use super::report::SubscriberReport;
use super::state::{Shared, State};
use super::stream::DeliveryStream;
use super::tasks::Place;
use crate::error::{DeliveryError, SubscribeError};
use bytes::Bytes;
use linger_registry::Registry;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::{Instant as TokioInstant, timeout_at};

/// After how many deliveries in a row the task's neighbours get their turn.
const TURN: u32 = 128;

type Next = Option<Result<Delivery, DeliveryError>>;

/// A [`Subscriber`] for tasks: whatever waits there is a future here.
///
/// Made by [`Subscriber::into_async`]. No method blocks, and neither does a drop, which leaves in
/// the background as that of a [`Subscriber`] does. [`next`](Self::next) and
/// [`deliveries`](Self::deliveries) run on any executor; what has a deadline needs tokio, with its
/// timers on, and panics without. Any number of tasks can share it by reference.
///
/// # Examples
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use linger_ack::Subscriber;
/// use std::time::{Duration, Instant};
///
/// let ticks = Subscriber::builder("risk-1")
///     .subscribe("EUR")
///     .connect("tcp://pub:5556", "tcp://pub:5557")?
///     .into_async();
/// while let Some(delivery) = ticks.next().await {
///     let delivery = delivery?;
///     println!("{:?}", delivery.payload());
///     delivery.ack();
/// }
/// let report = ticks.close_by(Instant::now() + Duration::from_secs(5)).await;
/// # let _ = report;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct AsyncSubscriber {
    subscriber: Subscriber,
    /// How many deliveries in a row were there at once.
    ready: AtomicU32,
}

impl Subscriber {
    /// The same subscriber, for tasks.
    pub fn into_async(self) -> AsyncSubscriber {
        AsyncSubscriber {
            subscriber: self,
            ready: AtomicU32::new(0),
        }
    }
}

impl AsyncSubscriber {
    /// The same subscriber, for threads.
    pub fn into_blocking(self) -> Subscriber {
        self.subscriber
    }

    /// The subscriber for threads, whose waits would block the task; the rest is as good here.
    pub fn subscriber(&self) -> &Subscriber {
        &self.subscriber
    }

    /// As [`Subscriber::name`].
    #[must_use]
    pub fn name(&self) -> &str {
        self.subscriber.name()
    }

    /// As [`Subscriber::memberships`].
    #[must_use]
    pub fn memberships(&self) -> usize {
        self.subscriber.memberships()
    }

    /// As [`Subscriber::links`].
    #[must_use]
    pub fn links(&self) -> impl ExactSizeIterator<Item = Link<'_>> {
        self.subscriber.links()
    }

    /// As [`Subscriber::link`].
    #[must_use]
    pub fn link(&self, publisher: &str) -> Option<Link<'_>> {
        self.subscriber.link(publisher)
    }

    /// As [`Subscriber::subscribe`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn subscribe(&self, prefix: impl AsRef<[u8]>) -> Result<bool, SubscribeError> {
        self.subscriber.subscribe(prefix)
    }

    /// As [`Subscriber::unsubscribe`].
    pub fn unsubscribe(&self, prefix: impl AsRef<[u8]>) -> bool {
        self.subscriber.unsubscribe(prefix)
    }

    /// As [`Subscriber::prefixes`].
    #[must_use]
    pub fn prefixes(&self) -> Vec<Bytes> {
        self.subscriber.prefixes()
    }

    /// As [`Subscriber::stop`].
    pub fn stop(&self) {
        self.subscriber.stop();
    }

    /// As [`Subscriber::is_at_end`].
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.subscriber.is_at_end()
    }

    /// Waits until this is a member at every publisher; see [`Subscriber::wait_until_member`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has changed nothing.
    #[must_use = "it says whether the membership came, or the deadline"]
    pub async fn wait_until_member(&self, deadline: Instant) -> bool {
        let judge = |state: &mut State| Shared::judge_members(state);
        self.by(deadline, judge).await.unwrap_or(false)
    }

    /// Waits until all publishers have granted a prefix, or the deadline.
    ///
    /// See [`Subscriber::wait_until_subscribed`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has changed nothing: the prefix is still wanted.
    pub async fn wait_until_subscribed(
        &self,
        prefix: impl AsRef<[u8]>,
        deadline: Instant,
    ) -> Result<(), SubscribeError> {
        let prefix = prefix.as_ref();
        let links = self.subscriber.all();
        let judge = |state: &mut State| self.shared().judge(state, links.clone(), prefix);
        match self.by(deadline, judge).await {
            Some(verdict) => verdict,
            None => Err(self.shared().not_by_deadline(links, prefix)),
        }
    }

    /// What comes, as a stream that ends after the last publisher's end of stream.
    ///
    /// As [`Subscriber::deliveries`]. Each 128 deliveries that were there at once the task's
    /// neighbours get a turn.
    ///
    /// # Cancel safety
    ///
    /// A delivery is taken when it is returned, never before: a stream can be dropped at any time,
    /// and another be made.
    pub fn deliveries(&self) -> DeliveryStream<'_> {
        DeliveryStream::new(self)
    }

    /// The next delivery. `None`: all is over, or [`stop`](Self::stop) was called.
    ///
    /// As the next one of [`deliveries`](Self::deliveries).
    ///
    /// # Cancel safety
    ///
    /// A delivery is taken when it is returned, never before: dropped, this has taken nothing, so
    /// it can stand in a `select!` or under a timeout.
    pub async fn next(&self) -> Option<Result<Delivery, DeliveryError>> {
        let mut waiting = Waiting {
            subscriber: self,
            place: Place::default(),
        };
        poll_fn(move |cx| waiting.subscriber.poll_next(cx, &mut waiting.place)).await
    }

    /// The next delivery, waiting no longer than `deadline`. `None`: there is none by then.
    ///
    /// As [`Subscriber::next_by`]: at the end of the stream it waits for what others hold too, if
    /// that may be handed out again.
    ///
    /// # Errors
    ///
    /// As [`deliveries`](Self::deliveries) gives them.
    ///
    /// # Cancel safety
    ///
    /// As that of [`next`](Self::next).
    pub async fn next_by(&self, deadline: Instant) -> Result<Option<Delivery>, DeliveryError> {
        let next = |state: &mut State| self.subscriber.shared.next_or_end(state, true);
        self.by(deadline, next).await.flatten().transpose()
    }

    /// Leaves every publisher with the acknowledgements as they stand, and says how that went.
    ///
    /// As [`Subscriber::close_by`]: never past the deadline, and the same report when it is called
    /// again.
    ///
    /// # Cancel safety
    ///
    /// Leaving begins at the first poll, and goes on in the background if this is dropped. Called
    /// again, it waits for the rest of it.
    pub async fn close_by(&self, deadline: Instant) -> SubscriberReport {
        self.shared().ask_to_leave();
        let ended = |state: &mut State| state.ended.then_some(());
        let _ = self.by(deadline, ended).await;
        let report = self.shared().report();
        if let Some(registry) = &self.subscriber.own_registry {
            let limit = deadline.min(Instant::now() + Duration::from_secs(1));
            end_registry(registry.clone(), limit).await;
        }
        report
    }

    fn shared(&self) -> &Shared {
        &self.subscriber.shared
    }

    pub(super) fn poll_next(&self, cx: &Context<'_>, place: &mut Place) -> Poll<Next> {
        if self.ready.load(Ordering::Relaxed) >= TURN {
            // Nothing was taken, so nothing is lost if nobody polls again.
            self.ready.store(0, Ordering::Relaxed);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let shared = &self.subscriber.shared;
        let next = match shared.take_ready() {
            Some(next) => Poll::Ready(Some(next)),
            None => shared.poll_answer(cx, place, |state| shared.next_or_end(state, false)),
        };
        match next {
            Poll::Ready(_) => self.ready.fetch_add(1, Ordering::Relaxed),
            Poll::Pending => self.ready.swap(0, Ordering::Relaxed),
        };
        next
    }

    pub(super) fn leave(&self, place: &Place) {
        place.leave(self.shared());
    }

    /// The answer, or `None` if the deadline came before one.
    async fn by<T>(
        &self,
        deadline: Instant,
        mut answer: impl FnMut(&mut State) -> Option<T> + Unpin,
    ) -> Option<T> {
        let answered = self.shared().answered(&mut answer);
        match timeout_at(TokioInstant::from_std(deadline), answered).await {
            Ok(answer) => Some(answer),
            // It is looked at once more, as a condition is.
            Err(_elapsed) => answer(&mut self.shared().lock()),
        }
    }
}

/// Gives its place up when it is dropped.
struct Waiting<'a> {
    subscriber: &'a AsyncSubscriber,
    place: Place,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.subscriber.leave(&self.place);
    }
}

/// On a thread of its own: it blocks, and on tokio's blocking pool it would hold up the runtime's
/// end.
async fn end_registry(registry: Registry, limit: Instant) {
    let (tell, told) = oneshot::channel();
    let thread = thread::Builder::new().name("linger-ack close".to_owned());
    let spawned = thread.spawn(move || {
        // How the sockets ended says nothing that the memberships' ends don't say better.
        let _ = registry.close_by(limit);
        let _ = tell.send(());
    });
    // Without a thread it ends in the background, once the subscriber is dropped.
    if spawned.is_ok() {
        let _ = told.await;
    }
}
