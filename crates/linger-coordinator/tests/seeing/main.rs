//! What can be seen of a shutdown while it runs: spans, events, what systemd is told.
#![expect(clippy::unwrap_used, reason = "tests: helpers beside the tests")]

mod platform;
mod recorder;
mod spans;
#[cfg(feature = "systemd")]
mod systemd;

use std::time::Duration;

/// No wait of a test is longer.
const LONG: Duration = Duration::from_secs(30);
