//! The stream of what comes.

use super::async_subscriber::AsyncSubscriber;
use super::delivery::Delivery;
use super::tasks::Place;
use crate::error::DeliveryError;
use futures_core::Stream;
use futures_core::stream::FusedStream;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What comes, in order; see [`AsyncSubscriber::deliveries`].
#[derive(Debug)]
#[must_use = "a stream that nobody polls delivers nothing"]
pub struct DeliveryStream<'a> {
    subscriber: &'a AsyncSubscriber,
    place: Place,
    is_done: bool,
}

impl<'a> DeliveryStream<'a> {
    pub(super) fn new(subscriber: &'a AsyncSubscriber) -> Self {
        Self {
            subscriber,
            place: Place::default(),
            is_done: false,
        }
    }
}

impl Stream for DeliveryStream<'_> {
    type Item = Result<Delivery, DeliveryError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_done {
            return Poll::Ready(None);
        }
        let subscriber = self.subscriber;
        let next = subscriber.poll_next(cx, &mut self.place);
        self.is_done = matches!(next, Poll::Ready(None));
        next
    }
}

impl FusedStream for DeliveryStream<'_> {
    fn is_terminated(&self) -> bool {
        self.is_done
    }
}

impl Drop for DeliveryStream<'_> {
    fn drop(&mut self) {
        self.subscriber.leave(&self.place);
    }
}
