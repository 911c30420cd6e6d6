//! Waiting until the stop or a deadline, one operation a module.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../ways/owner.rs"]
mod owner;
mod poll_set;
mod proxy;
mod proxy_full;
mod queued;
mod receive;
mod send;
mod sleeps;
#[path = "../registry/support.rs"]
mod support;
