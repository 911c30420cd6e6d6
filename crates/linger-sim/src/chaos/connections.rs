//! Connections that are cut, half-open, partitioned, late, lossy.

use crate::faults::Fault;
use crate::schedule::{Ailment, Plane, Way, What};
use crate::world::World;

impl World {
    pub(super) fn break_connections(&mut self, at: usize) {
        match self.rng.below(5) {
            0 => {
                self.cut(at, Plane::Data, false);
                self.count(Fault::CutData);
            }
            1 => {
                self.cut(at, Plane::Control, false);
                self.count(Fault::CutControl);
            }
            2 => {
                self.cut(at, Plane::Control, true);
                self.count(Fault::CutLate);
            }
            3 => {
                self.cut(at, Plane::Data, false);
                self.cut(at, Plane::Control, self.subscribers.len() % 2 == 0);
                self.count(Fault::CutBoth);
            }
            _ => self.half_open(at),
        }
    }

    fn half_open(&mut self, at: usize) {
        let plane = self.rng.pick(&[Plane::Data, Plane::Control]);
        let host = &mut self.subscribers[at];
        match plane {
            Plane::Data => {
                host.data.lane.is_void = true;
                host.data.filters.is_void = true;
            }
            Plane::Control => {
                host.control.up.is_void = true;
                host.control.down.is_void = true;
            }
        }
        self.count(Fault::HalfOpen);
        self.cure_later(Ailment::HalfOpen(at, plane));
    }

    pub(super) fn hinder_connections(&mut self, at: usize) {
        match self.rng.below(6) {
            0 => {
                let way = self.rng.pick(&[Way::Data, Way::Filter, Way::Up, Way::Down]);
                self.stall(at, way);
                self.count(Fault::PartitionOneWay);
            }
            1 => {
                for way in [Way::Data, Way::Filter, Way::Up, Way::Down] {
                    self.stall(at, way);
                }
                self.count(Fault::PartitionBothWays);
            }
            2 | 3 => {
                self.stall(at, Way::Data);
                self.count(Fault::Stall);
            }
            4 => {
                let delay = self.a_while() / 4;
                let host = &mut self.subscribers[at];
                host.data.lane.delay = delay;
                host.data.filters.delay = delay;
                host.control.up.delay = delay;
                host.control.down.delay = delay;
                self.count(Fault::Delay);
                self.cure_later(Ailment::Delay(at));
            }
            _ => {
                self.lose_frames(at);
            }
        }
    }

    pub(super) fn lose_frames(&mut self, at: usize) {
        self.subscribers[at].loss = self.rng.pick(&[5, 30, 80]);
        self.count(Fault::Loss);
        self.cure_later(Ailment::Loss(at));
    }

    fn stall(&mut self, at: usize, way: Way) {
        self.set_stalled(at, way, true);
        self.cure_later(Ailment::Stall(at, way));
    }

    fn set_stalled(&mut self, at: usize, way: Way, is_stalled: bool) {
        let host = &mut self.subscribers[at];
        match way {
            Way::Data => host.data.lane.is_stalled = is_stalled,
            Way::Filter => host.data.filters.is_stalled = is_stalled,
            Way::Up => host.control.up.is_stalled = is_stalled,
            Way::Down => host.control.down.is_stalled = is_stalled,
        }
    }

    pub(super) fn cure_later(&mut self, ailment: Ailment) {
        let time = self.now + self.a_while();
        self.schedule.at(time, What::Cure(ailment));
    }

    pub(super) fn cure_connection(&mut self, ailment: Ailment) {
        match ailment {
            Ailment::Stall(at, way) => {
                self.set_stalled(at, way, false);
                self.expect(at, way);
            }
            Ailment::Delay(at) => {
                let host = &mut self.subscribers[at];
                host.data.lane.delay = 0;
                host.data.filters.delay = 0;
                host.control.up.delay = 0;
                host.control.down.delay = 0;
            }
            // Its heartbeat has found out.
            Ailment::HalfOpen(at, plane) => {
                let link = &self.subscribers[at];
                let is_void = match plane {
                    Plane::Data => link.data.lane.is_void,
                    Plane::Control => link.control.up.is_void,
                };
                if is_void {
                    self.cut(at, plane, false);
                }
            }
            Ailment::Loss(at) => self.subscribers[at].loss = 0,
            _ => {}
        }
    }
}
