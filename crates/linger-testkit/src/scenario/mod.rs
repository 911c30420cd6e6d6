//! Runs that show one property at full size, with the publisher as a process of its own.
//!
//! | module | what it shows |
//! |---|---|
//! | [`joins`] | who joins under full flood misses nothing from its base on, and is soon there |
//! | [`busy`] | nobody expires because its application is busy |
//! | [`memory`] | what a publisher holds for a member that is stuck stays within its bound |

pub mod busy;
mod error;
mod flood;
pub mod joins;
pub mod memory;

pub use error::ScenarioError;
