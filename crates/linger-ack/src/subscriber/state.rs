//! What the application and the receive thread share.

use super::delivery::Delivery;
use super::report::{LinkEnd, LinkReport, SubscriberReport};
use crate::error::DeliveryError;
use crate::wake::Waker;
use linger_ack_proto::{DeliveryId, EndReason, Item, PrefixStanding, Subscriber as Machine};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

pub(super) struct Shared {
    pub(super) name: String,
    pub(super) endpoints: Vec<String>,
    /// How many deliveries may wait for the application, for each publisher.
    pub(super) queue: usize,
    pub(super) state: Mutex<State>,
    /// There is a delivery, or something began or ended.
    pub(super) change: Condvar,
    pub(super) waker: Waker,
}

pub(super) struct State {
    pub(super) links: Vec<LinkState>,
    /// Which link is asked first for the next delivery, so that none is starved.
    turn: usize,
    /// How many deliveries the application holds.
    held: u64,
    /// The application asked `deliveries` to end: nothing more is read from the data connections.
    stopped: bool,
    /// The thread has ended.
    pub(super) ended: bool,
    report: Option<SubscriberReport>,
    #[cfg(feature = "tokio")]
    pub(super) tasks: super::tasks::Tasks,
}

/// One publisher's machine, and what the application is still to be told of it.
pub(super) struct LinkState {
    pub(super) machine: Machine,
    /// Everything was handed to the queue.
    pub(super) end_of_stream: bool,
    pub(super) ended: Option<EndReason>,
    /// To be given after the last delivery.
    pub(super) error: Option<DeliveryError>,
    /// The thread has stopped reading SUB, as the queue was full.
    pub(super) paused: bool,
    pub(super) leave: bool,
}

impl LinkState {
    pub(super) fn new(machine: Machine) -> Self {
        Self {
            machine,
            end_of_stream: false,
            ended: None,
            error: None,
            paused: false,
            leave: false,
        }
    }

    pub(super) fn is_member(&self) -> bool {
        // If the sockets were lost, the machine never heard of it.
        self.ended.is_none() && self.machine.is_member()
    }

    pub(super) fn prefix(&self, prefix: &[u8]) -> PrefixStanding {
        match self.machine.prefix(prefix) {
            refused @ PrefixStanding::Refused { .. } => refused,
            // If the sockets were lost, the machine never heard of it.
            _ if self.ended.is_some() => PrefixStanding::Unsubscribed,
            standing => standing,
        }
    }

    fn is_over(&self) -> bool {
        self.end_of_stream || self.ended.is_some()
    }

    /// Everything was handed out; what is held may come back.
    fn is_empty(&self) -> bool {
        self.is_over() && self.machine.pending() == 0 && self.error.is_none()
    }
}

impl State {
    pub(super) fn new(links: Vec<LinkState>) -> Self {
        Self {
            links,
            turn: 0,
            held: 0,
            stopped: false,
            ended: false,
            report: None,
            #[cfg(feature = "tokio")]
            tasks: super::tasks::Tasks::default(),
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.is_empty() && !self.may_come_back()
    }

    fn is_empty(&self) -> bool {
        self.links.iter().all(LinkState::is_empty)
    }

    /// Whether a delivery that is held may be handed out again.
    fn may_come_back(&self) -> bool {
        self.links.iter().any(|link| link.machine.may_come_back())
    }

    fn has_ended(&self) -> bool {
        self.ended || self.links.iter().all(|link| link.ended.is_some())
    }
}

impl Shared {
    /// The sockets are handed back: what has not ended by now never will.
    pub(super) fn thread_ended(&self) {
        let mut state = self.state.lock();
        for (at, link) in state.links.iter_mut().enumerate() {
            if link.ended.is_none() {
                link.ended = Some(EndReason::Unconfirmed);
                let publisher = self.data_endpoint(at).to_owned();
                link.error = Some(DeliveryError::Terminated { publisher });
            }
        }
        state.ended = true;
        self.announce(state);
    }

    /// Tells whoever waits that something has changed, once the lock is free.
    pub(super) fn announce(&self, state: MutexGuard<'_, State>) {
        #[cfg(feature = "tokio")]
        let (tasks, state) = {
            let mut state = state;
            (state.tasks.take(), state)
        };
        drop(state);
        self.change.notify_all();
        #[cfg(feature = "tokio")]
        tasks.into_values().for_each(std::task::Waker::wake);
    }

    /// Waits until there is an answer. `None`: the deadline came before one.
    pub(super) fn wait_by<T>(
        &self,
        deadline: Instant,
        mut answer: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let mut state = self.state.lock();
        loop {
            if let Some(answer) = answer(&mut state) {
                return Some(answer);
            }
            if self.change.wait_until(&mut state, deadline).timed_out() {
                return answer(&mut state);
            }
        }
    }

    /// Whether this is a member everywhere, or never will be. `None`: that is not known yet.
    pub(super) fn judge_members(state: &State) -> Option<bool> {
        if state.links.iter().all(LinkState::is_member) {
            return Some(true);
        }
        // What is not read can't welcome anybody.
        let has_ended = state.links.iter().any(|link| link.ended.is_some());
        (has_ended || state.stopped).then_some(false)
    }

    /// How each membership has ended, if it has.
    pub(super) fn ends(&self) -> Vec<Option<EndReason>> {
        self.state
            .lock()
            .links
            .iter()
            .map(|link| link.ended)
            .collect()
    }

    pub(super) fn data_endpoint(&self, link: usize) -> &str {
        self.endpoints.get(link).map_or("", String::as_str)
    }

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
        if state.stopped || state.ended {
            return Some(None);
        }
        if !state.is_empty() || (waits_for_held && state.may_come_back()) {
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

    pub(super) fn stop(&self) {
        let mut state = self.state.lock();
        state.stopped = true;
        self.announce(state);
        self.waker.wake();
    }

    pub(super) fn ask_to_leave(&self) {
        let mut state = self.state.lock();
        state.stopped = true;
        for link in &mut state.links {
            link.leave = true;
        }
        self.announce(state);
        self.waker.wake();
    }

    pub(super) fn close_by(&self, deadline: Instant) -> SubscriberReport {
        self.ask_to_leave();
        let _ = self.wait_by(deadline, |state| state.ended.then_some(()));
        self.report()
    }

    /// How it stands; once it was asked for, always the same.
    pub(super) fn report(&self) -> SubscriberReport {
        let mut state = self.state.lock();
        if let Some(report) = &state.report {
            return report.clone();
        }
        let links = state.links.iter().enumerate().map(|(at, link)| LinkReport {
            data_endpoint: self.data_endpoint(at).to_owned(),
            end: link.ended.map_or(LinkEnd::Pending, LinkEnd::Ended),
            counters: link.machine.counters(),
            waiting: link.machine.pending() as u64,
            abandoned: link.machine.abandoned(),
        });
        let links: Vec<_> = links.collect();
        let report = SubscriberReport {
            name: self.name.clone(),
            abandoned: links.iter().map(|link| link.counters.abandoned).sum(),
            waiting: links.iter().map(|link| link.waiting).sum(),
            held: state.held,
            links,
        };
        state.report = Some(report.clone());
        report
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
