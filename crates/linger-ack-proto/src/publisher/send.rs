//! Accepting a message: retain it, number it, and say in which envelope it goes.

use super::Publisher;
use super::owed::Owed;
use super::topics::Topic;
use crate::planted::{Bug, planted};
use crate::topic::{TopicError, check_topic};
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
    /// The publisher is closing or closed.
    #[error("the publisher is closed, {} not accepted", .0)]
    Closed(Message),
}

impl PublishError {
    /// The message that was not accepted.
    #[must_use]
    pub fn into_message(self) -> Message {
        match self {
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

/// A message was accepted; the driver now sends its envelope and its payload.
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
}

impl Publisher {
    /// Accepts a message: retains it if anyone is owed it, and writes its envelope.
    ///
    /// `envelope` is emptied first. Nothing is written if the message is not accepted. The driver
    /// sends two frames, the envelope and the payload. With
    /// [`bare_topics`](crate::PublisherConfig::bare_topics) only the trailer of 16 bytes is
    /// written, and the driver sends three frames: the topic, the payload, the trailer (SPEC D2).
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
        let refuse = |payload| Message {
            topic: Bytes::copy_from_slice(topic),
            payload,
        };
        self.begin_clocks(now);
        if self.closing.is_some() {
            return Err(PublishError::Closed(refuse(payload)));
        }
        let len = payload.len() as u64;
        if len > self.config.max_payload {
            let limit = self.config.max_payload;
            return Err(PublishError::TooLarge {
                message: refuse(payload),
                limit,
            });
        }
        let number = match self.topics.number(topic) {
            Some(number) => number,
            None => match self.add_topic(topic) {
                Ok(number) => number,
                Err(Refused::Topic(source)) => {
                    return Err(PublishError::Topic {
                        message: refuse(payload),
                        source,
                    });
                }
                Err(Refused::TooMany) => {
                    let limit = self.config.max_topics;
                    return Err(PublishError::TooManyTopics {
                        message: refuse(payload),
                        limit,
                    });
                }
            },
        };
        let is_owed = self.topics.get(number).is_some_and(Topic::is_owed);
        if is_owed && !self.make_room(now, len) {
            self.counters.full += 1;
            return Err(PublishError::WindowFull(refuse(payload)));
        }
        // Who held the window back may have been all who were owed it.
        let Some(entry) = self.topics.get_mut(number) else {
            // A number that was just looked up or given has its topic.
            return Err(PublishError::Closed(refuse(payload)));
        };
        let is_owed = is_owed && entry.is_owed();
        // SPEC D1: nothing can fail from here on, so no number is lost.
        let sequence = entry.next;
        entry.next += 1;
        self.counters.accepted += 1;
        if is_owed {
            // SPEC D3: retained before it is sent.
            self.topics.retain(number, sequence, payload);
            self.window.retain(len);
            if self.scan_at.is_none() {
                self.scan_at = Some(now + self.config.sync_after);
            }
        } else {
            self.counters.unowed += u64::from(!planted(Bug::UnowedMiscounted));
        }
        envelope.clear();
        let tag = self.epoch.tag();
        let numbered = Envelope {
            topic,
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
        })
    }

    /// A topic that is new: everyone whose prefix it matches is owed it from 1 (SPEC J2, P3).
    fn add_topic(&mut self, name: &[u8]) -> Result<u32, Refused> {
        check_topic(name).map_err(Refused::Topic)?;
        if self.topics.len() >= self.config.max_topics as usize {
            return Err(Refused::TooMany);
        }
        let number = self
            .topics
            .add(Bytes::copy_from_slice(name))
            .ok_or(Refused::TooMany)?;
        let Some(topic) = self.topics.get_mut(number) else {
            return Ok(number);
        };
        for (key, member) in self
            .members
            .iter_mut()
            .filter(|(_, m)| m.prefixes.matches(name))
        {
            topic.owe(Owed::new(key, member.who, member.level, member.standing, 1));
            member.topics.push(number);
        }
        Ok(number)
    }
}

enum Refused {
    Topic(TopicError),
    TooMany,
}
