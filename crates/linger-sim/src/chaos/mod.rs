//! What goes wrong, one fault at a time, at times and places that the seed decides.
//!
//! | module | what it is |
//! |---|---|
//! | `connections` | cut, half-open, partitioned, late, lossy |
//! | `processes` | killed, restarted, suspended, doubled; joiners and leavers, closes |
//! | `prefixes` | prefixes that come and go |
//! | `storm` | a close while frames are lost and prefixes change |
//! | `strangers` | frames that should never have come |
//! | `heal` | all of it taken away |

mod connections;
mod heal;
mod prefixes;
mod processes;
mod storm;
mod strangers;

use crate::schedule::{MS, Time, What};
use crate::world::{Life, World};

impl World {
    /// When the next fault comes, on an average of so many in the time for them.
    pub(crate) fn schedule_fault(&mut self) {
        let every = self.plan.fault_time / self.plan.faults;
        let wait = 1 + self.rng.below(2 * every);
        self.schedule.at(self.now + wait, What::Fault);
    }

    pub(crate) fn go_wrong(&mut self) {
        if self.is_healed {
            return;
        }
        self.schedule_fault();
        self.trace.event(self.now, 6 << 8);
        let at = self.rng.index(self.subscribers.len());
        match self.rng.below(100) {
            0..18 => self.break_connections(at),
            18..38 => self.hinder_connections(at),
            38..48 => self.trouble_consumer(at),
            48..58 => self.suspend(at),
            58..70 => self.change_company(at),
            70..76 => self.restart(at),
            76..81 => self.flush_or_close(),
            81..87 => self.change_prefixes(at),
            _ => self.send_rubbish(at),
        }
    }

    /// How long something lasts.
    fn a_while(&mut self) -> Time {
        let most = self.rng.pick(&[20, 200, 1_000, 3_000]);
        self.rng.between(1, most) * MS
    }

    fn is_alive(&self, at: usize) -> bool {
        self.subscribers[at].life != Life::Dead
    }
}
