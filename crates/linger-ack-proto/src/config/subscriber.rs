//! What can be set of a subscriber.

use super::ConfigError;
use crate::id::Level;
use crate::secret::Secret;
use crate::topic::check_prefix;
use bytes::Bytes;
use std::fmt;
use std::time::Duration;

/// Settings of a [`Subscriber`](crate::Subscriber).
#[derive(Clone, PartialEq, Eq)]
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
    /// How many times a delivery that was abandoned is handed out again before it is given up for
    /// good: 0 by default, so at once.
    pub redeliveries: u32,
    /// How many topics are told apart in a session: 1 to 2^31; 1,000,000 by default. What is
    /// published on others is counted, and never acknowledged.
    pub max_topics: u32,
    /// The largest frame that is taken in, in bytes: 64 KiB to 2^41; 64 MiB by default. Let it be
    /// 2 KiB more than the largest payload that is published, at least: what is dropped as too
    /// large stays missing.
    pub max_frame: u64,
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
            redeliveries: 0,
            max_topics: 1_000_000,
            max_frame: 64 << 20,
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
        let credentials = self.credentials.len() as u64;
        let topics = u64::from(self.max_topics);
        let numbers = [
            ("credentials", "0..=65535 bytes", credentials, 0..=65_535),
            ("max_topics", "1..=2^31", topics, 1..=1 << 31),
            (
                "max_frame",
                "2^16..=2^41",
                self.max_frame,
                1 << 16..=1 << 41,
            ),
        ];
        for (setting, range, found, allowed) in numbers {
            if !allowed.contains(&found) {
                return Err(ConfigError::OutOfRange {
                    setting,
                    range,
                    found: found.to_string(),
                });
            }
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

/// Credentials stay out of logs.
impl fmt::Debug for SubscriberConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            level,
            prefixes,
            credentials,
            reorder_messages,
            reorder_bytes,
            pending_messages,
            redeliveries,
            max_topics,
            max_frame,
            ack_delay,
            retry_first,
            retry_longest,
            farewell,
        } = self;
        f.debug_struct("SubscriberConfig")
            .field("name", name)
            .field("level", level)
            .field("prefixes", prefixes)
            .field("credentials", &Secret(credentials.clone()))
            .field("reorder_messages", reorder_messages)
            .field("reorder_bytes", reorder_bytes)
            .field("pending_messages", pending_messages)
            .field("redeliveries", redeliveries)
            .field("max_topics", max_topics)
            .field("max_frame", max_frame)
            .field("ack_delay", ack_delay)
            .field("retry_first", retry_first)
            .field("retry_longest", retry_longest)
            .field("farewell", farewell)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_named() {
        assert!(SubscriberConfig::new("").is_err());
        let mut config = SubscriberConfig::new("a").expect("a name");
        assert_eq!(config.validate(), Ok(()));
        config.retry_first = Duration::ZERO;
        let error = config.validate().expect_err("a wait of nothing");
        let text = "retry_first must be in 1ms..=10s, not 0ns";
        assert_eq!(error.to_string(), text);
        let mut config = SubscriberConfig::new("a").expect("a name");
        config.max_topics = 0;
        let error = config.validate().expect_err("no topics");
        assert_eq!(error.to_string(), "max_topics must be in 1..=2^31, not 0");
        let mut config = SubscriberConfig::new("a").expect("a name");
        config.max_frame = 65_535;
        let error = config.validate().expect_err("too small for any frame");
        let text = "max_frame must be in 2^16..=2^41, not 65535";
        assert_eq!(error.to_string(), text);
        let config = SubscriberConfig::new("a")
            .expect("a name")
            .subscribe(&b"\xFF"[..]);
        assert!(matches!(config.validate(), Err(ConfigError::Prefix { .. })));
    }
}
