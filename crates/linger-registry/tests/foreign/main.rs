//! Sockets and contexts that are not the registry's alone, one question a module.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adopt;
mod given;
mod observe;
mod shared;
mod support;
