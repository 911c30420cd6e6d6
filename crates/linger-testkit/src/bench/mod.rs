//! Benchmarks that compare: our code with the bare calls that it wraps, or with what else there is.
//!
//! Absolute times say more about the machine than about the code, so all that counts is the ratio.
//! Both sides run in turn, in blocks of some milliseconds, as bare, ours, ours, bare: what else the
//! machine does meets both alike, and a drift cancels out. Each round gives one ratio; the median of
//! all is the figure, and has a bar to meet.
//!
//! | module | what it measures |
//! |---|---|
//! | [`coordinator`] | a shutdown by the coordinator against one by tokens and a tracker |
//! | [`registry`] | sockets of the registry against those of `zmq` |
//!
//! A benchmark is a function from [`Rounds`] to [`Findings`]. It fails where a receiver misses a message,
//! or a report says other than it should: speed at the price of that is none.

pub mod coordinator;
mod error;
mod figure;
mod findings;
pub mod registry;
mod rounds;
mod size;

pub use error::BenchError;
pub use figure::{Bar, Figure};
pub use findings::Findings;
pub use rounds::Rounds;
pub use size::Size;
