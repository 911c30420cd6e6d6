//! What a comparison comes to, and what it has to.

use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

/// What a ratio has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Bar {
    /// Of rates: ours, as a part of the bare one.
    AtLeast(f64),
    /// Of times: ours, in multiples of the bare one.
    AtMost(f64),
    /// Of times, for information.
    None,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Figure {
    /// Its name, with the size in it.
    pub name: &'static str,
    /// The median of the ratios of all rounds.
    pub ratio: f64,
    /// The smallest of them.
    pub min: f64,
    /// The largest of them.
    pub max: f64,
    /// What the median has to be.
    pub bar: Bar,
    /// The median time of one operation, bare.
    pub bare: Duration,
    /// The same through our code.
    pub ours: Duration,
}

/// One round: both sides, the same number of operations each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) bare: Duration,
    pub(super) ours: Duration,
}

impl Figure {
    /// The medians of all rounds, of so many operations on each side.
    pub(super) fn of(name: &'static str, bar: Bar, rounds: &[Round], operations: u32) -> Self {
        let ratio = |round: &Round| {
            let (bare, ours) = (round.bare.as_secs_f64(), round.ours.as_secs_f64());
            match bar {
                Bar::AtLeast(_) => bare / ours,
                Bar::AtMost(_) | Bar::None => ours / bare,
            }
        };
        let mut ratios: Vec<f64> = rounds.iter().map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        let time = |side: fn(&Round) -> Duration| {
            let mut times: Vec<Duration> = rounds.iter().map(side).collect();
            times.sort();
            median(&times).unwrap_or_default() / operations.max(1)
        };
        Self {
            name,
            ratio: median(&ratios).unwrap_or(f64::NAN),
            min: ratios.first().copied().unwrap_or(f64::NAN),
            max: ratios.last().copied().unwrap_or(f64::NAN),
            bar,
            bare: time(|round| round.bare),
            ours: time(|round| round.ours),
        }
    }

    /// Whether the median is as it has to be.
    #[must_use]
    pub fn is_met(&self) -> bool {
        match self.bar {
            Bar::AtLeast(bar) => self.ratio >= bar,
            Bar::AtMost(bar) => self.ratio <= bar,
            Bar::None => true,
        }
    }

    pub(super) fn json(&self) -> Value {
        let bar = match self.bar {
            Bar::AtLeast(bar) | Bar::AtMost(bar) => Some(bar),
            Bar::None => None,
        };
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        json!({
            "name": self.name,
            "ratio": thousandths(self.ratio),
            "min": thousandths(self.min),
            "max": thousandths(self.max),
            "bar": bar,
            "met": self.is_met(),
            "bare_ns": nanos(self.bare),
            "ours_ns": nanos(self.ours),
        })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            ratio,
            min,
            max,
            bare,
            ours,
            ..
        } = self;
        let bar = match self.bar {
            Bar::AtLeast(bar) => format!(">= {bar}"),
            Bar::AtMost(bar) => format!("<= {bar}"),
            Bar::None => "no bar".to_owned(),
        };
        let met = match self.is_met() {
            true => "",
            false => "  NOT MET",
        };
        write!(
            f,
            "{name:<32} {ratio:>6.3}  [{min:.3}, {max:.3}]  {bar:<7} \
             bare {bare:.3?}, ours {ours:.3?}{met}"
        )
    }
}

/// The upper one of the two in the middle, where there are two.
fn median<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len() / 2).copied()
}

fn thousandths(ratio: f64) -> f64 {
    (ratio * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(times: &[(u64, u64)]) -> Vec<Round> {
        let round = |(bare, ours): &(u64, u64)| Round {
            bare: Duration::from_micros(*bare),
            ours: Duration::from_micros(*ours),
        };
        times.iter().map(round).collect()
    }

    #[test]
    fn a_time_is_a_multiple_of_the_bare_one_and_the_median_counts() {
        let rounds = rounds(&[(100, 110), (100, 900), (100, 105)]);
        let figure = Figure::of("open", Bar::AtMost(1.1), &rounds, 10);
        assert_eq!((figure.min, figure.ratio, figure.max), (1.05, 1.1, 9.0));
        assert!(figure.is_met());
        assert_eq!(figure.bare, Duration::from_micros(10));
        assert_eq!(figure.ours, Duration::from_micros(11));
    }

    #[test]
    fn a_rate_is_a_part_of_the_bare_one() {
        let slower = Figure::of("send", Bar::AtLeast(0.98), &rounds(&[(97, 100)]), 1);
        assert!(slower.ratio < 0.98 && !slower.is_met());
        assert!(slower.to_string().contains("NOT MET"));
        let same = Figure::of("send", Bar::AtLeast(0.98), &rounds(&[(99, 100)]), 1);
        assert!(same.is_met());
    }

    #[test]
    fn without_a_round_nothing_is_met_and_the_line_has_all_fields() {
        let none = Figure::of("send", Bar::AtLeast(0.98), &[], 1);
        assert!(!none.is_met());
        let some = Figure::of("close", Bar::AtMost(4.0), &rounds(&[(10, 30)]), 1);
        assert_eq!(
            some.json().to_string(),
            r#"{"bar":4.0,"bare_ns":10000,"max":3.0,"met":true,"min":3.0,"name":"close","ours_ns":30000,"ratio":3.0}"#
        );
    }
}
