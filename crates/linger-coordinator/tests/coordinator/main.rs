//! The coordinator in this process: real threads, real time, short limits.

mod build;
mod common;
mod conformance;
mod members;
mod report;
#[cfg(feature = "tokio")]
mod tasks;
mod watchdog;
