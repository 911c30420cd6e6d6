//! The ways in which sockets live: how each is woken by a close, and what the report says.
//!
//! One way a module; `WAYS.md` says the same in words.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod async_drop;
mod bare_poll;
mod bare_proxy;
mod bare_recv;
mod bare_send;
mod close;
mod idle;
mod messages;
mod moved;
mod mutex;
mod owner;
mod spawn_blocking;
#[path = "../registry/support.rs"]
mod support;
