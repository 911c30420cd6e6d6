//! Where the coordinator meets what others have: tokens, futures, task trackers.

mod token;
mod track;
mod trigger;

pub(crate) use token::Root;
