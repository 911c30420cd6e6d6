//! The chaos run: real processes, every fault that one machine can make, and a judge.
pub mod journal;
pub mod judge;
pub mod payload;
