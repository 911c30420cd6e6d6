//! A publisher that knows that it was heard before it closes.
//!
//! A [`Publisher`] binds a PUB socket for data and a ROUTER socket for control; each
//! [`Subscriber`] connects a SUB and a DEALER to them. What the publisher accepts it retains until
//! every member that is owed it has acknowledged it; what was lost on the way is repaired; and
//! [`Publisher::close_by`] ends by its deadline with a [`Report`] that says, member by member and
//! topic by topic, what was acknowledged and what was not.
//!
//! # Map
//!
//! | where | what |
//! |---|---|
//! | [`Publisher`], [`PublisherBuilder`] | publish, wait for members, flush, close |
//! | [`Subscriber`], [`SubscriberBuilder`] | join, deliveries, leave |
//! | `AsyncSubscriber`, `DeliveryStream` | the same for tasks, with the feature `tokio` |
//! | [`Link`] | one publisher of a subscriber: prefixes, marks, counters |
//! | [`Delivery`] | one message; [`Delivery::ack`] is the only thing that counts as processed |
//! | `AsyncPublisher` | the publisher for tasks, with the feature `tokio` |
//! | [`Topic`] | publish on one topic, on hot paths |
//! | [`Authorizer`] | decides who may join, and which prefixes members may add |
//! | [`proto`] | the protocol itself, without sockets |
//! | [`guide`] | what each outcome proves; choosing level, window, deadline and quorum; other systems |
//!
//! # Examples
//!
//! ```
//! use linger_ack::{Publisher, Quorum, Subscriber};
//! use std::time::{Duration, Instant};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ticks = Publisher::builder("ticks").bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")?;
//! let (data, control) = (ticks.data_endpoint().to_owned(), ticks.control_endpoint().to_owned());
//!
//! let risk = std::thread::spawn(move || -> Result<u32, linger_ack::Error> {
//!     let ticks = Subscriber::builder("risk-1").subscribe("EUR").connect(&data, &control)?;
//!     let mut seen = 0;
//!     for delivery in ticks.deliveries() {
//!         let delivery = delivery?;
//!         assert_eq!(delivery.payload(), &b"1.0843"[..]);
//!         delivery.ack();
//!         seen += 1;
//!     }
//!     Ok(seen)
//! });
//!
//! ticks.wait_for_members(1, Instant::now() + Duration::from_secs(5))?;
//! ticks.publish("EURUSD", "1.0843")?;
//! let report = ticks.close_by(Instant::now() + Duration::from_secs(10), Quorum::All);
//! assert!(report.is_drained(), "{report}");
//! assert_eq!(risk.join().map_err(|_| "the subscriber panicked")??, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! - `tokio`: `AsyncPublisher`, and `AsyncSubscriber` with its stream of deliveries, for tasks.
//! - `serde`: `Serialize` for reports and what they are made of.
//!
//! # What is not promised
//!
//! - [`Outcome::Behind`] means *unknown*, never *not delivered*: an acknowledgement may have been
//!   on its way.
//! - A message survives neither the death of its publisher nor, at [`Level::Received`], that of
//!   its subscriber: nothing is written to disk.
//! - Names are trusted, unless there is an [`Authorizer`]: whoever can reach the control port can
//!   join under any name.
#![forbid(unsafe_code)]

mod entropy;
mod error;
mod payload;
mod place;
mod publisher;
mod receive;
mod security;
mod subscriber;
mod wake;

pub use error::{
    ConnectError, DeliveryError, Error, FlushError, OpenError, PublishError, SecurityError,
    SubscribeError, TopicError, WaitError,
};
pub use linger_ack_proto as proto;
pub use linger_ack_proto::{
    Abandoned, Batching, Counters, EndReason, Event, Expected, Level, MemberOutcome,
    MemberProgress, MemberReport, Message, Outcome, Outstanding, PrefixStanding, Presence,
    Progress, PublisherConfig, PublisherReport as Report, Quorum, SequenceRange, SubscriberConfig,
    SubscriberCounters, SubscriberEvent, TopicMarks, TopicReport,
};
pub use linger_registry::{self, zmq};
pub use payload::Payload;
#[cfg(feature = "tokio")]
pub use publisher::{AsyncPublisher, AsyncTopic};
pub use publisher::{
    Authorizer, Candidate, Denied, Publisher, PublisherBuilder, Topic, UserIdIsName,
};
#[cfg(feature = "tokio")]
pub use subscriber::{AsyncSubscriber, DeliveryStream};
pub use subscriber::{
    BatchedDelivery, Batches, Deliveries, Delivery, DeliveryBatch, Link, LinkEnd, LinkReport,
    Subscriber, SubscriberBuilder, SubscriberReport,
};

#[doc = include_str!("../GUIDE.md")]
pub mod guide {}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
