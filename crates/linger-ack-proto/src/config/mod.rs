//! What a driver can set, with its defaults and ranges.

mod batching;
mod expected;
mod publisher;
mod subscriber;

pub use batching::Batching;
pub use expected::Expected;
pub use publisher::PublisherConfig;
pub use subscriber::SubscriberConfig;

use crate::topic::TopicError;
use bytes::Bytes;
use thiserror::Error;

/// A setting that can't be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A number is outside its range.
    #[error("{setting} must be in {range}, not {found}")]
    OutOfRange {
        /// The setting.
        setting: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it was.
        found: String,
    },
    /// A prefix can't be subscribed to.
    #[error("the prefix {prefix:?} can't be subscribed to")]
    Prefix {
        /// The prefix.
        prefix: Bytes,
        /// What is wrong with it.
        source: TopicError,
    },
    /// A member's name is empty or longer than 255 bytes.
    #[error("a member's name has 1 to 255 bytes, not {len}: {name:?}")]
    Name {
        /// The name, cut to 255 bytes or a little less.
        name: String,
        /// Its length in bytes.
        len: usize,
    },
}

/// Checks that a member can have this name.
fn check_name(name: &str) -> Result<(), ConfigError> {
    let len = name.len();
    if (1..=255).contains(&len) {
        return Ok(());
    }
    let mut name = name.to_owned();
    while name.len() > 255 {
        name.pop();
    }
    Err(ConfigError::Name { name, len })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_too_long_is_named_as_far_as_it_may_be() {
        assert_eq!(check_name(&"n".repeat(255)), Ok(()));
        for (name, kept) in [("n".repeat(300), 255), ("é".repeat(200), 254)] {
            let found = check_name(&name);
            let expected = ConfigError::Name {
                name: name[..kept].to_owned(),
                len: name.len(),
            };
            assert_eq!(found, Err(expected));
        }
    }
}
