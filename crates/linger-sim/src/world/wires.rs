//! Connections that are made, cut and mended, and what arrives on them.

use super::{Life, World};
use crate::faults::Fault;
use crate::network::{Frame, Lane};
use crate::schedule::{MS, Plane, Time, Way, What};

/// How soon a connection that is down is tried again.
const AGAIN: Time = 50 * MS;

impl World {
    /// Something has arrived at the end of a lane.
    pub(super) fn arrive(&mut self, at: usize, way: Way) {
        let (now, sub_hwm) = (self.now, self.plan.sub_hwm);
        let host = &mut self.subscribers[at];
        match way {
            Way::Data => {
                let mut any = false;
                while host.data.inbox.len() < sub_hwm {
                    let Some(frame) = host.data.lane.arrive(now) else {
                        break;
                    };
                    host.data.inbox.push_back(frame);
                    any = true;
                }
                self.expect(at, way);
                if any {
                    self.rouse_subscriber(at, now);
                }
            }
            Way::Filter => {
                while let Some(filter) = host.data.filters.arrive(now) {
                    host.data.has_arrived(filter);
                }
                self.expect(at, way);
            }
            Way::Up => {
                let (publisher, route) = (host.publisher, host.control.route.clone());
                while let Some(frame) = self.subscribers[at].control.up.arrive(now) {
                    self.reach_publisher(publisher, route.clone(), frame);
                }
                self.expect(at, way);
            }
            Way::Down => {
                while let Some(frame) = host.control.down.arrive(now) {
                    host.control.inbox.push_back(frame);
                }
                self.expect(at, way);
                self.rouse_subscriber(at, now);
            }
        }
    }

    /// Schedules the next arrival of a lane. While SUB is full, its data waits in the lane.
    pub(crate) fn expect(&mut self, at: usize, way: Way) {
        let host = &self.subscribers[at];
        let next = match way {
            Way::Data if host.data.inbox.len() >= self.plan.sub_hwm => None,
            Way::Data => host.data.lane.next(),
            Way::Filter => host.data.filters.next(),
            Way::Up => host.control.up.next(),
            Way::Down => host.control.down.next(),
        };
        if let Some(time) = next {
            let time = time.max(self.now);
            self.schedule.at(time, What::Arrival(at, way));
        }
    }

    /// SUB gives its next message; room for one more is left behind.
    pub(super) fn read_data(&mut self, at: usize) -> Option<Frame> {
        let was_full = self.subscribers[at].data.inbox.len() >= self.plan.sub_hwm;
        let frame = self.subscribers[at].data.read();
        if was_full {
            self.expect(at, Way::Data);
        }
        frame
    }

    /// ROUTER holds one frame more.
    pub(crate) fn reach_publisher(&mut self, at: usize, route: bytes::Bytes, frame: bytes::Bytes) {
        if self.publishers[at].life != Life::Dead {
            self.publishers[at].inbox.push_back((route, frame));
            self.rouse_publisher(at, self.now);
        }
    }

    pub(super) fn arrive_late(&mut self, at: usize) {
        let publisher = self.subscribers[at].publisher;
        while let Some((route, frame)) = self.subscribers[at].control.late.pop_front() {
            self.reach_publisher(publisher, route, frame);
        }
    }

    /// Makes a connection, if both sides live.
    pub(super) fn connect(&mut self, at: usize, plane: Plane) {
        let now = self.now;
        let host = &self.subscribers[at];
        let is_up = match plane {
            Plane::Data => host.data.is_up,
            Plane::Control => host.control.is_up,
        };
        if is_up || host.life == Life::Dead {
            return;
        }
        let refuses = self.publishers[host.publisher].life == Life::Dead
            || self.publishers[host.publisher].has_finished;
        if refuses || (!self.is_healed && self.rng.percent(5)) {
            self.count(Fault::Refused);
            // A publisher that has closed for good has no port any more.
            if !(refuses && self.is_healed) {
                self.schedule.at(now + AGAIN, What::Connect(at, plane));
            }
            return;
        }
        self.trace.event(now, 3 << 8 | at as u64);
        self.trace.line(now, || format!("s{at} connects {plane:?}"));
        let host = &mut self.subscribers[at];
        let (arrival, way) = match plane {
            Plane::Data => (host.data.connect(now), Way::Filter),
            Plane::Control => (host.control.connect(now), Way::Up),
        };
        if let Some(time) = arrival {
            self.schedule.at(time, What::Arrival(at, way));
        }
        self.rouse_subscriber(at, now);
    }

    /// Cuts a connection. What was in flight is lost; or what was on its way up comes up late.
    pub(crate) fn cut(&mut self, at: usize, plane: Plane, comes_late: bool) {
        let now = self.now;
        self.trace.line(now, || format!("s{at} loses {plane:?}"));
        let wait = MS + self.rng.below(150 * MS);
        let late = now + self.rng.below(400 * MS);
        let host = &mut self.subscribers[at];
        match plane {
            Plane::Data => drop(host.data.cut()),
            Plane::Control => {
                let route = host.control.route.clone();
                let in_flight = host.control.cut();
                if comes_late && !in_flight.is_empty() {
                    let frames = in_flight.into_iter().map(|frame| (route.clone(), frame));
                    host.control.late.extend(frames);
                    self.schedule.at(late, What::Late(at));
                }
            }
        }
        self.schedule.at(now + wait, What::Connect(at, plane));
    }

    /// Every lane of a subscriber flows again.
    pub(crate) fn mend_lanes(&mut self, at: usize) {
        fn is_ill<T>(lane: &Lane<T>) -> bool {
            lane.is_void
        }
        let host = &mut self.subscribers[at];
        // Who was half-open finds out, and connects anew.
        let data = is_ill(&host.data.lane) || is_ill(&host.data.filters);
        let control = is_ill(&host.control.up) || is_ill(&host.control.down);
        host.data.lane.heal();
        host.data.filters.heal();
        host.control.up.heal();
        host.control.down.heal();
        if data {
            self.cut(at, Plane::Data, false);
        }
        if control {
            self.cut(at, Plane::Control, false);
        }
        for way in [Way::Data, Way::Filter, Way::Up, Way::Down] {
            self.expect(at, way);
        }
    }
}
