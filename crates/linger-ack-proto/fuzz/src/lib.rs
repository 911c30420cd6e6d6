//! What is fuzzed, as plain functions of some bytes: they panic where something does not hold.
//!
//! | where | what |
//! |---|---|
//! | [`envelope`], [`in_band`], [`to_publisher`], [`to_subscriber`] | the decoders, on raw bytes |
//! | [`publisher`], [`subscriber`] | the machines; the bytes are a list of operations |
//! | [`TARGETS`] | all of them, by name |
//! | [`seeds`] | inputs taken from conversations between the two machines |
//!
//! The fuzz targets call these, and so does `tests/fuzz_smoke.rs` of the crate, which includes
//! this file: so no path here begins with `crate`.
#![forbid(unsafe_code)]
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::allow_attributes,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::new_without_default,
    clippy::unwrap_used,
    reason = "a part of tests"
)]

mod clock;
mod counters;
mod decoders;
mod identity;
mod input;
mod mangle;
mod publisher;
pub mod seeds;
mod subscriber;

pub use decoders::{envelope, in_band, to_publisher, to_subscriber};
pub use publisher::Reached as PublisherReached;
pub use subscriber::Reached as SubscriberReached;

/// A target, and what it does with some bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target, by the name of its binary and of its corpus.
pub const TARGETS: [Target; 6] = [
    ("envelope", envelope),
    ("in_band", in_band),
    ("to_publisher", to_publisher),
    ("to_subscriber", to_subscriber),
    ("publisher", publisher),
    ("subscriber", subscriber),
];

/// A publisher's machine, under frames, calls and times as the bytes say.
pub fn publisher(data: &[u8]) {
    publisher::run(data);
}

/// A subscriber's machine, under frames, calls and times as the bytes say.
pub fn subscriber(data: &[u8]) {
    subscriber::run(data);
}

/// As [`publisher`]; tells how far it came.
pub fn reach_publisher(data: &[u8]) -> PublisherReached {
    publisher::run(data)
}

/// As [`subscriber`]; tells how far it came.
pub fn reach_subscriber(data: &[u8]) -> SubscriberReached {
    subscriber::run(data)
}
