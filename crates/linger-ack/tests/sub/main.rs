//! What a subscriber offers, over real sockets.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

mod access;
mod batches;
mod common;
mod events;
mod flood;
mod pace;
mod prefixes;
mod redelivery;
mod security;
mod settings;
#[cfg(feature = "tokio")]
mod tasks;
mod transport;
mod workers;
