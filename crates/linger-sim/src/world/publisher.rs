//! The process of a publisher: its driver, as the contract of `Publisher` asks for it.

use super::watch::Speaker;
use super::{Life, World};
use crate::faults::Fault;
use crate::invariants::Invariant;
use crate::ledger::{EpochLedger, Membership, Periods, Session};
use crate::network::{ControlLink, Frame, Sent};
use crate::schedule::{Time, Way, What};
use bytes::Bytes;
use linger_ack_proto::{Epoch, Event, Publisher, Target, Transmit};
use std::collections::VecDeque;

pub(crate) struct PublisherHost {
    pub(crate) machine: Publisher,
    /// The place of its epoch in the ledger.
    pub(crate) epoch: usize,
    pub(crate) life: Life,
    /// What ROUTER holds, with the route that it came on.
    pub(crate) inbox: VecDeque<(Bytes, Bytes)>,
    /// Set once a close has begun.
    pub(crate) closing: Option<Target>,
    /// The close is over: nothing more is to be had from this process.
    pub(crate) has_finished: bool,
    /// The close began when there were no faults any more.
    pub(crate) closes_in_peace: bool,
    /// A message that waits for room: its topic, and its padding.
    pub(crate) waiting: Option<(usize, usize)>,
    pub(crate) produces: bool,
    wake_at: Option<Time>,
}

impl World {
    pub(crate) fn add_publisher(&mut self) {
        let (machine, epoch) = self.begin_epoch();
        self.publishers.push(PublisherHost {
            machine,
            epoch,
            life: Life::Runs,
            inbox: VecDeque::new(),
            closing: None,
            has_finished: false,
            closes_in_peace: false,
            waiting: None,
            produces: true,
            wake_at: None,
        });
    }

    fn begin_epoch(&mut self) -> (Publisher, usize) {
        let id = Epoch::from_u128(self.rng.bits());
        let Ok(machine) = Publisher::new(self.plan.config.clone(), id) else {
            unreachable!("the plan's settings are in their ranges")
        };
        let topics = self.plan.topics.len();
        self.ledger.epochs.push(EpochLedger::new(id, topics));
        let epoch = self.ledger.epochs.len() - 1;
        self.expect_names(epoch);
        (machine, epoch)
    }

    /// Names that are expected are owed everything from the start.
    fn expect_names(&mut self, epoch: usize) {
        for expected in self.plan.config.expected.clone() {
            let identity = self.ledger.next_identity(self.rng.next(), self.rng.next());
            let (place, name) = (self.ledger.sessions.len(), expected.name().to_owned());
            let (level, prefixes) = (expected.level, expected.prefixes);
            let (lens, topics) = (&self.ledger.epochs[epoch].lens, &self.plan.topics);
            let periods = Periods::begin(lens, topics, &prefixes);
            let mut claim =
                Session::new(identity, place, None, name.clone(), level, prefixes.clone());
            claim.membership = Some(Membership {
                epoch,
                periods,
                prefixes,
                last_change: 0,
                until: None,
                heir: None,
                is_absent: true,
            });
            self.ledger.sessions.push(claim);
            self.ledger.epochs[epoch].members.push(place);
            self.ledger.epochs[epoch].present.insert(name, place);
        }
    }

    /// Another process in the place of one that is over.
    pub(crate) fn restart_publisher(&mut self, at: usize) {
        let (machine, epoch) = self.begin_epoch();
        let now = self.now;
        self.trace
            .line(now, || format!("p{at} begins epoch {epoch}"));
        let host = &mut self.publishers[at];
        host.machine = machine;
        host.epoch = epoch;
        host.life = Life::Runs;
        host.inbox.clear();
        host.closing = None;
        host.has_finished = false;
        host.waiting = None;
        self.schedule.at(now, What::Produce(at));
    }

    /// Its process runs at `time` at the latest.
    pub(crate) fn rouse_publisher(&mut self, at: usize, time: Time) {
        let host = &mut self.publishers[at];
        if host.wake_at.is_none_or(|wake| wake > time) {
            host.wake_at = Some(time);
            self.schedule.at(time, What::Publisher(at));
        }
    }

    pub(super) fn wake_publisher(&mut self, at: usize) {
        let host = &mut self.publishers[at];
        if host.wake_at != Some(self.now) {
            return; // an earlier wake-up took its place
        }
        host.wake_at = None;
        if host.life != Life::Runs {
            return;
        }
        self.trace.event(self.now, 1 << 8 | at as u64);
        self.wakes += u64::from(self.publishers[at].inbox.is_empty());
        self.run_publisher(at);
    }

    /// One round of the driver: ROUTER first, then what is due.
    pub(crate) fn run_publisher(&mut self, at: usize) {
        let now = self.instant();
        while let Some((route, frame)) = self.publishers[at].inbox.pop_front() {
            self.trace.mix_bytes(&frame);
            self.trace_heard(at, &route, &frame);
            let speaker = self.watch_heard(at, &route, &frame);
            self.publishers[at]
                .machine
                .handle_control(now, &route, &frame);
            self.drain_publisher(at, speaker);
        }
        let machine = &mut self.publishers[at].machine;
        if machine.poll_timeout().is_some_and(|due| due <= now) {
            machine.handle_timeout(now);
            let due = self.publishers[at].machine.poll_timeout();
            if due.is_some_and(|due| due <= now) {
                let what = format!("p{at} asks for a wake-up at once, after one");
                self.judge(Invariant::WakeUps, Err(what));
            }
        }
        self.drain_publisher(at, None);
        self.schedule_publisher(at);
    }

    /// Its next timer.
    pub(crate) fn schedule_publisher(&mut self, at: usize) {
        if let Some(due) = self.publishers[at].machine.poll_timeout() {
            let due = self.time(due).max(self.now);
            self.rouse_publisher(at, due);
        }
    }

    /// Does what the machine asks for, and reads what it tells. `speaker` is the session whose
    /// frame it was just handed, if there is one.
    pub(crate) fn drain_publisher(&mut self, at: usize, speaker: Option<Speaker>) {
        while let Some(transmit) = self.publishers[at].machine.poll_transmit() {
            match transmit {
                Transmit::Settle => self.settle(at),
                Transmit::Batch(frames) => self.send_frames(at, frames),
                Transmit::Private { frame } => {
                    self.watch_private(at, &frame);
                    self.trace_private(at, &frame);
                    let frame = Frame {
                        first: frame,
                        payload: None,
                        trailer: None,
                    };
                    self.send_data(at, &frame);
                }
                Transmit::Control { route, frame } => self.send_control(at, &route, frame),
            }
        }
        let (mut has_room, mut heir) = (false, None);
        while let Some(event) = self.publishers[at].machine.poll_event() {
            self.trace
                .line(self.now, || format!("p{at} event {event:?}"));
            match &event {
                Event::Room => has_room = true,
                _ => self.watch_event(at, speaker, &mut heir, &event),
            }
        }
        if has_room {
            self.has_room(at);
        }
        self.watch_window(at);
    }

    pub(crate) fn settle(&mut self, at: usize) {
        let now = self.now;
        for subscriber in &mut self.subscribers {
            if subscriber.publisher == at {
                subscriber.data.settle(now);
            }
        }
    }

    /// PUB sends to everyone who asked for it.
    pub(crate) fn send_data(&mut self, at: usize, frame: &Frame) {
        let hwm = self.publishers[at].machine.high_water_mark() as usize;
        let hwm = self.plan.pub_hwm.unwrap_or(hwm);
        for to in 0..self.subscribers.len() {
            if self.subscribers[to].publisher != at {
                continue;
            }
            let lossy = self.subscribers[to].loss;
            let is_lost = self.rng.percent(lossy);
            let jitter = self.jitter();
            let link = &mut self.subscribers[to].data;
            if is_lost {
                self.count(Fault::FrameLost);
                continue;
            }
            match link.send(self.now, jitter, hwm, frame) {
                Sent::Filtered => {}
                Sent::Dropped => self.count(Fault::HighWater),
                Sent::Going(Some(time)) => self.schedule.at(time, What::Arrival(to, Way::Data)),
                Sent::Going(None) => {}
            }
        }
    }

    fn send_control(&mut self, at: usize, route: &Bytes, frame: Bytes) {
        Self::keep(&mut self.told, &frame);
        self.watch_told_by(at, route, &frame);
        self.trace.mix_bytes(&frame);
        let is_ours = |to: &usize| {
            let host = self.subscribers.get(*to);
            host.is_some_and(|host| host.publisher == at)
        };
        let Some(to) = ControlLink::owner(route).filter(is_ours) else {
            return; // to a stranger
        };
        self.trace_told(at, to, &frame);
        let lossy = self.subscribers[to].loss;
        let is_lost = self.rng.percent(lossy);
        let (now, jitter, hwm) = (self.now, self.jitter(), self.plan.router_hwm);
        if is_lost {
            return self.count(Fault::FrameLost);
        }
        let link = &mut self.subscribers[to].control;
        match link.tell(now, jitter, hwm, route, frame) {
            None => self.count(Fault::RouterRefused),
            Some(Some(time)) => self.schedule.at(time, What::Arrival(to, Way::Down)),
            Some(None) => {}
        }
    }
}
