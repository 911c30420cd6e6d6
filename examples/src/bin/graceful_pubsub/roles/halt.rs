//! The moment at which a plain publisher is told to stop.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

use super::{Doing, RoleError};

/// What tells a [`Stream`](super::publisher::Stream) to end.
pub(crate) trait Halting {
    /// Waits until `instant` or the halt, and says whether the halt has come.
    fn wait_until(&self, instant: Instant) -> bool;
}

/// Set by the first SIGTERM.
#[derive(Debug, Clone, Default)]
pub(crate) struct Halt {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    halted: Mutex<bool>,
    changed: Condvar,
}

impl Halt {
    /// Listens for SIGTERM from now on.
    pub(crate) fn on_sigterm() -> Result<Self, RoleError> {
        let halt = Self::default();
        let mut signals = Signals::new([SIGTERM]).doing("listen for SIGTERM")?;
        let told = halt.clone();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for _signal in signals.forever() {
                    told.halt();
                }
            })
            .doing("start a thread")?;
        Ok(halt)
    }

    pub(super) fn halt(&self) {
        *self.shared.halted.lock() = true;
        self.shared.changed.notify_all();
    }
}

impl Halting for Halt {
    fn wait_until(&self, instant: Instant) -> bool {
        let mut halted = self.shared.halted.lock();
        while !*halted {
            if self
                .shared
                .changed
                .wait_until(&mut halted, instant)
                .timed_out()
            {
                break;
            }
        }
        *halted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_halt_ends_a_wait_that_would_be_long() {
        let halt = Halt::default();
        assert!(!halt.wait_until(Instant::now()));
        let told = halt.clone();
        let teller = thread::spawn(move || told.halt());
        assert!(halt.wait_until(Instant::now() + Duration::from_secs(60)));
        teller.join().unwrap();
    }
}
