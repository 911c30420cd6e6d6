//! Cores that are kept busy.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Threads that do nothing but compute, until this is dropped.
#[must_use = "the load ends when this is dropped"]
pub(super) struct Load {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// Keeps every core busy, or leaves one free.
    pub(super) fn of(every_core: bool) -> io::Result<Self> {
        let cores = thread::available_parallelism()?.get();
        let busy = if every_core { cores } else { cores - 1 };
        let is_over = Arc::new(AtomicBool::new(false));
        // Dropped on an error below, it ends those that were begun.
        let mut load = Self {
            is_over: Arc::clone(&is_over),
            threads: Vec::with_capacity(busy),
        };
        for _ in 0..busy {
            let is_over = Arc::clone(&is_over);
            let thread = thread::Builder::new().name("load".to_owned());
            load.threads.push(thread.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })?);
        }
        Ok(load)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It has no way to panic.
            let _ = thread.join();
        }
    }
}
