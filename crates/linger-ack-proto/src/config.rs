//! What a driver can set, with its defaults and ranges.

use crate::id::Level;
use crate::topic::{TopicError, check_prefix};
use bytes::Bytes;
use std::time::Duration;
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

/// Settings of a [`Publisher`](crate::Publisher).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublisherConfig {
    /// How many messages are retained at most: 8 to 16,777,216; 32,768 by default.
    pub window_messages: u32,
    /// How many bytes of payload are retained at most: 1 to 2^40; 32 MiB by default.
    pub window_bytes: u64,
    /// The largest payload in bytes: 0 to `window_bytes`; 8 MiB by default.
    pub max_payload: u64,
    /// How many topics there may be in an epoch: 1 to 2^31; 100,000 by default.
    pub max_topics: u32,
    /// How many members there may be at once: 1 to 65,536; 1,024 by default.
    pub max_members: u32,
    /// How many prefixes one member may ask for: 1 to 65,536; 4,096 by default.
    pub max_prefixes: u32,
    /// After how much silence a member expires: 100 ms to 1 h; 5 s by default.
    pub expiry: Duration,
    /// How long a received mark may stand still before SYNC: 1 ms to 10 s; 100 ms by default.
    pub sync_after: Duration,
    /// How many bytes of repairs answer one NACK: 1 KiB to 1 GiB; 1 MiB by default.
    pub repair_bytes: u64,
    /// How many repairs answer one NACK: 1 to 65,536; 512 by default. The ROUTER socket's SNDHWM
    /// is to be at least twice that, or answers are cut short and asked for again.
    pub repair_messages: u32,
    /// How many topics one part of a list names: 1 to 65,535; 1,024 by default.
    pub entries_per_part: u16,
}

impl Default for PublisherConfig {
    fn default() -> Self {
        Self {
            window_messages: 32_768,
            window_bytes: 32 << 20,
            max_payload: 8 << 20,
            max_topics: 100_000,
            max_members: 1_024,
            max_prefixes: 4_096,
            expiry: Duration::from_secs(5),
            sync_after: Duration::from_millis(100),
            repair_bytes: 1 << 20,
            repair_messages: 512,
            entries_per_part: 1_024,
        }
    }
}

impl PublisherConfig {
    /// Checks every setting against its range.
    ///
    /// # Errors
    ///
    /// Names the first setting that is outside its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let number = |setting, range, ok, found: u64| match ok {
            true => Ok(()),
            false => Err(ConfigError::OutOfRange {
                setting,
                range,
                found: found.to_string(),
            }),
        };
        let limit = |setting, range, ok, found: Duration| match ok {
            true => Ok(()),
            false => Err(ConfigError::OutOfRange {
                setting,
                range,
                found: format!("{found:?}"),
            }),
        };
        let messages = self.window_messages;
        let ok = (8..=1 << 24).contains(&messages);
        number("window_messages", "8..=16777216", ok, messages.into())?;
        let ok = (1..=1 << 40).contains(&self.window_bytes);
        number("window_bytes", "1..=2^40", ok, self.window_bytes)?;
        let ok = self.max_payload <= self.window_bytes;
        number("max_payload", "0..=window_bytes", ok, self.max_payload)?;
        let ok = (1..=1 << 31).contains(&self.max_topics);
        number("max_topics", "1..=2^31", ok, self.max_topics.into())?;
        let ok = (1..=65_536).contains(&self.max_members);
        number("max_members", "1..=65536", ok, self.max_members.into())?;
        let ok = (1..=65_536).contains(&self.max_prefixes);
        number("max_prefixes", "1..=65536", ok, self.max_prefixes.into())?;
        let ok = (1 << 10..=1 << 30).contains(&self.repair_bytes);
        number("repair_bytes", "1024..=2^30", ok, self.repair_bytes)?;
        let ok = (1..=65_536).contains(&self.repair_messages);
        number(
            "repair_messages",
            "1..=65536",
            ok,
            self.repair_messages.into(),
        )?;
        number(
            "entries_per_part",
            "1..=65535",
            self.entries_per_part > 0,
            0,
        )?;
        let range = Duration::from_millis(100)..=Duration::from_secs(3_600);
        limit(
            "expiry",
            "100ms..=1h",
            range.contains(&self.expiry),
            self.expiry,
        )?;
        let range = Duration::from_millis(1)..=Duration::from_secs(10);
        limit(
            "sync_after",
            "1ms..=10s",
            range.contains(&self.sync_after),
            self.sync_after,
        )
    }
}

/// Settings of a [`Subscriber`](crate::Subscriber).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriberConfig {
    /// The member's name, which reports use: 1 to 255 bytes.
    pub name: String,
    /// What its acknowledgements assert; [`Level::Processed`] by default.
    pub level: Level,
    /// The prefixes that it subscribes to; nothing by default, an empty one is everything.
    pub prefixes: Vec<Bytes>,
    /// Handed to the publisher's authorizer; empty by default, 64 KiB at most.
    pub credentials: Bytes,
    /// How many messages may wait for an earlier one: 65,536 by default.
    pub reorder_messages: usize,
    /// How many bytes may wait for an earlier message: 32 MiB by default.
    pub reorder_bytes: usize,
    /// With how many deliveries waiting a subscriber is full: 1,024 by default, at least 1.
    pub pending_messages: usize,
    /// How long an acknowledgement may wait for company: 0 to 10 s; 5 ms by default.
    pub ack_delay: Duration,
    /// The first wait before HELLO, JOINED, NACK or BYE is said again; it doubles. 1 ms to 10 s;
    /// 50 ms by default.
    pub retry_first: Duration,
    /// The longest wait before one of them is said again: 1 ms to 1 min; 1 s by default.
    pub retry_longest: Duration,
    /// How long to wait for END or BYE-OK once the publisher may be gone: 1 ms to 1 h; 1 s by
    /// default.
    pub farewell: Duration,
}

impl SubscriberConfig {
    /// A member of that name, which subscribes to nothing yet.
    ///
    /// # Errors
    ///
    /// If the name is empty or longer than 255 bytes.
    pub fn new(name: impl Into<String>) -> Result<Self, ConfigError> {
        let mut name = name.into();
        let len = name.len();
        if !(1..=255).contains(&len) {
            while name.len() > 255 {
                name.pop();
            }
            return Err(ConfigError::Name { name, len });
        }
        Ok(Self {
            name,
            level: Level::default(),
            prefixes: Vec::new(),
            credentials: Bytes::new(),
            reorder_messages: 65_536,
            reorder_bytes: 32 << 20,
            pending_messages: 1_024,
            ack_delay: Duration::from_millis(5),
            retry_first: Duration::from_millis(50),
            retry_longest: Duration::from_secs(1),
            farewell: Duration::from_secs(1),
        })
    }

    /// Subscribes to one more prefix; [`validate`](Self::validate) judges it.
    #[must_use]
    pub fn subscribe(mut self, prefix: impl Into<Bytes>) -> Self {
        let prefix = prefix.into();
        if !self.prefixes.contains(&prefix) {
            self.prefixes.push(prefix);
        }
        self
    }

    /// Checks every setting against its range.
    ///
    /// # Errors
    ///
    /// Names the first prefix that can't be one, or the first setting that is outside its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for prefix in &self.prefixes {
            check_prefix(prefix).map_err(|source| ConfigError::Prefix {
                prefix: prefix.clone(),
                source,
            })?;
        }
        if self.credentials.len() > usize::from(u16::MAX) {
            return Err(ConfigError::OutOfRange {
                setting: "credentials",
                range: "0..=65535 bytes",
                found: self.credentials.len().to_string(),
            });
        }
        let (tick, seconds) = (Duration::from_millis(1), Duration::from_secs);
        let limits = [
            (
                "ack_delay",
                "0..=10s",
                self.ack_delay,
                Duration::ZERO,
                seconds(10),
            ),
            (
                "retry_first",
                "1ms..=10s",
                self.retry_first,
                tick,
                seconds(10),
            ),
            (
                "retry_longest",
                "1ms..=1min",
                self.retry_longest,
                tick,
                seconds(60),
            ),
            ("farewell", "1ms..=1h", self.farewell, tick, seconds(3_600)),
        ];
        for (setting, range, found, least, most) in limits {
            if !(least..=most).contains(&found) {
                return Err(ConfigError::OutOfRange {
                    setting,
                    range,
                    found: format!("{found:?}"),
                });
            }
        }
        Ok(())
    }

    /// Brings every wait into its range, so that no driver spins and no clock overflows.
    pub(crate) fn clamp(&mut self) {
        let tick = Duration::from_millis(1);
        self.ack_delay = self.ack_delay.min(Duration::from_secs(10));
        self.retry_first = self.retry_first.clamp(tick, Duration::from_secs(10));
        self.retry_longest = self.retry_longest.clamp(tick, Duration::from_secs(60));
        self.farewell = self.farewell.clamp(tick, Duration::from_secs(3_600));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(PublisherConfig::default().validate(), Ok(()));
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let config = PublisherConfig {
            window_messages: 0,
            ..PublisherConfig::default()
        };
        let error = config.validate().expect_err("a window of nothing");
        assert_eq!(
            error.to_string(),
            "window_messages must be in 8..=16777216, not 0"
        );
        let config = PublisherConfig {
            expiry: Duration::ZERO,
            ..PublisherConfig::default()
        };
        let error = config.validate().expect_err("an expiry of nothing");
        assert_eq!(error.to_string(), "expiry must be in 100ms..=1h, not 0ns");
        assert!(SubscriberConfig::new("").is_err());
        let mut config = SubscriberConfig::new("a").expect("a name");
        assert_eq!(config.validate(), Ok(()));
        config.retry_first = Duration::ZERO;
        let error = config.validate().expect_err("a wait of nothing");
        let text = "retry_first must be in 1ms..=10s, not 0ns";
        assert_eq!(error.to_string(), text);
        let config = SubscriberConfig::new("a")
            .expect("a name")
            .subscribe(&b"\xFF"[..]);
        assert!(matches!(config.validate(), Err(ConfigError::Prefix { .. })));
    }
}
