//! Quote-like lines from a fixed seed: the same lines on every machine, every time.

use crate::random::Random;

/// The seed of the main job's input.
pub const SEED: u64 = 0x11_6e_67_65_72;

/// How many lines the main job makes where it was given none.
pub const COUNT: u64 = 100_000;

/// Each line's first field is one of these.
pub const TOPICS: [&str; 36] = [
    "AUDCAD", "AUDCHF", "AUDJPY", "AUDNZD", "AUDUSD", "CADCHF", "CADJPY", "CHFJPY", "EURAUD",
    "EURCAD", "EURCHF", "EURCZK", "EURGBP", "EURHUF", "EURJPY", "EURNOK", "EURNZD", "EURPLN",
    "EURSEK", "EURUSD", "GBPAUD", "GBPCAD", "GBPCHF", "GBPJPY", "GBPNZD", "GBPUSD", "NZDCAD",
    "NZDCHF", "NZDJPY", "NZDUSD", "USDCAD", "USDCHF", "USDJPY", "USDMXN", "USDNOK", "USDSEK",
];

/// An endless stream of lines, a random walk for each topic; equal seeds give equal streams.
///
/// A line is `topic,bid,ask,size,n`, without a newline; `n` counts the lines from 0.
///
/// # Examples
///
/// ```
/// use linger_testkit::quotes::{Quotes, SEED};
///
/// let lines: Vec<String> = Quotes::new(SEED).take(3).collect();
/// assert_eq!(lines, Quotes::new(SEED).take(3).collect::<Vec<_>>());
/// assert_eq!(lines[2].split(',').count(), 5);
/// ```
#[derive(Debug, Clone)]
pub struct Quotes {
    random: Random,
    made: u64,
    /// The last bid of each topic, in hundred-thousandths.
    bids: [u64; TOPICS.len()],
}

impl Quotes {
    /// Begins the stream that belongs to `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut quotes = Self {
            random: Random::new(seed),
            made: 0,
            bids: [0; TOPICS.len()],
        };
        for at in 0..TOPICS.len() {
            quotes.bids[at] = 60_000 + quotes.random.below(120_000);
        }
        quotes
    }
}

impl Iterator for Quotes {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let random = self.random.draw();
        let topic = usize::try_from(random % TOPICS.len() as u64).unwrap_or(0);
        let step = (random >> 16) % 41;
        let spread = 1 + (random >> 32) % 9;
        let size = (1 + (random >> 40) % 50) * 100_000;
        // A walk of at most 20 points a step, kept away from zero.
        let bid = (self.bids[topic] + step).saturating_sub(20).max(10_000);
        self.bids[topic] = bid;
        let ask = bid + spread;
        let line = format!(
            "{},{}.{:05},{}.{:05},{size},{}",
            TOPICS[topic],
            bid / 100_000,
            bid % 100_000,
            ask / 100_000,
            ask % 100_000,
            self.made,
        );
        self.made += 1;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn equal_seeds_give_equal_lines_and_others_do_not() {
        let lines = |seed| Quotes::new(seed).take(1_000).collect::<Vec<_>>();
        assert_eq!(lines(7), lines(7));
        assert_ne!(lines(7), lines(8));
    }

    #[test]
    fn the_first_line_is_always_this_one() {
        assert_eq!(
            Quotes::new(SEED).next().unwrap(),
            "GBPAUD,1.75903,1.75904,3300000,0"
        );
    }

    #[test]
    fn every_topic_comes_and_every_line_is_numbered() {
        let mut seen = HashSet::new();
        for (at, line) in Quotes::new(SEED).take(5_000).enumerate() {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!(fields.len(), 5, "{line}");
            assert!(TOPICS.contains(&fields[0]), "{line}");
            assert!(
                fields[1].parse::<f64>().unwrap() < fields[2].parse::<f64>().unwrap(),
                "{line}"
            );
            assert_eq!(fields[4], at.to_string());
            seen.insert(fields[0].to_owned());
        }
        assert_eq!(seen.len(), TOPICS.len());
    }
}
