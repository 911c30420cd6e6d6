//! One small error for each operation.

use bytes::Bytes;
pub use linger_ack_proto::{AddTopicError as TopicError, PublishError};
use linger_ack_proto::{ConfigError, Progress, SequenceRange};
use linger_registry::{BindError, zmq};
use std::io;
use thiserror::Error;

/// Why a publisher could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A setting can't be.
    #[error("publisher {name}: {source}")]
    Config {
        /// The publisher's name.
        name: String,
        /// The setting.
        source: ConfigError,
    },
    /// A socket could not be opened.
    #[error("publisher {name}: {source}")]
    Socket {
        /// The publisher's name.
        name: String,
        /// What the registry says.
        source: linger_registry::OpenError,
    },
    /// A socket could not be bound; the source names the endpoint.
    #[error("publisher {name}: {source}")]
    Bind {
        /// The publisher's name.
        name: String,
        /// What the registry says.
        source: BindError,
    },
    /// libzmq refused an option.
    #[error("publisher {name}: libzmq refused a socket option: {source}")]
    Option {
        /// The publisher's name.
        name: String,
        /// What libzmq says.
        source: zmq::Error,
    },
    /// The ports can't be secured as was asked for.
    #[error("publisher {name}: {source}")]
    Security {
        /// The publisher's name.
        name: String,
        /// Why not.
        source: SecurityError,
    },
    /// The operating system gave no thread, no descriptor or no random bits.
    #[error("publisher {name}: {source}")]
    System {
        /// The publisher's name.
        name: String,
        /// What the operating system says.
        source: io::Error,
    },
}

/// Why a subscriber could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// A setting can't be.
    #[error("subscriber {name}: {source}")]
    Config {
        /// The member's name.
        name: String,
        /// The setting.
        source: ConfigError,
    },
    /// A socket could not be opened.
    #[error("subscriber {name}: {source}")]
    Socket {
        /// The member's name.
        name: String,
        /// What the registry says.
        source: linger_registry::OpenError,
    },
    /// A socket could not be connected; the source names the endpoint.
    #[error("subscriber {name}: {source}")]
    Connect {
        /// The member's name.
        name: String,
        /// What the registry says.
        source: linger_registry::ConnectError,
    },
    /// An endpoint is named twice: the two sessions would supersede each other.
    #[error("subscriber {name}: {endpoint} is named twice")]
    Twice {
        /// The member's name.
        name: String,
        /// A data or control endpoint.
        endpoint: String,
    },
    /// Connections can't be secured as was asked for.
    #[error("subscriber {name}: {source}")]
    Security {
        /// The member's name.
        name: String,
        /// Why not.
        source: SecurityError,
    },
    /// libzmq refused an option.
    #[error("subscriber {name}: libzmq refused a socket option: {source}")]
    Option {
        /// The member's name.
        name: String,
        /// What libzmq says.
        source: zmq::Error,
    },
    /// The operating system gave no thread, no descriptor or no random bits.
    #[error("subscriber {name}: {source}")]
    System {
        /// The member's name.
        name: String,
        /// What the operating system says.
        source: io::Error,
    },
}

/// Why connections can't be secured as was asked for.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecurityError {
    /// The libzmq that is linked was built without it.
    #[error("this libzmq was built without {mechanism}")]
    Unsupported {
        /// What it lacks.
        mechanism: &'static str,
    },
    /// A key is none. It is not shown.
    #[error("the {which} key is neither 32 bytes nor 40 characters of Z85")]
    Key {
        /// Which one.
        which: &'static str,
    },
    /// A ZAP domain holds a NUL, or is longer than 255 bytes.
    #[error("the ZAP domain {domain:?} can't be one")]
    Domain {
        /// The domain.
        domain: String,
    },
    /// A user or a password is too short or too long. It is not shown.
    #[error("the {which} must have 1 to 255 bytes, not {len}")]
    Length {
        /// Which one.
        which: &'static str,
        /// How many bytes it has.
        len: usize,
    },
}

/// Why a prefix is not subscribed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubscribeError {
    /// It can't be one, or there are too many.
    #[error(transparent)]
    Prefix {
        /// What is wrong with it.
        source: ConfigError,
    },
    /// A publisher does not grant it. It is given up there.
    #[error("{publisher} does not grant the prefix {prefix:?}: {why}")]
    Refused {
        /// The prefix.
        prefix: Bytes,
        /// The data endpoint of the publisher.
        publisher: String,
        /// Why, in words.
        why: &'static str,
    },
    /// It was never asked for, or was unsubscribed.
    #[error("the prefix {prefix:?} is not wanted of {publisher}")]
    Unwanted {
        /// The prefix.
        prefix: Bytes,
        /// The data endpoint of the publisher.
        publisher: String,
    },
    /// The membership has ended, or the subscriber was stopped.
    #[error("nothing more is received from {publisher}, so the prefix {prefix:?} can't be granted")]
    Ended {
        /// The prefix.
        prefix: Bytes,
        /// The data endpoint of the publisher.
        publisher: String,
    },
    /// The deadline came.
    #[error("{granted} of {wanted} publishers had granted the prefix {prefix:?} by the deadline")]
    Deadline {
        /// The prefix.
        prefix: Bytes,
        /// How many had granted it.
        granted: usize,
        /// How many were waited for.
        wanted: usize,
    },
}

/// Why waiting for members ended without them.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// The deadline came.
    #[error("{joined} of {wanted} members had joined by the deadline")]
    Deadline {
        /// How many there were.
        joined: usize,
        /// How many were waited for.
        wanted: usize,
    },
    /// The publisher is closing or closed.
    #[error("the publisher is closed, with {joined} of {wanted} members")]
    Closed {
        /// How many there were.
        joined: usize,
        /// How many were waited for.
        wanted: usize,
    },
}

/// Why a flush ended without its quorum.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlushError {
    /// The deadline came.
    #[error("not flushed by the deadline: {progress}")]
    Deadline {
        /// What was still outstanding.
        progress: Progress,
    },
    /// The quorum can't hold any more, however long one waits.
    #[error("can't be flushed: who should have acknowledged is gone ({progress})")]
    Impossible {
        /// What is outstanding with those who are here.
        progress: Progress,
    },
    /// The publisher is closing or closed.
    #[error("the publisher is closed")]
    Closed,
}

/// Why the next delivery is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryError {
    /// These messages can't be had any more; the ones after them follow.
    #[error("{} of topic {topic:?} from {publisher} can't be had any more", range(*from, *to))]
    Gone {
        /// The topic.
        topic: Bytes,
        /// The first sequence that is gone.
        from: u64,
        /// The last one.
        to: u64,
        /// The data endpoint of the publisher.
        publisher: String,
    },
    /// Another subscriber has joined under this name. This one gets nothing more from there.
    #[error("another subscriber took this one's name at {publisher}")]
    Superseded {
        /// The data endpoint of the publisher.
        publisher: String,
    },
    /// The registry was closed, or its context ended, before the subscriber was; or something
    /// panicked on the subscriber's thread, such as the application's log.
    #[error("the sockets for {publisher} were ended before the subscriber was closed")]
    Terminated {
        /// The data endpoint of the publisher.
        publisher: String,
    },
    /// The publisher has closed, and what it last published may be missing here.
    #[error("{publisher} has closed before its end of stream was seen")]
    Incomplete {
        /// The data endpoint of the publisher.
        publisher: String,
    },
}

fn range(from: u64, to: u64) -> String {
    SequenceRange::new(from, to).map_or_else(String::new, |range| range.to_string())
}

/// Any error of this crate, for callers who only pass it on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A publisher could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A subscriber could not be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A message was not accepted.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A prefix was not granted.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// A topic could not be had.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// Members did not come.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// A flush did not hold.
    #[error(transparent)]
    Flush(#[from] FlushError),
    /// The next delivery is none.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
}
