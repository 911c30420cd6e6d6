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
//! # How sockets end
//!
//! `send` puts a message into a queue in memory; closing a socket hands that queue to a thread of
//! libzmq and does not wait; its *linger* is how long that thread goes on sending; and ending the
//! context waits for all of it, with no limit in time. What that means for a program that wants to
//! stop, with the timeline of one close: [`how_sockets_end`].
//!
//! # What it does not promise
//!
//! - [`Emptied`](Outcome::Emptied) is not *delivered*. The queue was handed to the kernel, or
//!   dropped with a peer that was lost; whether the peer's application saw it, only the
//!   application can say.
//! - A thread in a bare `recv`, `send`, `zmq::poll` or `zmq::proxy` is not woken when its group
//!   stops, but at the reserve, by [`ETERM`](zmq::Error::ETERM). For each way in which a socket
//!   lives, how it is woken and closed: [`ways`].
//! - A socket that was dropped *before* the close with a limit beyond the deadline goes on
//!   lingering past it, in the background: libzmq can't change the linger of a closed socket. One
//!   that may linger [for ever](Linger::ForEverUntilTheCloseDeadline) is kept open instead, and cut.
//! - `unbind` is no way to close well: libzmq discards what is queued for the peers that had
//!   connected there, and the socket is [`Emptied`](Outcome::Emptied) all the same.
//! - Watching an end takes two of the 1,023 sockets that a context holds, and at most 128 ends are
//!   watched at once. Whoever finds no free monitor goes on sending meanwhile: during a close for
//!   as long as it may linger, before one for 100 ms; then it is closed unobserved.
//! - A socket connected to an `inproc://` endpoint that nobody ever binds does not end before the
//!   context does, and is reported as [`Unobserved`](Outcome::Unobserved).
//! - Each registry that opened a socket leaves a few dozen bytes behind for ever, the price of
//!   ending a context of `zmq` 0.10 soundly.
//! - The context is private. Wrappers that want a [`zmq::Context`] take that of a
//!   [shared](Registry::shared) registry, with what that leaves unknown.
//! - Linux is tested, macOS is meant to work; Windows does not (descriptors are Unix sockets).
//!
//! # CURVE
//!
//! Encryption and ZAP are `zmq`'s, set on the [`Socket`] before it is bound or connected:
//! `set_curve_server`, `set_curve_secretkey`, `set_zap_domain` and so on. The libzmq that `zmq` 0.10
//! compiles along is built without CURVE (`zmq::has("curve")` is `Some(false)`, and those setters
//! fail), though PLAIN and ZAP work in both. The system's has it, by Cargo's link override, in the
//! `.cargo/config.toml` of the service:
//!
//! ```toml
//! [target.x86_64-unknown-linux-gnu.zmq]
//! rustc-link-lib = ["zmq"]
//! rustc-link-search = ["/usr/lib/x86_64-linux-gnu"]
//! ```
//!
//! The ZAP handler is a `REP` bound to `inproc://zeromq.zap.01` in the context of the sockets that
//! it guards, so it is a socket of the same registry. Let its group stop last
//! ([`Registry::close_order`]): a queue whose connection is still shaking hands is not sent before
//! the handler has answered. A stranger is not told that it is kept out: what it sends is discarded
//! when it is closed, as [`Expired`](Outcome::Expired), or as [`Emptied`](Outcome::Emptied) if the
//! handshake fails once more while it lingers. Tested on Linux with libzmq 4.3.4.
//!
//! # Map
//!
//! | you want to | look at |
//! |---|---|
//! | open a socket | [`Registry::socket`], [`SocketBuilder`], [`OpenError`] |
//! | bind and connect it | [`Socket`] |
//! | receive or send until the stop or a deadline | [`Socket`], [`Messages`], [`Queued`], [`RecvError`], [`SendError`] |
//! | poll several sockets and the stop | [`PollSet`] |
//! | pass messages on until the stop | [`proxy_until_stopped`], [`Proxy`] |
//! | stop some of the sockets | [`Group`] |
//! | stop them one after another | [`Registry::close_order`] |
//! | say how long a queue may take | [`Linger`], [`Trap`] |
//! | bring in sockets made elsewhere, or give some away | [`Registry::adopt`], [`Registry::shared`], [`Socket::into_zmq`] |
//! | see what there is now | [`Registry::snapshot`], [`SocketInfo`] |
//! | stop everything by a deadline | [`Registry::close_by`] |
//! | know what came of it | [`Report`], [`Outcome`], [`ContextOutcome`] |
//! | fork, become a daemon, handle signals, count descriptors | [`processes`] |
//!
//! # Features
//!
//! `serde`: reports and snapshots can be serialised; durations in milliseconds.
//!
//! Without it, the dependencies are `zmq` (public, and re-exported: its major version is part of
//! this crate's), `parking_lot`, `tracing` and `thiserror`.
#![forbid(unsafe_code)]

mod adopt;
mod adopt_error;
mod bell;
mod builder;
mod closer;
mod context;
mod context_error;
mod endpoint;
mod endpoint_error;
mod event;
mod failure;
mod fork;
mod give;
mod group;
mod info;
mod inherited;
mod ipc;
mod kind;
mod last_use;
mod leaks;
mod linger;
mod live;
#[cfg(all(test, loom))]
mod model;
mod name;
mod open_error;
mod order;
mod outcome;
mod peers;
mod plan;
mod raw;
mod record;
mod registry;
mod release;
mod report;
mod report_text;
#[cfg(feature = "serde")]
mod serial;
mod shared;
mod socket;
mod sync;
mod table;
mod text;
mod trap;
mod wait;

pub use adopt::Adoption;
pub use adopt_error::AdoptError;
pub use builder::SocketBuilder;
pub use context_error::ContextError;
pub use endpoint::Endpoint;
pub use endpoint_error::{BindError, ConnectError, EndpointFault};
pub use group::Group;
pub use info::{SocketInfo, SocketState};
pub use linger::{DEFAULT_LINGER, Linger};
pub use open_error::OpenError;
pub use outcome::{ContextOutcome, Outcome};
pub use peers::Peers;
pub use registry::{Registry, RegistryState};
pub use report::{Omitted, Report, SocketReport};
pub use socket::Socket;
pub use trap::Trap;
pub use wait::{
    Messages, MultipartMessages, PollSet, Polled, Proxy, ProxyError, Queued, QueuedMultipart,
    RecvError, SendError, Slot, proxy_until_stopped,
};
pub use zmq;

#[doc = include_str!("../HOW-SOCKETS-END.md")]
pub mod how_sockets_end {}

#[doc = include_str!("../LAB.md")]
pub mod lab {}

#[doc = include_str!("../PROCESSES.md")]
pub mod processes {}

#[doc = include_str!("../WAYS.md")]
pub mod ways {}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
