//! A close in a storm: frames are lost and minds change while the end of stream goes out.

use crate::schedule::MS;
use crate::world::{Life, World};

impl World {
    /// Everyone loses frames, and whoever runs may have other wishes, until all is healed again.
    pub(crate) fn storm(&mut self) {
        for at in 0..self.subscribers.len() {
            if self.subscribers[at].life == Life::Runs {
                self.lose_frames(at);
            }
        }
        for _ in 0..self.rng.between(3, 15) {
            let wait = self.rng.between(1, 60) * MS;
            self.run_until(self.now + wait);
            let at = self.rng.index(self.subscribers.len());
            self.change_prefixes(at);
        }
        self.heal();
    }
}
