//! Stop a ZeroMQ service without losing a message and without hanging.
//!
//! A [`Service`] makes one of the parts: a [`Coordinator`] that stops in phases, on one budget; a
//! [`Registry`] in which every socket has a name and a finite linger; and, with the feature `ack`,
//! publishers that wait for their members' acknowledgements before they close. What it ends with
//! is a [`Report`], which picks the process's exit code.
//!
//! # Examples
//!
#![cfg_attr(feature = "ack", doc = "```no_run")]
#![cfg_attr(not(feature = "ack"), doc = "```text")]
//! use linger::{Phase, Quorum, Report, Service, zmq};
//! use std::error::Error;
//! use std::time::Duration;
//!
//! fn topic_of(message: &[u8]) -> &[u8] {
//!     message.split(|&byte| byte == b',').next().unwrap_or_default()
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<Report, Box<dyn Error>> {
//!     let service = Service::builder("quotes").budget(Duration::from_secs(10)).start()?;
//!     let quotes = service
//!         .publisher("quotes")
//!         .quorum(Quorum::All)
//!         .bind("tcp://*:5556", "tcp://*:5557")?; // closed in the phase `acks`
//!     let feed = service.socket(zmq::PULL).name("feed").phase(Phase::INTAKE).open()?;
//!     feed.connect("tcp://feed:9000")?;
//!     service.spawn_blocking("pump", Phase::INTAKE, move |_member| {
//!         for message in feed.messages() {
//!             // ends when intake begins to stop
//!             let message = message?;
//!             quotes.publish(topic_of(&message), &message)?;
//!         }
//!         Ok(())
//!     })?;
//!     Ok(service.run().await) // Report: Termination picks the exit code
//! }
//! ```
//!
//! # One stop
//!
//! | phase | what a service does in it |
//! |---|---|
//! | `readiness` | nothing but wait for the propagation delay, if there is one |
//! | `intake` | sockets of the phase stop: `messages()` ends; subscribers take nothing more |
//! | `work` | members of the phase finish what was accepted |
//! | `acks` | publishers close: members acknowledge to the last message, or are named |
//! | `sockets` | the registry closes: each socket's end is observed, the context ends |
//! | `context` | it is judged whether the context has ended |
//! | `telemetry` | hooks of the phase flush logs and metrics |
//!
//! # The crates
//!
//! Each part serves alone: [`linger_registry`] for any code with libzmq sockets,
//! [`linger_coordinator`] for any service, `linger-ack` for publishers that must know that they
//! were heard.
#![forbid(unsafe_code)]

mod error;
#[cfg(feature = "ack")]
mod publisher;
mod report;
mod service;
mod socket;
#[cfg(feature = "ack")]
mod subscriber;

pub use error::{ServiceError, StartError};
#[cfg(feature = "ack")]
pub use linger_ack::{self, Delivery, Level, Outcome, Publisher, Quorum, Subscriber};
pub use linger_coordinator::{self, BoxError, Coordinator, Member, Phase, Phases, Reason};
pub use linger_registry::{self, Registry, Socket, zmq};
#[cfg(feature = "ack")]
pub use publisher::ServicePublisher;
pub use report::Report;
pub use service::{Service, ServiceBuilder};
pub use socket::ServiceSocket;
#[cfg(feature = "ack")]
pub use subscriber::ServiceSubscriber;

#[cfg(all(doctest, feature = "ack"))]
#[doc = include_str!("../../../README.md")]
mod readme {}
