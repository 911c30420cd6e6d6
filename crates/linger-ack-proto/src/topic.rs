//! What can be a topic.

use thiserror::Error;

/// The longest topic and prefix, in bytes.
pub const MAX_TOPIC_LEN: usize = 1024;

/// The first byte of private topics, which no topic of data begins with.
pub const PRIVATE: u8 = 0xFF;

/// Why some bytes can't be a topic.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopicError {
    /// It has no bytes.
    #[error("a topic can't be empty")]
    Empty,
    /// It holds a NUL, which ends the topic in an envelope.
    #[error("a topic can't hold a NUL (byte {at})")]
    Nul {
        /// Where the first NUL stands, from 0.
        at: usize,
    },
    /// It begins with 0xFF, as only private topics do.
    #[error("a topic can't begin with 0xFF, the mark of private topics")]
    Private,
    /// It is longer than [`MAX_TOPIC_LEN`].
    #[error("a topic can't be longer than {MAX_TOPIC_LEN} bytes (this one: {len})")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
}

/// Checks that `topic` can be published: 1 to 1,024 bytes, no NUL, not 0xFF first.
///
/// # Errors
///
/// Says what is wrong with it.
pub fn check_topic(topic: &[u8]) -> Result<(), TopicError> {
    if topic.is_empty() {
        return Err(TopicError::Empty);
    }
    check_prefix(topic)
}

/// Checks that `prefix` can be subscribed to: as a topic, but it may be empty (everything).
///
/// # Errors
///
/// Says what is wrong with it.
pub fn check_prefix(prefix: &[u8]) -> Result<(), TopicError> {
    if prefix.len() > MAX_TOPIC_LEN {
        return Err(TopicError::TooLong { len: prefix.len() });
    }
    if prefix.first() == Some(&PRIVATE) {
        return Err(TopicError::Private);
    }
    match prefix.iter().position(|&byte| byte == 0) {
        Some(at) => Err(TopicError::Nul { at }),
        None => Ok(()),
    }
}

/// A topic as text: what is not printable ASCII stands escaped.
#[cfg(feature = "serde")]
pub(crate) fn as_text<S: serde::Serializer>(
    topic: &[u8],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&topic.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_that_cannot_be_are_told_apart() {
        assert_eq!(check_topic(b"EURUSD"), Ok(()));
        assert_eq!(check_topic(b""), Err(TopicError::Empty));
        assert_eq!(check_prefix(b""), Ok(()));
        assert_eq!(check_topic(b"EUR\0USD"), Err(TopicError::Nul { at: 3 }));
        assert_eq!(check_topic(b"\xFFEUR"), Err(TopicError::Private));
        assert_eq!(check_topic(b"E\xFF"), Ok(()));
        assert_eq!(check_topic(&[b'x'; 1024]), Ok(()));
        assert_eq!(
            check_topic(&[b'x'; 1025]),
            Err(TopicError::TooLong { len: 1025 })
        );
    }
}
