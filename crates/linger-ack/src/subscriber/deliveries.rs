//! The iterator over what comes.

use super::delivery::Delivery;
use super::state::Shared;
use crate::error::DeliveryError;
use std::iter::FusedIterator;
use std::sync::Arc;

/// What comes, in order; see [`Subscriber::deliveries`](super::Subscriber::deliveries).
#[derive(Debug)]
#[must_use = "an iterator that nobody asks delivers nothing"]
pub struct Deliveries<'a> {
    shared: &'a Arc<Shared>,
    is_done: bool,
}

impl<'a> Deliveries<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>) -> Self {
        Self {
            shared,
            is_done: false,
        }
    }
}

impl Iterator for Deliveries<'_> {
    type Item = Result<Delivery, DeliveryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let next = self.shared.next(None);
        self.is_done = next.is_none();
        next
    }
}

impl FusedIterator for Deliveries<'_> {}
