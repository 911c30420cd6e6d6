//! Exit codes, and what each stands for.
//!
//! | code | when |
//! |---|---|
//! | [`COMPLETE`] 0 | Every member was done in time, after a signal or on request. |
//! | [`FAILED`] 1 | A member failed or panicked, as the reason or while stopping. |
//! | [`WATCHDOG`] 70 | The process still ran at its hard deadline, and the watchdog ended it. |
//! | [`INCOMPLETE`] 75 | A member was forced, aborted, abandoned or skipped. |
//! | 128 + n | A third signal, number n, ended the rest at once. |
//!
//! Of several, the one further down the table counts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::report::Report;

/// Every member was done in time, after a signal or on request.
pub const COMPLETE: u8 = 0;
/// A member failed or panicked, as the reason or while stopping.
pub const FAILED: u8 = 1;
/// The watchdog ended the process (`EX_SOFTWARE` of sysexits).
pub const WATCHDOG: u8 = 70;
/// A member was forced, aborted, abandoned or skipped (`EX_TEMPFAIL` of sysexits).
pub const INCOMPLETE: u8 = 75;

/// After a third signal.
pub(crate) fn by_signal(signal: i32) -> u8 {
    u8::try_from(signal).map_or(u8::MAX, |number| 128_u8.saturating_add(number))
}

/// What the application has in the place of the table.
#[derive(Clone)]
pub(crate) struct ExitCodeOf(Arc<Choice>);

type Choice = dyn Fn(&Report) -> Option<u8> + Send + Sync;

impl ExitCodeOf {
    pub(crate) fn new(code: impl Fn(&Report) -> Option<u8> + Send + Sync + 'static) -> Self {
        Self(Arc::new(code))
    }

    /// `None` as well where it panics.
    pub(crate) fn of(&self, report: &Report) -> Option<u8> {
        catch_unwind(AssertUnwindSafe(|| (self.0)(report))).ok()?
    }
}
