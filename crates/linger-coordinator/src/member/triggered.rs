//! The future that waits for a phase to begin.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::seat::Seat;

pub(crate) struct Triggered<'a> {
    seat: &'a Seat,
    waiter: Option<u64>,
}

impl<'a> Triggered<'a> {
    pub(crate) fn new(seat: &'a Seat) -> Self {
        Self { seat, waiter: None }
    }
}

impl Future for Triggered<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let seat = self.seat;
        if seat.room.is_triggered() {
            self.waiter = None;
            return Poll::Ready(());
        }
        self.waiter = seat
            .room
            .wait(seat.key, self.waiter, context.waker().clone());
        if self.waiter.is_some() {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

impl Drop for Triggered<'_> {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter {
            self.seat.room.unwait(self.seat.key, waiter);
        }
    }
}
