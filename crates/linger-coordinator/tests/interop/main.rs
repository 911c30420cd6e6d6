//! Tokens, futures and task trackers of others, in a shutdown that is real.
#![cfg(feature = "tokio")]
#![expect(clippy::unwrap_used, reason = "tests: helpers beside the tests")]

mod common;
mod parts;
mod token;
mod track;
mod trigger;
