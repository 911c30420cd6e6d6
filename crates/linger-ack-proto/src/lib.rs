//! The acknowledgement protocol of linger: no sockets, no threads, no clock.
//!
//! A publisher sends data over PUB and hears acknowledgements over ROUTER; each subscriber
//! connects a SUB and a DEALER. What is said on these four sockets, and what each side may
//! conclude from it, is this crate: two state machines and the codec between them. A driver
//! (the crate `linger-ack` is one) owns the sockets and the clock, feeds in what arrives and
//! sends what the machines ask for. The contract between both sides, for other languages too, is
//! `SPEC.md` beside the crate's sources; a comment such as `SPEC J3` names the rule of it that the
//! code there keeps.
//!
//! # Map
//!
//! | where | what |
//! |---|---|
//! | [`Publisher`] | the publisher's machine: retains, welcomes, counts marks, repairs, judges the quorum |
//! | [`Subscriber`] | the subscriber's machine: joins, orders, asks for repairs, acknowledges, leaves |
//! | [`wire`] | every frame, byte by byte |
//! | [`PublisherReport`] | what became of every accepted message, member by member |
//!
//! # What is promised
//!
//! - [`Outcome::Drained`] is reported only if the quorum held for every accepted message that
//!   was owed to anyone.
//! - An acknowledgement never precedes its level ([`Level`]), and never crosses sessions or
//!   epochs.
//! - Marks never go back.
//! - Randomness and time are arguments: the same inputs give the same outputs.
//!
//! # Features
//!
//! - `serde`: `Serialize` for [`PublisherReport`] and what it is made of, [`Progress`],
//!   [`Counters`], [`SubscriberCounters`] and [`Abandoned`]. Ids are hexadecimal text, topics are text with escapes.
//!
//! # Examples
//!
//! Both machines, joined by nothing but the frames that they hand out:
//!
//! ```
//! use bytes::Bytes;
//! use linger_ack_proto::{
//!     Epoch, Identity, Nonce, Outcome, Publisher, PublisherConfig, Quorum, SessionId, Subscriber,
//!     SubscriberConfig, SubscriberTransmit, Transmit,
//! };
//! use std::time::Instant;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = Instant::now();
//! let mut publisher = Publisher::new(PublisherConfig::default(), Epoch::from_u128(7))?;
//! let identity = Identity { session: SessionId::from_u128(1), nonce: Nonce::from_u128(2) };
//! let config = SubscriberConfig::new("risk-1")?.subscribe("EUR");
//! let mut subscriber = Subscriber::new(now, config, identity);
//!
//! let route = Bytes::from_static(b"the routing id of its DEALER");
//! let exchange = |publisher: &mut Publisher, subscriber: &mut Subscriber| loop {
//!     subscriber.handle_timeout(now);
//!     let mut quiet = true;
//!     while let Some(SubscriberTransmit { frame }) = subscriber.poll_transmit() {
//!         publisher.handle_control(now, &route, &frame);
//!         quiet = false;
//!     }
//!     while let Some(transmit) = publisher.poll_transmit() {
//!         quiet = false;
//!         match transmit {
//!             Transmit::Private { frame } => subscriber.handle_data(now, &frame, None),
//!             Transmit::Control { frame, .. } => subscriber.handle_control(now, &frame),
//!             Transmit::Settle | Transmit::Batch(_) => {}
//!         }
//!     }
//!     if quiet {
//!         break;
//!     }
//! };
//! exchange(&mut publisher, &mut subscriber);
//! assert_eq!(publisher.member_count(), 1);
//!
//! let mut envelope = Vec::new();
//! let payload = Bytes::from_static(b"1.0843");
//! publisher.publish(now, b"EURUSD", payload.clone(), &mut envelope)?;
//! subscriber.handle_data(now, &envelope, Some(payload));
//! let delivery = subscriber.poll_delivery().and_then(|item| item.into_message());
//! let delivery = delivery.ok_or("nothing was delivered")?;
//! assert_eq!(&delivery.payload[..], b"1.0843");
//! subscriber.acknowledge(now, &delivery.id);
//!
//! publisher.begin_close(now);
//! exchange(&mut publisher, &mut subscriber);
//! assert_eq!(publisher.finish(Quorum::All).outcome, Outcome::Drained);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod config;
mod grouped;
mod id;
mod marks;
#[cfg(not(linger_planted))]
mod planted;
#[cfg(linger_planted)]
pub mod planted;
mod publisher;
mod secret;
mod subscriber;
pub mod topic;
pub mod wire;

pub use config::{Batching, ConfigError, Expected, PublisherConfig, SubscriberConfig};
pub use id::{Epoch, Identity, Level, Nonce, SessionId};
pub use marks::SequenceRange;
pub use publisher::{
    AddTopicError, Counters, Event, Frames, MemberOutcome, MemberProgress, MemberReport, Message,
    Outcome, Outstanding, Presence, Progress, PublishError, Published, Publisher, PublisherReport,
    Quorum, Rate, Request, Target, TopicNumber, TopicReport, Transmit, Verdict,
};
pub use subscriber::{
    Abandoned, Delivery, DeliveryId, EndReason, Item, PrefixStanding, Subscriber,
    SubscriberCounters, SubscriberEvent, SubscriberTransmit, TopicMarks,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
