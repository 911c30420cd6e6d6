//! What the application and the receive thread share.

use super::handover::Handover;
use super::helm::Helm;
use super::report::{LinkEnd, LinkReport, SubscriberReport};
use crate::error::DeliveryError;
use crate::wake::Waker;
use linger_ack_proto::{EndReason, PrefixStanding, Subscriber as Machine, SubscriberEvent};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::fmt;
use std::time::Instant;

pub(super) struct Shared {
    pub(super) name: String,
    pub(super) endpoints: Vec<String>,
    /// The machines. See [`lock`](Self::lock).
    state: Mutex<State>,
    /// What the application takes and gives back without them.
    pub(super) handover: Handover,
    /// There is a delivery, or something began or ended.
    pub(super) change: Condvar,
    /// Wakes whoever polls the sockets.
    pub(super) waker: Waker,
    pub(super) helm: Helm,
    /// What the watch is to tell, by link.
    pub(super) news: Mutex<Vec<(usize, Vec<SubscriberEvent>)>>,
}

pub(super) struct State {
    pub(super) links: Vec<LinkState>,
    /// How many deliveries the application holds, as of the last lock.
    pub(super) held: u64,
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
    /// The machine is to leave.
    pub(super) leave: bool,
    /// It was told so as all was handed out.
    pub(super) is_leaving: bool,
}

impl LinkState {
    pub(super) fn new(machine: Machine) -> Self {
        Self {
            machine,
            end_of_stream: false,
            ended: None,
            error: None,
            leave: false,
            is_leaving: false,
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

    pub(super) fn is_over(&self) -> bool {
        self.end_of_stream || self.ended.is_some()
    }

    /// Everything was handed out; what is held may come back.
    pub(super) fn is_empty(&self) -> bool {
        self.is_over() && self.machine.pending() == 0 && self.error.is_none()
    }
}

impl State {
    pub(super) fn new(links: Vec<LinkState>) -> Self {
        Self {
            links,
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
        let nothing_waits = match self.stopped {
            true => self.links.iter().all(|link| link.machine.pending() == 0),
            false => self.is_empty(),
        };
        nothing_waits && !self.may_come_back()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.links.iter().all(LinkState::is_empty)
    }

    /// Whether a delivery that is held may be handed out again.
    pub(super) fn may_come_back(&self) -> bool {
        self.links.iter().any(|link| link.machine.may_come_back())
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended || self.links.iter().all(|link| link.ended.is_some())
    }
}

impl Shared {
    pub(super) fn new(
        name: String,
        endpoints: Vec<String>,
        links: Vec<LinkState>,
        handover: Handover,
        waker: Waker,
        helm: Helm,
    ) -> Self {
        Self {
            name,
            endpoints,
            state: Mutex::new(State::new(links)),
            handover,
            change: Condvar::new(),
            waker,
            helm,
            news: Mutex::new(Vec::new()),
        }
    }

    /// Has the sockets looked after at once, whoever does so and wherever it sleeps.
    pub(super) fn wake(&self) {
        self.waker.wake();
        self.helm.wake_watch();
    }

    /// The machines, which know of everything that the application has taken and given back.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock();
        self.tell(&mut state);
        state
    }

    fn tell(&self, state: &mut State) {
        state.held = self.handover.lock().tell(&mut state.links);
    }

    /// Waits for the next announcement, or the deadline; true if that came first.
    pub(super) fn wait(
        &self,
        state: &mut MutexGuard<'_, State>,
        deadline: Option<Instant>,
    ) -> bool {
        let is_late = match deadline {
            Some(deadline) => self.change.wait_until(state, deadline).timed_out(),
            None => {
                self.change.wait(state);
                false
            }
        };
        self.tell(state);
        is_late
    }

    /// The sockets are handed back: what has not ended by now never will.
    pub(super) fn thread_ended(&self) {
        let mut state = self.lock();
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
        let mut state = self.lock();
        loop {
            if let Some(answer) = answer(&mut state) {
                return Some(answer);
            }
            if self.wait(&mut state, Some(deadline)) {
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

    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        self.announce(state);
        self.wake();
    }

    pub(super) fn ask_to_leave(&self) {
        let mut state = self.lock();
        state.stopped = true;
        for link in &mut state.links {
            link.leave = true;
        }
        self.announce(state);
        self.wake();
    }

    pub(super) fn close_by(&self, deadline: Instant) -> SubscriberReport {
        self.ask_to_leave();
        let _ = self.wait_by(deadline, |state| state.ended.then_some(()));
        self.report()
    }

    /// How it stands; once it was asked for, always the same.
    pub(super) fn report(&self) -> SubscriberReport {
        let mut state = self.lock();
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
