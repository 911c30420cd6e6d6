//! What the application takes, and gives back.

use super::delivery::Delivery;
use super::state::{Shared, State};
use crate::error::DeliveryError;
use linger_ack_proto::{DeliveryId, Item, Subscriber as Machine};
use std::sync::Arc;
use std::time::Instant;

impl Shared {
    /// The next delivery. `None`: all is over, or `stop` was called, or the deadline came.
    pub(super) fn next(
        self: &Arc<Self>,
        deadline: Option<Instant>,
    ) -> Option<Result<Delivery, DeliveryError>> {
        let Some(deadline) = deadline else {
            let mut state = self.state.lock();
            loop {
                if let Some(next) = self.next_or_end(&mut state, false) {
                    return next;
                }
                self.change.wait(&mut state);
            }
        };
        self.wait_by(deadline, |state| self.next_or_end(state, true))
            .flatten()
    }

    /// The next delivery, or that there is none any more. `None`: that is not known yet.
    ///
    /// `waits_for_held`: what is held may come back, and whoever waits has the time.
    pub(super) fn next_or_end(
        self: &Arc<Self>,
        state: &mut State,
        waits_for_held: bool,
    ) -> Option<Option<Result<Delivery, DeliveryError>>> {
        if let Some(next) = self.take(state) {
            return Some(Some(next));
        }
        if waits_for_held && state.may_come_back() {
            return None;
        }
        if state.is_stopped() || state.ended {
            return Some(None);
        }
        if !state.is_empty() {
            return None;
        }
        // Nothing that is held can be waited for: its holder may be this thread.
        if state.held > 0 || state.has_ended() {
            return Some(None);
        }
        for link in state.links.iter_mut().filter(|link| link.ended.is_none()) {
            link.leave = true;
        }
        self.waker.wake();
        None
    }

    fn take(self: &Arc<Self>, state: &mut State) -> Option<Result<Delivery, DeliveryError>> {
        let count = state.links.len();
        for step in 0..count {
            let at = (state.turn + step) % count;
            let link = &mut state.links[at];
            if let Some(item) = link.machine.poll_delivery() {
                if link.paused && link.machine.pending() <= self.queue / 2 {
                    link.paused = false;
                    self.waker.wake();
                }
                state.turn = at + 1;
                return Some(match item {
                    Item::Message(delivery) => {
                        state.held += 1;
                        Ok(Delivery::new(delivery, at, Arc::clone(self)))
                    }
                    Item::Gone { topic, range } => Err(DeliveryError::Gone {
                        topic,
                        from: range.first(),
                        to: range.last(),
                        publisher: self.data_endpoint(at).to_owned(),
                    }),
                    _ => continue,
                });
            }
            if let Some(error) = link.error.take() {
                return Some(Err(error));
            }
        }
        None
    }

    pub(super) fn acknowledge(&self, link: usize, id: &DeliveryId) {
        self.give_back(link, |machine, now| {
            machine.acknowledge(now, id);
            false
        });
    }

    /// A delivery came back without an ack. True if it is handed out again.
    pub(super) fn abandon(&self, link: usize, delivery: linger_ack_proto::Delivery) -> bool {
        let comes_again = self.give_back(link, |machine, now| machine.abandon(now, delivery));
        // What was given up is to be told.
        self.waker.wake();
        comes_again
    }

    /// The application is done with a delivery, in whatever way.
    fn give_back(&self, link: usize, done: impl FnOnce(&mut Machine, Instant) -> bool) -> bool {
        let mut state = self.state.lock();
        state.held -= 1;
        let now = Instant::now();
        let Some(link) = state.links.get_mut(link) else {
            return false;
        };
        let before = link.machine.poll_timeout();
        let comes_again = done(&mut link.machine, now);
        // The thread sleeps until the old time: tell it if the new one is earlier.
        let is_earlier = match (before, link.machine.poll_timeout()) {
            (Some(before), Some(after)) => after < before,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        // At the end, someone may wait for nothing but this.
        match comes_again || link.is_over() {
            true => self.announce(state),
            false => drop(state),
        }
        if is_earlier {
            self.waker.wake();
        }
        comes_again
    }
}
