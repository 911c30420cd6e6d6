//! What can be set of a publisher.

use super::ConfigError;
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
