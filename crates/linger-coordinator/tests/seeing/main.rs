//! What can be seen of a shutdown while it runs: spans, events, what systemd is told.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests: helpers beside the tests"
)]

mod recorder;
mod spans;

use std::time::Duration;

/// No wait of a test is longer.
const LONG: Duration = Duration::from_secs(30);
