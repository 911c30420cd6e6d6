//! All of it taken away.

use crate::schedule::{Ailment, Plane, What};
use crate::world::{Habit, Life, World};

impl World {
    pub(crate) fn cure(&mut self, ailment: Ailment) {
        self.trace.event(self.now, 7 << 8);
        self.trace.line(self.now, || format!("over: {ailment:?}"));
        self.cure_connection(ailment);
        self.cure_process(ailment);
    }

    /// No faults any more. Who lost a delivery for ever can only leave.
    pub(crate) fn heal(&mut self) {
        self.is_healed = true;
        self.plan.pub_hwm = None;
        self.trace.line(self.now, || "all is healed".to_owned());
        for at in 0..self.publishers.len() {
            self.cure(Ailment::SuspendedPublisher(at));
            if self.publishers[at].life == Life::Dead && !self.publishers[at].has_finished {
                self.cure(Ailment::DeadPublisher(at));
            }
        }
        for at in 0..self.subscribers.len() {
            if !self.is_alive(at) {
                continue;
            }
            self.cure(Ailment::SuspendedSubscriber(at));
            self.mend_lanes(at);
            let host = &mut self.subscribers[at];
            host.loss = 0;
            host.habit = Habit::Prompt;
            for plane in [Plane::Data, Plane::Control] {
                self.schedule.at(self.now, What::Connect(at, plane));
            }
            self.acknowledge_all(at);
            if self.subscribers[at].has_dropped {
                self.leave(at);
            }
            self.rouse_subscriber(at, self.now);
            self.rouse_consumer(at);
        }
    }
}
