//! The registry's storm: as many sockets as a context holds, in many threads, closed at once.
//!
//! One storm is one [`Registry`](linger::Registry) with 900 sockets of all types, over tcp, ipc and
//! inproc, owned by 64 threads. Some serve theirs in turn, some wait in `messages()`, some in a bare
//! `recv` or `send` that sees no stop; some sockets are let go early, some are never read, some talk
//! to peers that read nothing or are not there. At a random moment, now and then before all of them
//! are open, the registry is closed by a random deadline. All of it is planned from a seed.
//!
//! Peers beside the registry, in a context of their own, stay connected and read to the end. What
//! they saw is held against what the report says of the sockets that sent to them:
//!
//! - *emptied* means that all came, but for the last batch of 8 KiB that libzmq may hold without
//!   having written it;
//! - *expired* is not said before the linger can have been over;
//! - nothing comes twice, or after a gap, whatever is said.
//!
//! And of every storm: the close returned by its deadline; each socket stands once in the report; few
//! ended unobserved; descriptors and threads are back where they were.
//!
//! It needs the loopback of Linux, all of 127.0.0.0/8, and its `/proc`.

mod board;
mod error;
mod figures;
mod judge;
mod leaks;
mod outside;
mod owner;
mod pattern;
mod plan;
mod post;
mod run;
mod scene;

pub use error::StormError;
pub use figures::Figures;
pub use judge::{Complaint, GRACE, UNOBSERVED, Wrong};
pub use plan::Size;
pub use run::run;
