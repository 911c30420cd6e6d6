//! What can be set of a publisher.

use super::{Batching, ConfigError, Expected, check_name};
use std::time::Duration;

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
    /// How many topics there may be in an epoch: 1 to 2^31; 100,000 by default. A message that
    /// finds no room in the window has made its topic all the same.
    pub max_topics: u32,
    /// How many members there may be at once: 1 to 65,536; 1,024 by default. A durable name that
    /// comes back, and whoever takes the place of a namesake, is let in beyond that.
    pub max_members: u32,
    /// How many candidates, who have said HELLO and not yet JOINED, there may be at once: 1 to
    /// 65,536; 256 by default. Whoever comes then is refused as busy.
    pub max_candidates: u32,
    /// How many new candidates there may be in a second: 1 to 1,000,000; 1,024 by default. One
    /// second's worth of them may come at once.
    pub hello_rate: u32,
    /// How many prefixes one member may ask for: 1 to 65,536; 4,096 by default.
    pub max_prefixes: u32,
    /// How many topics HELLO and SUBSCRIBE may match for one member: 1 to 2^31; 100,000 by
    /// default. Topics that are published for the first time later are not counted.
    pub max_member_topics: u32,
    /// The longest control frame that is read, in bytes: 128 KiB, which no subscriber's frame
    /// exceeds, to 1 GiB; 1 MiB by default.
    pub max_frame: u32,
    /// After how much silence a member expires: 100 ms to 1 h; 5 s by default.
    pub expiry: Duration,
    /// How long a candidate has from its HELLO until JOINED: 100 ms to 1 h; 5 s by default.
    pub join_within: Duration,
    /// How long a candidate may hold a full window back if nobody else does: 0 to 1 h; 250 ms by
    /// default.
    pub join_grace: Duration,
    /// Names whose place is kept while they are away; none by default, each of 1 to 255 bytes.
    pub durable: Vec<String>,
    /// Durable names that are owed everything from the start, before they come; none by default.
    pub expected: Vec<Expected>,
    /// How long the place of a durable name is kept: 0 to 30 days; 60 s by default. What it is
    /// owed is retained as long, unless the room is needed.
    pub durable_for: Duration,
    /// Whether topics stand bare in their frame, and what else an envelope holds in a third one,
    /// for readers that want it so; false by default.
    pub bare_topics: bool,
    /// Whether small messages of one topic travel together, which a plain SUB can't read; `None`,
    /// each by itself, by default.
    pub batching: Option<Batching>,
    /// How long a received mark may stand still before SYNC: 1 ms to 10 s; 100 ms by default.
    pub sync_after: Duration,
    /// How many bytes of repairs answer one NACK: 128 KiB, which no subscriber's frame
    /// exceeds, to 1 GiB; 1 MiB by default.
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
            max_candidates: 256,
            hello_rate: 1_024,
            max_prefixes: 4_096,
            max_member_topics: 100_000,
            max_frame: 1 << 20,
            expiry: Duration::from_secs(5),
            join_within: Duration::from_secs(5),
            join_grace: Duration::from_millis(250),
            durable: Vec::new(),
            expected: Vec::new(),
            durable_for: Duration::from_secs(60),
            bare_topics: false,
            batching: None,
            sync_after: Duration::from_millis(100),
            repair_bytes: 1 << 20,
            repair_messages: 512,
            entries_per_part: 1_024,
        }
    }
}

impl PublisherConfig {
    /// Whether a name's place is kept: it stands among `durable` or `expected`.
    #[must_use]
    pub fn is_durable(&self, name: &str) -> bool {
        self.durable.iter().any(|durable| durable == name)
            || self.expected.iter().any(|expected| expected.name() == name)
    }

    /// Checks every setting against its range.
    ///
    /// # Errors
    ///
    /// Names the first setting that is outside its range, or the first name or prefix that can't
    /// be one.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.validate_numbers()?;
        self.validate_limits()?;
        if let Some(batching) = &self.batching {
            batching.validate()?;
        }
        for name in &self.durable {
            check_name(name)?;
        }
        for (at, expected) in self.expected.iter().enumerate() {
            expected.validate()?;
            let mut others = self.expected.iter().take(at);
            if others.any(|other| other.name() == expected.name()) {
                return Err(ConfigError::OutOfRange {
                    setting: "expected",
                    range: "each name once",
                    found: expected.name().to_owned(),
                });
            }
        }
        Ok(())
    }

    fn validate_numbers(&self) -> Result<(), ConfigError> {
        let Self {
            window_bytes,
            max_payload,
            ..
        } = *self;
        let numbers: [(_, _, u64, u64, u64); 12] = [
            (
                "window_messages",
                "8..=16777216",
                8,
                1 << 24,
                self.window_messages.into(),
            ),
            ("window_bytes", "1..=2^40", 1, 1 << 40, window_bytes),
            (
                "max_payload",
                "0..=window_bytes",
                0,
                window_bytes,
                max_payload,
            ),
            ("max_topics", "1..=2^31", 1, 1 << 31, self.max_topics.into()),
            (
                "max_members",
                "1..=65536",
                1,
                65_536,
                self.max_members.into(),
            ),
            (
                "max_candidates",
                "1..=65536",
                1,
                65_536,
                self.max_candidates.into(),
            ),
            (
                "hello_rate",
                "1..=1000000",
                1,
                1_000_000,
                self.hello_rate.into(),
            ),
            (
                "max_prefixes",
                "1..=65536",
                1,
                65_536,
                self.max_prefixes.into(),
            ),
            (
                "max_member_topics",
                "1..=2^31",
                1,
                1 << 31,
                self.max_member_topics.into(),
            ),
            (
                "max_frame",
                "2^17..=2^30",
                1 << 17,
                1 << 30,
                self.max_frame.into(),
            ),
            (
                "repair_bytes",
                "1024..=2^30",
                1 << 10,
                1 << 30,
                self.repair_bytes,
            ),
            (
                "repair_messages",
                "1..=65536",
                1,
                65_536,
                self.repair_messages.into(),
            ),
        ];
        let parts = u64::from(self.entries_per_part);
        let parts = ("entries_per_part", "1..=65535", 1, 65_535, parts);
        for (setting, range, least, most, found) in numbers.into_iter().chain([parts]) {
            if !(least..=most).contains(&found) {
                return Err(ConfigError::OutOfRange {
                    setting,
                    range,
                    found: found.to_string(),
                });
            }
        }
        Ok(())
    }

    fn validate_limits(&self) -> Result<(), ConfigError> {
        let (ms, hour) = (Duration::from_millis, Duration::from_secs(3_600));
        let limits = [
            ("expiry", "100ms..=1h", ms(100), hour, self.expiry),
            ("join_within", "100ms..=1h", ms(100), hour, self.join_within),
            ("join_grace", "0..=1h", ms(0), hour, self.join_grace),
            (
                "durable_for",
                "0..=30d",
                ms(0),
                hour * 720,
                self.durable_for,
            ),
            (
                "sync_after",
                "1ms..=10s",
                ms(1),
                ms(10_000),
                self.sync_after,
            ),
        ];
        for (setting, range, least, most, found) in limits {
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
    }
}
