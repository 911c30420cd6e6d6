//! The coordinator in this process: real threads, real time, short limits.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests: helpers beside the tests"
)]

mod build;
mod common;
mod conformance;
mod graph;
mod members;
mod parts;
mod report;
mod status;
#[cfg(feature = "tokio")]
mod tasks;
mod watchdog;
