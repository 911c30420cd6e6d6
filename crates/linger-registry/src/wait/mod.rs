//! Waiting for messages, for room and for readiness, until the group stops or a deadline comes.
//!
//! `zmq` leaves three things to its users that go wrong at every stop: a blocked call does not
//! see it, a signal interrupts every wait (`EINTR`), and a limit starts anew after each
//! interruption. What is here handles all three.

mod lane;
mod messages;
mod poll_set;
mod proxy;
mod proxy_error;
mod queued;
mod receive;
mod recv_error;
mod send;
mod send_error;
mod until;

pub use messages::{Messages, MultipartMessages};
pub use poll_set::{PollSet, Polled, Slot};
pub use proxy::{Proxy, proxy_until_stopped};
pub use proxy_error::ProxyError;
pub use queued::{Queued, QueuedMultipart};
pub(crate) use receive::with_rest;
pub use recv_error::RecvError;
pub use send_error::SendError;
