//! A socket registry for libzmq: every socket named, every linger finite, every end observed.
//!
//! A service that talks ZeroMQ tends to lose messages when it stops, or not to stop at all. The
//! usual cure, "set `LINGER` and close", does neither wait nor tell. Here all sockets come from a
//! [`Registry`], which closes them by a deadline, and [reports](Report) what became of each.
//!
//! ```
//! use linger_registry::{Registry, zmq};
//! use std::time::{Duration, Instant};
//! use std::thread;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Registry::new();
//! let jobs = registry.socket(zmq::PULL).name("jobs").open()?;
//! jobs.bind("tcp://127.0.0.1:*")?;
//! let out = registry.socket(zmq::PUSH).name("results").linger(Duration::from_secs(2)).open()?;
//! out.bind("tcp://127.0.0.1:*")?;
//!
//! let worker = thread::spawn(move || -> zmq::Result<()> {
//!     for job in jobs.messages() {     // ends when the close begins
//!         out.send(job?, 0)?;          // plain zmq, through Deref
//!     }
//!     Ok(())                           // drop never blocks
//! });
//! // … until SIGTERM …
//! let report = registry.close_by(Instant::now() + Duration::from_secs(5));
//! eprintln!("{report}");
//! # worker.join().unwrap()?;
//! # assert!(report.is_clean());
//! # Ok(())
//! # }
//! ```
//!
//! The report, in a log:
//!
//! ```text
//! clean: 2 sockets, context ended in 0.3 ms, 1.1 ms in all
//! socket   type  group    outcome               opened at       last thread
//! jobs     PULL  default  emptied after 0.2 ms  src/main.rs:12  worker
//! results  PUSH  default  emptied after 0.2 ms  src/main.rs:14  worker
//! ```
//!
//! # How a socket ends
//!
//! For those to whom ZeroMQ is new. `send` puts a message into a queue in memory, and a thread of
//! libzmq moves it from there to the kernel. So what a program has "sent" may still be in its own
//! memory when it wants to stop, and is gone if it exits. Three things decide:
//!
//! - **Closing a socket** never waits. It hands the socket to a thread of libzmq, which lets it
//!   *linger*: go on sending until the queue is empty, or the linger is over.
//! - **Linger** is for ever unless it is set (it is *not* 0). When it is over, the rest of the
//!   queue is discarded, and nobody is told.
//! - **Ending the context**, of which all sockets are part, is what waits for the lingering, with
//!   no limit in time; and it waits for every socket that anybody has not closed, for ever.
//!
//! One close here, with a deadline of 5 seconds:
//!
//! ```text
//! 0.0 s  close_by      new sockets are refused; all groups stop: `messages()` end,
//!                      descriptors become readable
//!        owners        drop their sockets; that never blocks
//!        closer thread sets each socket's linger (its own limit, or what is left until 4.6 s),
//!                      attaches a monitor, closes it, and waits for its end:
//!                      Emptied after 0.2 ms, or Expired after its linger
//!        all ended?    the context ends, and the report is there: often after a millisecond
//! 4.6 s  no linger goes on longer
//! 4.8 s  the reserve   whoever still holds a socket is woken by ETERM; the context begins to end
//! 5.0 s  the deadline  the report, whatever hangs: StillOpen with name, file:line and thread
//! ```
//!
//! # What it does not promise
//!
//! - [`Emptied`](Outcome::Emptied) is not *delivered*. The queue was handed to the kernel, or
//!   dropped with a peer that was lost; whether the peer's application saw it, only the
//!   application can say.
//! - A thread in a bare `recv`, `send`, `zmq::poll` or `zmq::proxy` is not woken when its group
//!   stops, but at the reserve, by [`ETERM`](zmq::Error::ETERM). See [`Socket`].
//! - A socket that was dropped *before* the close with a linger beyond the deadline goes on
//!   lingering past it, in the background: libzmq can't change the linger of a closed socket.
//! - Watching an end takes two of the 1,023 sockets that a context holds. At most 128 ends are
//!   watched at once; a close that finds no free monitor for 100 ms happens unobserved.
//! - A socket connected to an `inproc://` endpoint that nobody ever binds does not end before the
//!   context does, and is reported as [`Unobserved`](Outcome::Unobserved).
//! - Each registry that opened a socket leaves a few dozen bytes behind for ever, the price of
//!   ending a context of `zmq` 0.10 soundly.
//! - The context is private. Wrappers that want a [`zmq::Context`] can't have this one.
//! - Linux is tested, macOS is meant to work; Windows does not (descriptors are Unix sockets).
//!
//! # Map
//!
//! | you want to | look at |
//! |---|---|
//! | open a socket | [`Registry::socket`], [`SocketBuilder`], [`OpenError`] |
//! | bind and connect it, receive until the stop | [`Socket`], [`Messages`], [`MultipartMessages`] |
//! | stop some of the sockets, poll for the stop | [`Group`] |
//! | see what there is now | [`Registry::snapshot`], [`SocketInfo`] |
//! | stop everything by a deadline | [`Registry::close_by`] |
//! | know what came of it | [`Report`], [`Outcome`], [`ContextOutcome`] |
//!
//! # Features
//!
//! `serde`: reports and snapshots can be serialised; durations in milliseconds.
//!
//! Without it, the dependencies are `zmq` (public, and re-exported: its major version is part of
//! this crate's), `parking_lot`, `tracing` and `thiserror`.
#![forbid(unsafe_code)]

mod bell;
mod builder;
mod closer;
mod endpoint;
mod endpoint_error;
mod failure;
mod group;
mod info;
mod ipc;
mod kind;
mod last_use;
mod linger;
mod messages;
#[cfg(all(test, loom))]
mod model;
mod open_error;
mod order;
mod outcome;
mod plan;
mod record;
mod registry;
mod report;
mod report_text;
#[cfg(feature = "serde")]
mod serial;
mod shared;
mod socket;
mod sync;
mod table;
mod text;

pub use builder::SocketBuilder;
pub use endpoint::Endpoint;
pub use endpoint_error::{BindError, ConnectError, EndpointFault};
pub use group::Group;
pub use info::{SocketInfo, SocketState};
pub use linger::DEFAULT_LINGER;
pub use messages::{Messages, MultipartMessages};
pub use open_error::OpenError;
pub use outcome::{ContextOutcome, Outcome};
pub use registry::{Registry, RegistryState};
pub use report::{Omitted, Report, SocketReport};
pub use socket::Socket;
pub use zmq;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
