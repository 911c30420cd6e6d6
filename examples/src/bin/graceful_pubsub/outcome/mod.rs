//! What came of a run: who lost what, as a table and as JSON.

mod json;
mod loss;
mod ranges;
mod summary;
mod table;

use std::time::Duration;

pub(crate) use json::json;
pub(crate) use loss::{Loss, NeverAccepted};
pub(crate) use ranges::RangeSet;
pub(crate) use summary::Summary;
pub(crate) use table::table;

use crate::ways::Way;
use crate::wire::Known;

/// One way, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) way: Way,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    /// From the parent's SIGTERM to the end of the publisher's process.
    pub(crate) stop: Duration,
    pub(crate) subscribers: Vec<Share>,
    pub(crate) known: Known,
}

/// What came of one subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) name: &'static str,
    pub(crate) killed: bool,
    /// How many messages it processed more than once.
    pub(crate) twice: u64,
    pub(crate) loss: Loss,
}

impl Outcome {
    /// Whether every subscriber that was left alive processed everything.
    pub(crate) fn lost_nothing(&self) -> bool {
        self.subscribers
            .iter()
            .all(|share| share.killed || share.loss.lost() == 0)
    }
}

/// Thousands apart, as people read them.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two subscribers, one of which lost something.
    pub(super) fn example() -> Outcome {
        let share = |name, killed, processed, before_signal, after_signal| Share {
            name,
            killed,
            twice: 0,
            loss: Loss {
                processed,
                before_signal,
                after_signal,
            },
        };
        Outcome {
            way: Way::Exit,
            accepted: 50_123,
            refused: 2,
            stop: Duration::from_micros(12_900),
            subscribers: vec![
                share("fast", false, 50_123, 0, 0),
                share("relayed", false, 48_000, 2_000, 123),
            ],
            known: Known::nothing(),
        }
    }

    #[test]
    fn one_lost_message_is_not_nothing_unless_its_subscriber_was_killed() {
        let mut outcome = example();
        assert!(!outcome.lost_nothing());
        outcome.subscribers[1].killed = true;
        assert!(outcome.lost_nothing());
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
