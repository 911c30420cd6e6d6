//! Accepting a message: retain it, number it, and say in which envelope it goes.

use super::Publisher;
use super::number::{AddTopicError, TopicNumber};
use super::topics::Topic;
use crate::planted::{Bug, planted};
use crate::topic::TopicError;
use crate::wire::Envelope;
use bytes::Bytes;
use std::fmt;
use std::time::Instant;
use thiserror::Error;

/// What the caller wanted to publish, handed back untouched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The topic.
    pub topic: Bytes,
    /// The payload.
    pub payload: Bytes,
}

/// Why a message was not accepted. It was not sent, and is handed back.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// The window is full of what members have not acknowledged.
    #[error("the window is full, {} not accepted", .0)]
    WindowFull(Message),
    /// The topic can't be one.
    #[error("{message} not accepted: {source}")]
    Topic {
        /// What was to be published.
        message: Message,
        /// What is wrong with its topic.
        source: TopicError,
    },
    /// The payload is larger than the publisher takes.
    #[error("{message} not accepted: the limit is {limit} bytes")]
    TooLarge {
        /// What was to be published.
        message: Message,
        /// The limit, in bytes.
        limit: u64,
    },
    /// There are as many topics as the publisher takes.
    #[error("{message} not accepted: there are {limit} topics already")]
    TooManyTopics {
        /// What was to be published.
        message: Message,
        /// The limit.
        limit: u32,
    },
    /// The publisher has no topic of this number.
    #[error("there is no topic of this number, a message of {} bytes not accepted", .payload.len())]
    NoTopic {
        /// The number.
        topic: TopicNumber,
        /// What was to be published.
        payload: Bytes,
    },
    /// The publisher is closing or closed.
    #[error("the publisher is closed, {} not accepted", .0)]
    Closed(Message),
}

impl PublishError {
    /// The message that was not accepted; if there is no such topic, with an empty one.
    #[must_use]
    pub fn into_message(self) -> Message {
        match self {
            Self::NoTopic { payload, .. } => Message {
                topic: Bytes::new(),
                payload,
            },
            Self::WindowFull(message) | Self::Closed(message) => message,
            Self::Topic { message, .. }
            | Self::TooLarge { message, .. }
            | Self::TooManyTopics { message, .. } => message,
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, payload } = self;
        write!(
            f,
            "a message of {} bytes on the topic {topic:?}",
            payload.len()
        )
    }
}

/// A message was accepted; the driver now sends its envelope and its payload, unless it waits for
/// [others](Self::is_batched).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Published {
    /// The topic's number.
    pub number: u32,
    /// The message's sequence.
    pub sequence: u64,
    /// After sending, read the EVENTS of the PUB socket, so that it sees freed credit.
    pub settle: bool,
    /// It waits for others to travel with, or goes with those that waited: the driver does not
    /// send it, but what [`take_frames`](Publisher::take_frames) gives. False without
    /// [`batching`](crate::PublisherConfig::batching).
    pub is_batched: bool,
}

impl Publisher {
    /// Whether the time matters to a message of so many bytes that is published now. If it does not,
    /// any will do.
    #[must_use]
    pub fn needs_time(&self, len: usize) -> bool {
        // A batch that is begun is due some time later.
        let begins = self.config.batching.is_some();
        let is_settled = !self.awaits_clock && self.scan_at.is_some();
        begins || !is_settled || !self.window.has_room(len as u64)
    }

    /// Accepts a message: retains it if anyone is owed it, and writes its envelope.
    ///
    /// `envelope` is emptied first. Nothing is written if the message is not accepted. The driver
    /// sends two frames, the envelope and the payload. With
    /// [`bare_topics`](crate::PublisherConfig::bare_topics) only the trailer of 16 bytes is
    /// written, and the driver sends three frames: the topic, the payload, the trailer (SPEC D2).
    ///
    /// With [`batching`](crate::PublisherConfig::batching) the driver first sends what
    /// [`take_frames`](Self::take_frames) gives, also if the message was not accepted.
    ///
    /// # Errors
    ///
    /// Says why it was not accepted, and hands it back.
    pub fn publish(
        &mut self,
        now: Instant,
        topic: &[u8],
        payload: Bytes,
        envelope: &mut Vec<u8>,
    ) -> Result<Published, PublishError> {
        self.begin_clocks(now);
        let limit = self.config.max_payload;
        let found = match payload.len() as u64 > limit {
            // It makes no topic.
            true if self.closing.is_none() => Err(None),
            _ => self.topic(topic).map_err(Some),
        };
        let why = match found {
            Ok(number) => return self.publish_to(now, number, payload, envelope),
            Err(why) => why,
        };
        let message = Message {
            topic: Bytes::copy_from_slice(topic),
            payload,
        };
        Err(match why {
            None => PublishError::TooLarge { message, limit },
            Some(AddTopicError::Topic(source)) => PublishError::Topic { message, source },
            Some(AddTopicError::TooMany { limit }) => {
                PublishError::TooManyTopics { message, limit }
            }
            Some(AddTopicError::Closed) => PublishError::Closed(message),
        })
    }

    /// As [`publish`](Self::publish), on a topic whose number [`topic`](Self::topic) has told.
    ///
    /// Nothing is looked up by name, and nothing is allocated but what `envelope` needs. The same
    /// message gives the same bytes as by `publish`.
    ///
    /// # Errors
    ///
    /// Says why it was not accepted, and hands it back. The number of another publisher's topic
    /// may be that of one here, too.
    pub fn publish_to(
        &mut self,
        now: Instant,
        topic: TopicNumber,
        payload: Bytes,
        envelope: &mut Vec<u8>,
    ) -> Result<Published, PublishError> {
        self.begin_clocks(now);
        let TopicNumber(number) = topic;
        let Some(found) = self.topics.get(number) else {
            return Err(PublishError::NoTopic { topic, payload });
        };
        let len = payload.len() as u64;
        let limit = self.config.max_payload;
        if self.closing.is_some() {
            return Err(PublishError::Closed(found.refuse(payload)));
        }
        if len > limit {
            let message = found.refuse(payload);
            return Err(PublishError::TooLarge { message, limit });
        }
        let is_owed = found.is_owed();
        let has_room = !is_owed || self.make_room(now, len);
        let Some(entry) = self.topics.get_mut(number) else {
            // No topic ever goes.
            return Err(PublishError::NoTopic { topic, payload });
        };
        if !has_room {
            self.counters.full += 1;
            let message = entry.refuse(payload);
            // What members don't have they can't acknowledge.
            self.close_batches();
            return Err(PublishError::WindowFull(message));
        }
        // Who held the window back may have been all who were owed it.
        let is_owed = is_owed && entry.is_owed();
        // SPEC D1: nothing can fail from here on, so no number is lost.
        let sequence = entry.next;
        entry.next += 1;
        self.note_accepted(is_owed);
        if is_owed && self.scan_at.is_none() {
            self.scan_at = Some(now + self.config.sync_after);
        }
        let is_batched = self.batch(now, number, sequence, &payload);
        if is_owed {
            // SPEC D3: retained before it is sent.
            self.retain(number, sequence, payload);
        }
        envelope.clear();
        if is_batched {
            return Ok(Published {
                number,
                sequence,
                settle: self.window.sent(),
                is_batched,
            });
        }
        let tag = self.epoch.tag();
        let numbered = Envelope {
            topic: self.topics.get(number).map_or(&[][..], |topic| &topic.name),
            tag,
            number,
            sequence,
        };
        match self.config.bare_topics {
            true => numbered.encode_trailer(envelope),
            false => numbered.encode(envelope),
        }
        let settle = self.window.sent();
        Ok(Published {
            number,
            sequence,
            settle,
            is_batched,
        })
    }

    pub(super) fn note_accepted(&mut self, is_owed: bool) {
        self.counters.accepted += 1;
        if !is_owed {
            self.counters.unowed += u64::from(!planted(Bug::UnowedMiscounted));
        }
    }

    pub(super) fn retain(&mut self, number: u32, sequence: u64, payload: Bytes) {
        self.window.retain(payload.len() as u64);
        self.topics.retain(number, sequence, payload);
    }
}

impl Topic {
    /// A message of this topic that is handed back.
    fn refuse(&self, payload: Bytes) -> Message {
        let topic = self.name.clone();
        Message { topic, payload }
    }
}
