//! Prefixes that come and go while a session lasts, or while there is none.

use crate::faults::Fault;
use crate::world::{Life, World};

impl World {
    pub(super) fn change_prefixes(&mut self, at: usize) {
        let now = self.instant();
        for _ in 0..=self.rng.below(2) {
            let prefix = self.plan.prefixes[self.rng.index(self.plan.prefixes.len())].clone();
            let host = &mut self.subscribers[at];
            if host.life != Life::Runs || host.ended.is_some() {
                return;
            }
            self.trace.line(self.now, || {
                format!("s{at} changes its mind about {prefix:?}")
            });
            let host = &mut self.subscribers[at];
            if host.machine.unsubscribe(now, &prefix) {
                self.count(Fault::Unsubscribed);
            } else if host.machine.subscribe(now, prefix).unwrap_or(false) {
                self.count(Fault::Subscribed);
            }
        }
        self.rouse_subscriber(at, self.now);
    }
}
