//! Web servers that stop in phases: real processes, real HTTP over loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod axum;
mod client;
mod graceful;
mod hyper;
mod server;
