//! What a publisher offers, over real sockets; one program, so that it is built once.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

mod common;

#[cfg(feature = "tokio")]
mod tasks;

mod authorizer;

mod batching;
mod durable;
mod events;
mod eviction;
mod looks;
mod quorum;
mod security;
mod settings;
mod topics;
mod window;
