//! What the application takes, and gives back.

use super::batch::DeliveryBatch;
use super::delivery::Delivery;
use super::handover::{Acked, Popped, Taken};
use super::reader::Reader;
use super::state::{Shared, State};
use crate::error::DeliveryError;
use linger_ack_proto::{DeliveryId, Item};
use parking_lot::MutexGuard;
use std::collections::VecDeque;
use std::iter;
use std::sync::Arc;
use std::time::Instant;

impl Shared {
    /// The next delivery. `None`: all is over, or `stop` was called, or the deadline came.
    pub(super) fn next(
        self: &Arc<Self>,
        deadline: Option<Instant>,
    ) -> Option<Result<Delivery, DeliveryError>> {
        self.next_of(deadline, || self.take_ready(), |next| next)
    }

    /// The next batch, likewise.
    pub(super) fn next_batch(
        self: &Arc<Self>,
        most: usize,
        deadline: Option<Instant>,
    ) -> Option<Result<DeliveryBatch, DeliveryError>> {
        let single = |next: Result<Delivery, DeliveryError>| next.map(DeliveryBatch::from);
        self.next_of(deadline, || self.take_batch(most), single)
    }

    /// The next of whatever `ready` gives; a delivery that a machine gives is made one by `single`.
    fn next_of<T>(
        self: &Arc<Self>,
        deadline: Option<Instant>,
        ready: impl Fn() -> Option<T>,
        single: impl Fn(Result<Delivery, DeliveryError>) -> T,
    ) -> Option<T> {
        if let Some(next) = ready() {
            return Some(next);
        }
        let ask = |state: &mut State, waits_for_held| {
            let next = ready().map(Some);
            next.or_else(|| Some(self.next_or_end(state, waits_for_held)?.map(&single)))
        };
        loop {
            if let Some(reader) = self.helm.try_lead() {
                if let Some(next) = self.lead(reader, deadline, &ask) {
                    return next;
                }
            }
            let mut state = self.lock();
            if let Some(next) = ask(&mut state, deadline.is_some()) {
                return next;
            }
            let Some(_follower) = self.helm.follow() else {
                continue;
            };
            if self.helm.ask() {
                self.waker.wake();
            }
            if self.wait(&mut state, deadline) {
                return ask(&mut state, true).flatten();
            }
        }
    }

    /// Reads the sockets until there is an answer, or the deadline comes.
    ///
    /// `None`: the sockets are over, so there is nothing more to read.
    fn lead<T>(
        &self,
        mut reader: MutexGuard<'_, Reader>,
        deadline: Option<Instant>,
        ask: &impl Fn(&mut State, bool) -> Option<Option<T>>,
    ) -> Option<Option<T>> {
        loop {
            let looked = match reader.look(self) {
                Ok(looked) => looked,
                Err(error) => {
                    reader.failed = Some(error);
                    self.helm.end();
                    return None;
                }
            };
            if looked.has_events {
                self.helm.wake_watch();
            }
            let next = ask(&mut self.lock(), deadline.is_some());
            if next.is_some() {
                self.cease(reader);
                return next;
            }
            if looked.has_ended {
                self.helm.end();
            }
            if self.helm.is_done() {
                return None;
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                self.cease(reader);
                return Some(None);
            }
            if !looked.has_more {
                let until = looked.wake_at.into_iter().chain(deadline).min();
                reader.sleep(self, until);
            }
        }
    }

    /// The next delivery, if one is ready and no machine has to be asked for it.
    pub(super) fn take_ready(self: &Arc<Self>) -> Option<Result<Delivery, DeliveryError>> {
        self.give(self.handover.pop()?)
    }

    /// So many as are ready, up to so many, if there are any and no machine has to be asked.
    pub(super) fn take_batch(
        self: &Arc<Self>,
        most: usize,
    ) -> Option<Result<DeliveryBatch, DeliveryError>> {
        match self.handover.pop_many(most.max(1))? {
            Popped::Other(taken) => Some(self.give(taken)?.map(DeliveryBatch::from)),
            Popped::Messages {
                link,
                items,
                resumes,
            } => {
                if resumes {
                    self.waker.wake();
                }
                Some(Ok(DeliveryBatch::new(link, items, Arc::clone(self))))
            }
        }
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
        let mut asks = false;
        for link in state.links.iter_mut().filter(|link| link.ended.is_none()) {
            // Once: whoever leads comes by here each time that it has looked.
            if !std::mem::replace(&mut link.is_leaving, true) {
                link.leave = true;
                asks = true;
            }
        }
        if asks {
            self.wake();
        }
        None
    }

    fn take(self: &Arc<Self>, state: &mut State) -> Option<Result<Delivery, DeliveryError>> {
        let mut handover = self.handover.lock();
        let count = state.links.len();
        let turn = handover.turn();
        let mut next = None;
        for at in (turn..count).chain(0..turn) {
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
        let acked = self.handover.acknowledge(iter::once((link, id)));
        self.after(acked);
    }

    /// A whole batch, likewise.
    pub(super) fn acknowledge_all(&self, link: usize, items: VecDeque<Item>) {
        let acked = self.handover.acknowledge_all(link, items);
        self.after(acked);
    }

    fn after(&self, acked: Acked) {
        match acked {
            Acked::Noted => {}
            Acked::Wake => self.waker.wake(),
            Acked::Announce => {
                self.announce(self.lock());
                self.wake();
            }
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
        self.wake();
        comes_again
    }
}

#[cfg(test)]
mod tests {
    use crate::Subscriber;

    #[test]
    fn whoever_waits_for_the_end_asks_for_it_once_and_then_sleeps() {
        let subscriber = Subscriber::builder("a").connect("inproc://data", "inproc://control");
        let subscriber = subscriber.expect("connected");
        let shared = &subscriber.shared;
        let mut state = shared.lock();
        state.links[0].end_of_stream = true;
        assert!(shared.next_or_end(&mut state, false).is_none());
        assert!(state.links[0].leave);
        // As whoever looks after the sockets does.
        state.links[0].leave = false;
        assert!(shared.next_or_end(&mut state, false).is_none());
        assert!(
            !state.links[0].leave,
            "it would wake itself again and again"
        );
    }
}
