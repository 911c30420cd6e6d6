//! The process of a subscriber: its driver, as the contract of `Subscriber` asks for it.

use super::watch::Held;
use super::{Habit, Life, World};
use crate::faults::Fault;
use crate::invariants::{Invariant, bounded, deadlines, forward};
use crate::ledger::Session;
use crate::network::{ControlLink, DataLink, Frame};
use crate::schedule::{MS, Plane, Time, Way, What};
use bytes::Bytes;
use linger_ack_proto::{EndReason, Identity, Subscriber, SubscriberConfig, SubscriberEvent};
use std::collections::{BTreeMap, VecDeque};

pub(crate) struct SubscriberHost {
    pub(crate) machine: Subscriber,
    pub(crate) config: SubscriberConfig,
    /// The place of its publisher.
    pub(crate) publisher: usize,
    pub(crate) life: Life,
    pub(crate) data: DataLink,
    pub(crate) control: ControlLink,
    /// What DEALER did not take.
    kept: Option<Bytes>,
    private: Bytes,
    /// Its sessions, by generation, as places in the ledger.
    pub(crate) sessions: Vec<usize>,
    /// Of each delivery that waits, the session that it was queued in.
    pub(crate) queued: VecDeque<usize>,
    /// What its application was given last, by epoch and topic: the next sequence.
    pub(crate) next: BTreeMap<(usize, usize), u64>,
    pub(crate) habit: Habit,
    pub(crate) unacked: Vec<Held>,
    /// How many deliveries wait to be given again.
    pub(crate) again: usize,
    pub(crate) has_dropped: bool,
    pub(crate) consumes_at: Option<Time>,
    /// When it was told to leave, and how it ended.
    pub(crate) left_at: Option<Time>,
    pub(crate) ended: Option<EndReason>,
    /// How many of a hundred frames are lost.
    pub(crate) loss: u64,
    wake_at: Option<Time>,
}

/// So often in a row a driver serves its machine, at most, before it has nothing left to say.
const ROUNDS: u64 = 4;

/// How soon a driver tries again what DEALER did not take.
const REFUSED: Time = 10 * MS;

impl World {
    /// A new process; of a name that is taken, if it is given one.
    pub(crate) fn add_subscriber(&mut self, like: Option<usize>) -> usize {
        let at = self.subscribers.len();
        let mut config = self.plan.subscriber_config(&mut self.rng, at);
        let mut publisher = self.rng.index(self.publishers.len());
        if let Some(like) = like {
            config.name = self.subscribers[like].config.name.clone();
            publisher = self.subscribers[like].publisher;
        }
        let identity = self.new_identity(at, &config);
        let machine = Subscriber::new(self.instant(), config.clone(), identity);
        let latency = self.plan.latency;
        let private = Bytes::from(machine.private_topic());
        let mut data = DataLink::new(latency);
        for prefix in &config.prefixes {
            data.wanted.insert(prefix.clone());
        }
        data.wanted.insert(private.clone());
        let now = self.now;
        self.trace.line(now, || {
            let (name, level) = (&config.name, config.level);
            format!(
                "s{at} is born: {name}, of p{publisher}, {level}, {:?}",
                config.prefixes
            )
        });
        let habit = self.first_habit();
        self.subscribers.push(SubscriberHost {
            machine,
            config,
            publisher,
            life: Life::Runs,
            data,
            control: ControlLink::new(at, latency),
            kept: None,
            private,
            sessions: vec![self.ledger.sessions.len() - 1],
            queued: VecDeque::new(),
            next: BTreeMap::new(),
            habit,
            unacked: Vec::new(),
            again: 0,
            has_dropped: false,
            consumes_at: None,
            left_at: None,
            ended: None,
            loss: 0,
            wake_at: None,
        });
        self.schedule.at(now, What::Connect(at, Plane::Data));
        self.schedule.at(now, What::Connect(at, Plane::Control));
        self.rouse_subscriber(at, now);
        at
    }

    fn new_identity(&mut self, at: usize, config: &SubscriberConfig) -> Identity {
        let identity = (self.ledger).next_identity(self.rng.next(), self.rng.next());
        let (name, prefixes) = (config.name.clone(), config.prefixes.clone());
        let place = self.ledger.sessions.len();
        let written = Session::new(identity, place, Some(at), name, config.level, prefixes);
        self.ledger.sessions.push(written);
        identity
    }

    /// The place of its session now.
    pub(crate) fn session_of(&self, at: usize) -> usize {
        self.subscribers[at].sessions.last().copied().unwrap_or(0)
    }

    /// Whether its publisher counts its session as a member, by what was seen.
    pub(crate) fn is_counted(&self, at: usize) -> bool {
        let membership = self.ledger.sessions[self.session_of(at)]
            .membership
            .as_ref();
        let epoch = self.publishers[self.subscribers[at].publisher].epoch;
        membership.is_some_and(|member| member.epoch == epoch && member.until.is_none())
    }

    pub(crate) fn rouse_subscriber(&mut self, at: usize, time: Time) {
        let host = &mut self.subscribers[at];
        if host.wake_at.is_none_or(|wake| wake > time) {
            host.wake_at = Some(time);
            self.schedule.at(time, What::Subscriber(at));
        }
    }

    pub(super) fn wake_subscriber(&mut self, at: usize) {
        let host = &mut self.subscribers[at];
        if host.wake_at != Some(self.now) {
            return; // an earlier wake-up took its place
        }
        host.wake_at = None;
        if host.life != Life::Runs {
            return;
        }
        self.trace.event(self.now, 2 << 8 | at as u64);
        let host = &self.subscribers[at];
        let is_idle = host.control.inbox.is_empty() && host.data.inbox.is_empty();
        self.wakes += u64::from(is_idle);
        self.run_subscriber(at);
    }

    /// One round of the driver: DEALER, then SUB while there is room, then what is due.
    pub(crate) fn run_subscriber(&mut self, at: usize) {
        while let Some(frame) = self.subscribers[at].control.inbox.pop_front() {
            self.watch_told(at, &frame);
            let now = self.instant();
            self.subscribers[at].machine.handle_control(now, &frame);
            self.note_queued(at);
        }
        while !self.subscribers[at].machine.is_full() {
            let Some(frame) = self.read_data(at) else {
                break;
            };
            self.watch_data(at, &frame);
            let now = self.instant();
            let machine = &mut self.subscribers[at].machine;
            let Frame {
                first,
                payload,
                trailer,
            } = frame;
            match (payload, trailer) {
                (Some(payload), Some(trailer)) => {
                    machine.handle_bare(now, &first, payload, &trailer);
                }
                (payload, _) => machine.handle_data(now, &first, payload),
            }
            self.note_queued(at);
        }
        self.serve_subscriber(at);
    }

    /// What is due, what is to be sent, what is told; until nothing more comes of it.
    pub(crate) fn serve_subscriber(&mut self, at: usize) {
        let now = self.instant();
        for _ in 0..ROUNDS {
            self.subscribers[at].machine.handle_timeout(now);
            self.note_queued(at);
            let again = self.read_events(at);
            if again {
                self.subscribers[at].machine.handle_timeout(now);
            }
            self.send_up(at);
            // What DEALER did not take may have kept the machine from saying more until now.
            let due = self.subscribers[at].machine.poll_timeout();
            if due.is_none_or(|due| due > now) {
                break;
            }
        }
        self.rouse_consumer(at);
        let host = &self.subscribers[at];
        if let Some(left_at) = host.left_at {
            let result = deadlines::left(
                self.now,
                left_at,
                Time::try_from(host.config.farewell.as_micros()).unwrap_or(Time::MAX),
                host.ended.is_some(),
            );
            self.judge(Invariant::Deadlines, result);
        }
        let host = &self.subscribers[at];
        let Some(due) = host.machine.poll_timeout() else {
            return;
        };
        let is_refused = host.kept.is_some();
        if due <= now && !is_refused {
            let what = format!("s{at} asks for a wake-up at once, after one");
            self.judge(Invariant::WakeUps, Err(what));
        }
        let due = self.time(due).max(match is_refused {
            true => self.now + REFUSED,
            false => self.now,
        });
        self.rouse_subscriber(at, due);
    }

    /// Deliveries were queued: they belong to this session.
    fn note_queued(&mut self, at: usize) {
        let session = self.session_of(at);
        let host = &mut self.subscribers[at];
        let waiting = host.machine.pending() - host.again.min(host.machine.pending());
        let before = host.queued.len();
        host.queued.resize(waiting.max(before), session);
        if waiting > before {
            let written = &self.ledger.sessions[session];
            let result = forward::not_after_the_end(written, "a delivery");
            self.judge(Invariant::Forward, result);
            let (ours, theirs) = (&self.subscribers[at].config, &self.plan.config);
            let result = bounded::pending(ours, theirs, self.plan.topics.len(), waiting);
            self.judge(Invariant::Bounded, result);
        }
    }

    /// What DEALER does not take is kept, and nothing else is polled meanwhile.
    fn send_up(&mut self, at: usize) {
        loop {
            let host = &mut self.subscribers[at];
            if host.ended.is_some() {
                return; // what could not be sent before is nobody's business any more
            }
            let (frame, is_new) = match host.kept.take() {
                Some(frame) => (frame, false),
                None => match host.machine.poll_transmit() {
                    Some(transmit) => (transmit.frame, true),
                    None => return,
                },
            };
            if is_new {
                self.trace.mix_bytes(&frame);
                self.watch_said(at, &frame);
            }
            let lossy = self.subscribers[at].loss;
            if self.rng.percent(lossy) {
                self.count(Fault::FrameLost);
                continue;
            }
            let (now, jitter, hwm) = (self.now, self.jitter(), self.plan.dealer_hwm);
            let host = &mut self.subscribers[at];
            let (is_taken, arrival) = host.control.say(now, jitter, hwm, &frame);
            if let Some(time) = arrival {
                self.schedule.at(time, What::Arrival(at, Way::Up));
            }
            if !is_taken {
                self.subscribers[at].kept = Some(frame);
                return self.count(Fault::DealerFull);
            }
            Self::keep(&mut self.said, &frame);
        }
    }

    /// Reads what the machine tells; true if it wants to be served again.
    fn read_events(&mut self, at: usize) -> bool {
        let mut again = false;
        while let Some(event) = self.subscribers[at].machine.poll_event() {
            let now = self.now;
            self.trace.line(now, || format!("s{at} event {event:?}"));
            self.watch_told_event(at, &event);
            match event {
                SubscriberEvent::Rejoin => {
                    self.rejoin(at);
                    again = true;
                }
                SubscriberEvent::Subscribe { prefix } => {
                    let time = self.subscribers[at].data.subscribe(now, prefix);
                    if let Some(time) = time {
                        self.schedule.at(time, What::Arrival(at, Way::Filter));
                    }
                }
                SubscriberEvent::Unsubscribe { prefix } => {
                    let time = self.subscribers[at].data.unsubscribe(now, &prefix);
                    if let Some(time) = time {
                        self.schedule.at(time, What::Arrival(at, Way::Filter));
                    }
                }
                SubscriberEvent::Ended { reason } => self.subscribers[at].ended = Some(reason),
                _ => {}
            }
        }
        again
    }

    fn rejoin(&mut self, at: usize) {
        let config = self.subscribers[at].config.clone();
        let identity = self.new_identity(at, &config);
        let (session, now) = (self.ledger.sessions.len() - 1, self.instant());
        let host = &mut self.subscribers[at];
        host.sessions.push(session);
        host.machine.rejoin(now, identity);
        let fresh = Bytes::from(host.machine.private_topic());
        let old = std::mem::replace(&mut host.private, fresh.clone());
        let off = host.data.unsubscribe(self.now, &old);
        let on = host.data.subscribe(self.now, fresh);
        if let Some(time) = off.or(on) {
            self.schedule.at(time, What::Arrival(at, Way::Filter));
        }
    }
}
