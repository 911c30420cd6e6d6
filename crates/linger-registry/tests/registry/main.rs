//! The registry from outside, one question a module.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod close;
mod drop;
mod endpoints;
mod ends;
mod groups;
mod in_process;
mod linger;
mod many;
mod messages;
mod names;
mod order;
mod races;
mod report;
#[cfg(feature = "serde")]
mod serde;
mod still_open;
mod support;
mod traps;
mod unbind;
