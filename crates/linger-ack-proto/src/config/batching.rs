//! How many messages travel together.

use super::ConfigError;
use std::time::Duration;

/// When small messages of one topic, which wait to travel together, are sent.
///
/// Whatever comes first: so many messages, so many bytes, or so long a wait.
///
/// # Examples
///
/// ```
/// use linger_ack_proto::Batching;
/// use std::time::Duration;
///
/// let batching = Batching::default().messages(64).delay(Duration::from_millis(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Batching {
    pub(crate) messages: u32,
    pub(crate) bytes: u32,
    pub(crate) delay: Duration,
}

impl Default for Batching {
    fn default() -> Self {
        Self {
            messages: 256,
            bytes: 16 << 10,
            delay: Duration::from_millis(1),
        }
    }
}

impl Batching {
    /// How many messages a batch has at most: 2 to 65,536; 256 by default.
    pub fn messages(mut self, messages: u32) -> Self {
        self.messages = messages;
        self
    }

    /// How many bytes of payload a batch has at most, four more counted for each message: 64 to
    /// 1 MiB; 16 KiB by default. A message that is larger goes alone.
    ///
    /// No subscriber may have a smaller [`max_frame`](crate::SubscriberConfig::max_frame).
    pub fn bytes(mut self, bytes: u32) -> Self {
        self.bytes = bytes;
        self
    }

    /// How long a message waits for company at most: 1 ms to 10 s; 1 ms by default.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let (
            second,
            Self {
                messages, bytes, ..
            },
        ) = (Duration::from_secs(1), *self);
        let delays = second / 1_000..=second * 10;
        let delay = format!("{:?}", self.delay);
        let settings = [
            (
                "batching.messages",
                "2..=65536",
                (2..=65_536).contains(&messages),
                messages.to_string(),
            ),
            (
                "batching.bytes",
                "64..=2^20",
                (64..=1 << 20).contains(&bytes),
                bytes.to_string(),
            ),
            (
                "batching.delay",
                "1ms..=10s",
                delays.contains(&self.delay),
                delay,
            ),
        ];
        for (setting, range, is_valid, found) in settings {
            if !is_valid {
                return Err(ConfigError::OutOfRange {
                    setting,
                    range,
                    found,
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
    fn what_is_out_of_range_is_named() {
        assert_eq!(Batching::default().validate(), Ok(()));
        let default = Batching::default;
        let broken = [
            (
                default().messages(1),
                "batching.messages must be in 2..=65536, not 1",
            ),
            (
                default().bytes(63),
                "batching.bytes must be in 64..=2^20, not 63",
            ),
            (
                default().delay(Duration::ZERO),
                "batching.delay must be in 1ms..=10s, not 0ns",
            ),
        ];
        for (batching, told) in broken {
            let error = batching.validate().expect_err("out of range");
            assert_eq!(error.to_string(), told);
        }
    }
}
