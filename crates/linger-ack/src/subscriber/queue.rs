//! What the application takes, and gives back.

use super::delivery::Delivery;
use super::handover::{Acked, Taken};
use super::state::{Shared, State};
use crate::error::DeliveryError;
use linger_ack_proto::{DeliveryId, Item};
use std::sync::Arc;
use std::time::Instant;

impl Shared {
    /// The next delivery. `None`: all is over, or `stop` was called, or the deadline came.
    pub(super) fn next(
        self: &Arc<Self>,
        deadline: Option<Instant>,
    ) -> Option<Result<Delivery, DeliveryError>> {
        if let Some(next) = self.take_ready() {
            return Some(next);
        }
        let Some(deadline) = deadline else {
            let mut state = self.lock();
            loop {
                if let Some(next) = self.next_or_end(&mut state, false) {
                    return next;
                }
                self.wait(&mut state);
            }
        };
        self.wait_by(deadline, |state| self.next_or_end(state, true))
            .flatten()
    }

    /// The next delivery, if one is ready and no machine has to be asked for it.
    pub(super) fn take_ready(self: &Arc<Self>) -> Option<Result<Delivery, DeliveryError>> {
        self.give(self.handover.pop()?)
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
        let mut handover = self.handover.lock();
        let count = state.links.len();
        let turn = handover.turn();
        let mut next = None;
        for at in (turn..turn + count).map(|at| at % count) {
            let link = &mut state.links[at];
            if let Some(item) = link.machine.poll_again() {
                handover.gives(at, &item);
                next = Some(Ok(Taken::from_machine(at, item)));
            } else if let Some(taken) = handover.pop(at) {
                next = Some(Ok(taken));
            } else {
                next = link.error.take().map(Err);
            }
            if next.is_some() {
                break;
            }
        }
        state.held = handover.tell(&mut state.links);
        handover.note(&state.links);
        drop(handover);
        match next? {
            Ok(taken) => self.give(taken),
            Err(error) => Some(Err(error)),
        }
    }

    fn give(self: &Arc<Self>, taken: Taken) -> Option<Result<Delivery, DeliveryError>> {
        let Taken {
            link,
            item,
            resumes,
        } = taken;
        if resumes {
            self.waker.wake();
        }
        Some(match item {
            Item::Message(delivery) => Ok(Delivery::new(delivery, link, Arc::clone(self))),
            Item::Gone { topic, range } => Err(DeliveryError::Gone {
                topic,
                from: range.first(),
                to: range.last(),
                publisher: self.data_endpoint(link).to_owned(),
            }),
            _ => return None,
        })
    }

    pub(super) fn acknowledge(&self, link: usize, id: &DeliveryId) {
        let acked = self.handover.acknowledge(link, id);
        if acked == Acked::Announce {
            self.announce(self.lock());
        }
        if acked != Acked::Noted {
            self.waker.wake();
        }
    }

    /// A delivery came back without an ack. True if it is handed out again.
    pub(super) fn abandon(&self, link: usize, delivery: linger_ack_proto::Delivery) -> bool {
        let mut state = self.lock();
        let now = Instant::now();
        let mut handover = self.handover.lock();
        handover.takes_back();
        let at = link;
        let Some(link) = state.links.get_mut(at) else {
            return false;
        };
        let comes_again = link.machine.abandon(now, delivery);
        let is_over = link.is_over();
        state.held = handover.tell(&mut state.links);
        handover.note(&state.links);
        drop(handover);
        // At the end, someone may wait for nothing but this.
        match comes_again || is_over {
            true => self.announce(state),
            false => drop(state),
        }
        // What was given up is to be told.
        self.waker.wake();
        comes_again
    }
}
