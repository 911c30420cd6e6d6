//! The subscriber's side that is the same in every way: the work, and its account.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::orders::Orders;
use super::{Doing, RoleError};
use crate::args::SubscriberOptions;
use crate::input;
use crate::wire::Event;

/// How often the parent is told what was processed.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// Work is done in pieces of this: a clock does not count single microseconds.
const PIECE: Duration = Duration::from_millis(2);

/// A worker that was kept waiting for the processor makes up for at most this.
const CATCH_UP: Duration = Duration::from_millis(20);

pub(crate) fn main(options: &SubscriberOptions) -> Result<(), RoleError> {
    let orders = Orders::listen()?;
    let mut worker = Worker {
        name: options.name.clone(),
        orders,
        ready: false,
        work: options.work,
        done_at: Instant::now(),
        account: Arc::default(),
    };
    let account = Arc::clone(&worker.account);
    let teller = thread::Builder::new()
        .name("account".to_owned())
        .spawn(move || account.tell_until_closed())
        .doing("start a thread")?;
    let result = options.way.subscribe(&mut worker, &options.endpoints);
    worker.account.close();
    // It does nothing that could panic.
    let _ = teller.join();
    result?;
    Event::Done.tell();
    Ok(())
}

/// Does the work that a message takes, and keeps account of it.
pub(crate) struct Worker {
    name: String,
    orders: Orders,
    ready: bool,
    work: Duration,
    /// When the work that was begun so far is done.
    done_at: Instant,
    account: Arc<Account>,
}

impl Worker {
    /// The subscriber's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Tells the parent, once, that what is published arrives.
    pub(crate) fn ready(&mut self) {
        if !self.ready {
            self.ready = true;
            Event::Ready.tell();
        }
    }

    /// Processes a message: when this returns its work is done, as far as a clock can tell.
    pub(crate) fn process(&mut self, payload: &[u8]) -> Result<(), RoleError> {
        let (index, _line) = input::index_of(payload).ok_or(RoleError::Payload(payload.len()))?;
        let now = Instant::now();
        let begun = now
            .checked_sub(CATCH_UP)
            .map_or(now, |earliest| self.done_at.max(earliest));
        self.done_at = begun + self.work;
        let ahead = self.done_at.saturating_duration_since(now);
        if ahead >= PIECE {
            // This is the work itself, not a wait for anything.
            thread::sleep(ahead);
        }
        self.account.add(index);
        Ok(())
    }

    /// Since when the publisher's process is known to have ended.
    pub(crate) fn publisher_gone(&self) -> Option<Instant> {
        self.orders.publisher_gone()
    }
}

/// What was processed and not told yet; told by a thread of its own, whatever the worker waits for.
#[derive(Debug, Default)]
struct Account {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    runs: Vec<(u64, u64)>,
    closed: bool,
}

impl Account {
    fn add(&self, index: u64) {
        let mut state = self.state.lock();
        match state.runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(index) => *last = index,
            _ => state.runs.push((index, index)),
        }
    }

    fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }

    fn tell_until_closed(&self) {
        let mut state = self.state.lock();
        loop {
            let closed = state.closed;
            let runs = std::mem::take(&mut state.runs);
            if !runs.is_empty() {
                MutexGuard::unlocked(&mut state, || Event::Processed { runs }.tell());
            }
            if closed {
                return;
            }
            // It may have been closed while the lock was free.
            if !state.closed {
                self.changed.wait_for(&mut state, TELL_EVERY);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(work: Duration) -> Worker {
        Worker {
            name: "worker".to_owned(),
            orders: Orders::default(),
            ready: false,
            work,
            done_at: Instant::now(),
            account: Arc::default(),
        }
    }

    #[test]
    fn what_was_processed_is_kept_in_runs() {
        let mut worker = worker(Duration::ZERO);
        for index in [0, 1, 2, 7, 8, 3, 3] {
            worker.process(&input::payload(index, b"a,1")).unwrap();
        }
        let runs = std::mem::take(&mut worker.account.state.lock().runs);
        assert_eq!(runs, [(0, 2), (7, 8), (3, 3), (3, 3)]);
    }

    #[test]
    fn work_takes_its_time() {
        let mut worker = worker(Duration::from_micros(100));
        let begun = Instant::now();
        for index in 0..500 {
            worker.process(&input::payload(index, b"a,1")).unwrap();
        }
        // 50 ms of work, less what may be made up for and the last piece.
        assert!(
            begun.elapsed() >= Duration::from_millis(27),
            "{:?}",
            begun.elapsed()
        );
    }

    #[test]
    fn a_payload_without_index_is_an_error() {
        assert!(worker(Duration::ZERO).process(b"tiny").is_err());
    }
}
