//! Benchmarks that compare: our code with the bare calls that it wraps.
//!
//! Absolute times say more about the machine than about the code, so all that counts is the ratio.
//! Both sides run in turn, in blocks of some milliseconds, as bare, ours, ours, bare: what else the
//! machine does meets both alike, and a drift cancels out. Each round gives one ratio; the median of
//! all is the figure, and has a bar to meet.
//!
//! | module | what it measures |
//! |---|---|
//! | [`registry`] | sockets of the registry against those of `zmq` |
//!
//! A benchmark is a function from [`Rounds`] to figures. It fails where a receiver misses a message,
//! or a report says other than it should: speed at the price of that is none.

mod error;
mod figure;
pub mod registry;
mod rounds;

pub use error::BenchError;
pub use figure::{Bar, Figure, json};
pub use rounds::Rounds;
