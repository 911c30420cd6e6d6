//! What the tests and the main job break things with, and watch things by.
//!
//! | module | what it is |
//! |---|---|
//! | [`bench`](mod@bench) | what our code costs beside the bare calls that it wraps |
//! | [`chaos`] | processes under random faults, and the judge of what they leave |
//! | [`child`] | a child process: its lines, its signals, the moment it ended |
//! | [`relay`] | a TCP relay that cuts, refuses, stalls and slows down on command |
//! | [`lab`] | what is said of libzmq, put to the one that is linked |
//! | [`port`] | free loopback ports |
//! | [`random`] | random numbers from a seed |
//! | [`scenario`] | runs that show one property at full size |
//! | [`quotes`] | quote-like lines from a fixed seed |
//! | [`storm`] | a registry with 900 sockets in 64 threads, closed at once |
//! | [`trouble`] | a coordinator whose members, signals and outputs make trouble |
//!
//! Nothing in here sleeps: every wait is for a condition, and ends by a deadline.
#![forbid(unsafe_code)]

pub mod bench;
pub mod chaos;
pub mod child;
pub mod lab;
pub mod port;
pub mod quotes;
pub mod random;
pub mod relay;
pub mod scenario;
pub mod storm;
pub mod trouble;
