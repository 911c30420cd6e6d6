//! Which thread used a socket last: one relaxed load and a compare while it stays the same.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use parking_lot::Mutex;

use crate::fork::Maker;

static NEXT_MARK: AtomicU64 = AtomicU64::new(1);

thread_local! {
    // Without a destructor, so it can be read as long as the thread runs.
    static MARK: Cell<u64> = const { Cell::new(0) };
    /// Shared by all sockets that the thread opens or takes over.
    static NAME: OnceCell<Arc<str>> = const { OnceCell::new() };
}

/// A number of this thread, never 0, never given to another.
fn mark() -> u64 {
    if MARK.get() == 0 {
        MARK.set(NEXT_MARK.fetch_add(1, Ordering::Relaxed));
    }
    MARK.get()
}

/// The thread that used a socket last.
pub(crate) struct LastUse {
    mark: AtomicU64,
    maker: Maker,
    name: Mutex<Arc<str>>,
}

impl LastUse {
    /// The calling thread, of the process `maker`.
    pub(crate) fn here(maker: Maker) -> Self {
        Self {
            mark: AtomicU64::new(mark()),
            maker,
            name: Mutex::new(thread_name()),
        }
    }

    /// Notes the calling thread. A socket is used by one thread at a time, so relaxed will do:
    /// whatever moved the socket ordered the accesses.
    ///
    /// Every call on a socket comes by here. No socket bears the mark 0, so a thread that has none
    /// yet is seen as another one, and no more than one compare is needed.
    #[inline]
    pub(crate) fn touch(&self) {
        if self.mark.load(Ordering::Relaxed) != MARK.get() {
            self.moved();
        }
    }

    #[cold]
    fn moved(&self) {
        if self.maker.is_other() {
            return;
        }
        *self.name.lock() = thread_name();
        self.mark.store(mark(), Ordering::Relaxed);
    }

    pub(crate) fn name(&self) -> Arc<str> {
        if self.maker.is_other() {
            return "of another process".into();
        }
        Arc::clone(&self.name.lock())
    }
}

impl fmt::Debug for LastUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

fn thread_name() -> Arc<str> {
    let name = NAME.try_with(|name| Arc::clone(name.get_or_init(ask_thread_name)));
    // The thread is ending, and its name was there before.
    name.unwrap_or_else(|_| ask_thread_name())
}

fn ask_thread_name() -> Arc<str> {
    let thread = thread::current();
    match thread.name() {
        Some(name) => name.into(),
        None => format!("unnamed {:?}", thread.id()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thread_that_touched_is_named() {
        let last = Arc::new(LastUse::here(Maker::this_process()));
        let there = Arc::clone(&last);
        thread::Builder::new()
            .name("elsewhere".into())
            .spawn(move || there.touch())
            .unwrap()
            .join()
            .unwrap();
        assert_eq!(&*last.name(), "elsewhere");
        last.touch();
        assert_ne!(&*last.name(), "elsewhere");
    }
}
