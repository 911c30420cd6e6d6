//! Processes that are killed, restarted, suspended, doubled; that join late, leave, or close.

use crate::faults::Fault;
use crate::schedule::{Ailment, Plane, What};
use crate::world::{Habit, Life, World};

impl World {
    pub(super) fn trouble_consumer(&mut self, at: usize) {
        if self.rng.percent(30) {
            return self.abandon(at);
        }
        self.change_habit(at);
        self.cure_later(Ailment::Habit(at));
    }

    pub(super) fn suspend(&mut self, at: usize) {
        match self.rng.below(5) {
            0 | 1 => {
                self.suspend_subscriber(at);
                self.count(Fault::SubscriberSuspended);
            }
            2 | 3 => {
                let publisher = self.rng.index(self.publishers.len());
                self.suspend_publisher(publisher);
                self.count(Fault::PublisherSuspended);
            }
            _ => {
                let time = self.now + self.a_while();
                for at in 0..self.publishers.len() {
                    if self.publishers[at].life == Life::Runs {
                        self.publishers[at].life = Life::Suspended;
                        let cure = What::Cure(Ailment::SuspendedPublisher(at));
                        self.schedule.at(time, cure);
                    }
                }
                for at in 0..self.subscribers.len() {
                    if self.subscribers[at].life == Life::Runs {
                        self.subscribers[at].life = Life::Suspended;
                        let cure = What::Cure(Ailment::SuspendedSubscriber(at));
                        self.schedule.at(time, cure);
                    }
                }
                self.count(Fault::ClockJump);
            }
        }
    }

    fn suspend_subscriber(&mut self, at: usize) {
        if self.subscribers[at].life == Life::Runs {
            self.subscribers[at].life = Life::Suspended;
            self.cure_later(Ailment::SuspendedSubscriber(at));
        }
    }

    fn suspend_publisher(&mut self, at: usize) {
        if self.publishers[at].life == Life::Runs {
            self.publishers[at].life = Life::Suspended;
            self.cure_later(Ailment::SuspendedPublisher(at));
        }
    }

    pub(super) fn change_company(&mut self, at: usize) {
        let has_room = self.subscribers.len() < self.plan.most_subscribers;
        match self.rng.below(4) {
            0 | 1 if has_room => {
                self.add_subscriber(None);
                self.count(Fault::LateJoiner);
            }
            2 if has_room => {
                self.add_subscriber(Some(at));
                self.count(Fault::Duplicate);
            }
            _ => self.leave(at),
        }
    }

    pub(crate) fn leave(&mut self, at: usize) {
        let (now, time) = (self.instant(), self.now);
        let host = &mut self.subscribers[at];
        if host.life != Life::Runs || host.ended.is_some() || host.left_at.is_some() {
            return;
        }
        host.left_at = Some(time);
        host.machine.leave(now);
        if self.rng.percent(30) {
            self.subscribers[at].machine.leave(now);
        }
        self.trace.line(time, || format!("s{at} is told to leave"));
        self.count(Fault::Leaver);
        self.rouse_subscriber(at, time);
    }

    pub(super) fn restart(&mut self, at: usize) {
        match self.rng.below(5) {
            0 => {
                self.kill(at);
                self.count(Fault::SubscriberKilled);
            }
            1 if self.subscribers.len() < self.plan.most_subscribers => {
                self.kill(at);
                self.add_subscriber(Some(at));
                self.count(Fault::SubscriberRestarted);
            }
            2 => {
                self.cut(at, Plane::Data, false);
                self.cut(at, Plane::Control, false);
                self.subscribers[at].data.inbox.clear();
                self.subscribers[at].control.inbox.clear();
                self.count(Fault::Reconnected);
            }
            3 | 4 if self.ledger.epochs.len() < 2 + self.publishers.len() => {
                let publisher = self.rng.index(self.publishers.len());
                self.kill_publisher(publisher);
            }
            _ => {}
        }
    }

    fn kill(&mut self, at: usize) {
        if self.is_alive(at) {
            self.trace.line(self.now, || format!("s{at} is killed"));
            self.cut(at, Plane::Data, false);
            self.cut(at, Plane::Control, false);
            self.subscribers[at].life = Life::Dead;
        }
    }

    /// What the process knew is judged; another takes its place, now or later.
    pub(super) fn kill_publisher(&mut self, at: usize) {
        if self.publishers[at].life == Life::Dead {
            return;
        }
        self.trace.line(self.now, || format!("p{at} is killed"));
        if !self.publishers[at].has_finished {
            self.judge_publisher(at);
        }
        self.publishers[at].life = Life::Dead;
        self.publishers[at].inbox.clear();
        for to in 0..self.subscribers.len() {
            if self.subscribers[to].publisher == at {
                self.cut(to, Plane::Data, false);
                self.cut(to, Plane::Control, false);
                self.subscribers[to].control.late.clear();
            }
        }
        self.count(Fault::PublisherRestarted);
        self.cure_later(Ailment::DeadPublisher(at));
    }

    pub(super) fn flush_or_close(&mut self) {
        let at = self.rng.index(self.publishers.len());
        if self.publishers[at].life != Life::Runs || self.publishers[at].has_finished {
            return;
        }
        match self.rng.below(10) {
            0..5 => self.begin_flush(at),
            5 => self.release_and_close(at),
            6..8 if self.publishers[at].closing.is_some() => {
                self.finish_publisher(at);
                self.cure_later(Ailment::DeadPublisher(at));
            }
            _ => {
                self.begin_close(at);
                self.count(Fault::EarlyClose);
            }
        }
    }

    /// A subscriber takes a prefix away, much is lost, and its publisher closes meanwhile.
    fn release_and_close(&mut self, publisher: usize) {
        let at = self.rng.index(self.subscribers.len());
        if self.subscribers[at].publisher != publisher {
            return;
        }
        self.lose_frames(at);
        self.publish_burst(publisher);
        self.change_prefixes(at);
        let wait = self.plan.latency + self.rng.below(2 * (self.plan.latency + self.plan.jitter));
        let close = Ailment::OpenPublisher(publisher);
        self.schedule.at(self.now + wait, What::Cure(close));
    }

    pub(super) fn cure_process(&mut self, ailment: Ailment) {
        let now = self.now;
        match ailment {
            Ailment::Habit(at) => {
                self.subscribers[at].habit = Habit::Prompt;
                self.rouse_consumer(at);
            }
            Ailment::OpenPublisher(at)
                if self.publishers[at].life == Life::Runs && !self.is_healed =>
            {
                self.begin_close(at);
                self.count(Fault::EarlyClose);
            }
            Ailment::SuspendedPublisher(at) if self.publishers[at].life == Life::Suspended => {
                self.publishers[at].life = Life::Runs;
                self.rouse_publisher(at, now);
            }
            Ailment::SuspendedSubscriber(at) if self.subscribers[at].life == Life::Suspended => {
                self.subscribers[at].life = Life::Runs;
                self.rouse_subscriber(at, now);
                self.rouse_consumer(at);
            }
            Ailment::DeadPublisher(at)
                if self.publishers[at].life == Life::Dead
                    && !(self.publishers[at].has_finished && self.is_healed) =>
            {
                for to in 0..self.subscribers.len() {
                    let host = &self.subscribers[to];
                    if host.publisher == at && host.control.is_up {
                        self.cut(to, Plane::Control, false);
                    }
                    let host = &self.subscribers[to];
                    if host.publisher == at && host.data.is_up {
                        self.cut(to, Plane::Data, false);
                    }
                    self.subscribers[to].control.late.clear();
                }
                self.restart_publisher(at);
            }
            _ => {}
        }
    }
}
