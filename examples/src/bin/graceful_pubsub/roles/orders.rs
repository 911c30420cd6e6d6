//! What the parent says, and that it is still there.

use std::io::{self, BufRead};
use std::process;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::{Doing, RoleError};
use crate::wire::{GONE, START};

/// The exit code of a child whose parent has gone.
const LEFT_ALONE: i32 = 3;

/// The orders that came so far. Without its parent the process ends: nobody is left behind.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    gone: Option<Instant>,
}

impl Orders {
    /// Reads stdin from now on.
    pub(super) fn listen() -> Result<Self, RoleError> {
        let orders = Self::default();
        let heard = orders.clone();
        thread::Builder::new()
            .name("orders".to_owned())
            .spawn(move || {
                for line in io::stdin().lock().lines() {
                    let Ok(line) = line else { break };
                    heard.take(&line);
                }
                process::exit(LEFT_ALONE);
            })
            .doing("start a thread")?;
        Ok(orders)
    }

    fn take(&self, line: &str) {
        let mut state = self.shared.state.lock();
        match line {
            START => state.started = true,
            GONE => state.gone = state.gone.or_else(|| Some(Instant::now())),
            _ => {}
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Waits for the order to start, at most that long; true once it came.
    pub(super) fn wait_for_start(&self, limit: Duration) -> bool {
        let mut state = self.shared.state.lock();
        let deadline = Instant::now() + limit;
        while !state.started {
            if self
                .shared
                .changed
                .wait_until(&mut state, deadline)
                .timed_out()
            {
                break;
            }
        }
        state.started
    }

    /// Since when the publisher's process is known to have ended.
    pub(super) fn publisher_gone(&self) -> Option<Instant> {
        self.shared.state.lock().gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_kept() {
        let orders = Orders::default();
        assert!(!orders.wait_for_start(Duration::ZERO));
        orders.take("hum");
        orders.take(START);
        assert!(orders.wait_for_start(Duration::ZERO));
        assert_eq!(orders.publisher_gone(), None);
        orders.take(GONE);
        let first = orders.publisher_gone();
        orders.take(GONE);
        assert!(first.is_some());
        assert_eq!(orders.publisher_gone(), first);
    }
}
