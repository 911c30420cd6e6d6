//! Topics by their number, for who publishes on the same ones again and again.

use super::Publisher;
use super::owed::Owed;
use crate::topic::{TopicError, check_topic};
use bytes::Bytes;
use thiserror::Error;

/// A topic of one publisher, for [`Publisher::publish_to`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicNumber(pub(super) u32);

impl TopicNumber {
    /// The number, from 1, that stands in every envelope of the topic.
    #[must_use]
    pub fn to_u32(self) -> u32 {
        self.0
    }
}

/// Why something can't be a topic of a publisher.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddTopicError {
    /// Nothing of this name can be.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// There are as many topics as the publisher takes.
    #[error("there are {limit} topics already")]
    TooMany {
        /// The limit.
        limit: u32,
    },
    /// The publisher is closing or closed.
    #[error("the publisher is closed")]
    Closed,
}

impl Publisher {
    /// The number of a topic, which is made if there is none of that name yet.
    ///
    /// Making it publishes nothing; everyone whose prefix it matches is owed it from its first
    /// message on. It is kept, and counts among
    /// [`max_topics`](crate::PublisherConfig::max_topics), to the end.
    ///
    /// # Errors
    ///
    /// If it can't be a topic, there are too many, or the publisher takes no more messages.
    pub fn topic(&mut self, name: &[u8]) -> Result<TopicNumber, AddTopicError> {
        if self.closing.is_some() {
            return Err(AddTopicError::Closed);
        }
        match self.topics.number(name) {
            Some(number) => Ok(TopicNumber(number)),
            None => self.add_topic(name).map(TopicNumber),
        }
    }

    /// Whether somebody would be owed a message of this topic, so that it needs room.
    #[must_use]
    pub fn is_owed(&self, topic: &[u8]) -> bool {
        let number = self.topics.number(topic);
        match number.and_then(|number| self.topics.get(number)) {
            Some(topic) => topic.is_owed(),
            None => self
                .members
                .iter()
                .any(|(_, member)| member.prefixes.matches(topic)),
        }
    }

    /// A topic that is new: everyone whose prefix it matches is owed it from 1 (SPEC J2, P3).
    fn add_topic(&mut self, name: &[u8]) -> Result<u32, AddTopicError> {
        check_topic(name)?;
        let limit = self.config.max_topics;
        if self.topics.len() >= limit as usize {
            return Err(AddTopicError::TooMany { limit });
        }
        let name = Bytes::copy_from_slice(name);
        let number = self.topics.add(name.clone());
        let number = number.ok_or(AddTopicError::TooMany { limit })?;
        let Some(topic) = self.topics.get_mut(number) else {
            return Ok(number);
        };
        for (key, member) in self
            .members
            .iter_mut()
            .filter(|(_, m)| m.prefixes.matches(&name))
        {
            topic.owe(Owed::new(key, member.who, member.level, member.standing, 1));
            member.topics.push(number);
        }
        Ok(number)
    }
}
