//! What becomes of a registry in a forked child, and in its parent. Alone in its process: all that
//! other tests have open would be in the children too.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod child;
mod inherited;
mod locks;
mod parent;
#[path = "../registry/support.rs"]
mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
