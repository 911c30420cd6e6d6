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

/// What is compared, with what, and what it has to come to.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// The other side, in a few words.
    pub(super) peer: &'static str,
    pub(super) bar: Bar,
}

impl Case {
    pub(super) fn new(name: impl Into<String>, peer: &'static str, bar: Bar) -> Self {
        let name = name.into();
        Self { name, peer, bar }
    }
}

/// Several values of one thing.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Spread {
    /// The median; the upper one of the two in the middle, where there are two.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    pub(super) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self {
            median: median(&values).unwrap_or(f64::NAN),
            min: values.first().copied().unwrap_or(f64::NAN),
            max: values.last().copied().unwrap_or(f64::NAN),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { median, min, max } = self;
        write!(f, "{median:>6.3}  [{min:.3}, {max:.3}]")
    }
}

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Figure {
    /// Its name, with the size in it.
    pub name: String,
    /// What ours is compared with.
    pub peer: &'static str,
    /// The ratios of all rounds.
    pub ratio: Spread,
    /// What their median has to be.
    pub bar: Bar,
    /// The other side compared with itself, where each round has it twice: what the machine's
    /// noise alone makes of a ratio.
    pub same: Option<Spread>,
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
    /// The other side's second block as a multiple of its first.
    pub(super) same: Option<f64>,
}

impl Figure {
    /// The medians of all rounds, of so many operations on each side.
    pub(super) fn of(case: Case, rounds: &[Round], operations: u32) -> Self {
        let Case { name, peer, bar } = case;
        let ratio = |round: &Round| {
            let (bare, ours) = (round.bare.as_secs_f64(), round.ours.as_secs_f64());
            match bar {
                Bar::AtLeast(_) => bare / ours,
                Bar::AtMost(_) | Bar::None => ours / bare,
            }
        };
        let same: Vec<f64> = rounds.iter().filter_map(|round| round.same).collect();
        let time = |side: fn(&Round) -> Duration| {
            let mut times: Vec<Duration> = rounds.iter().map(side).collect();
            times.sort();
            median(&times).unwrap_or_default() / operations.max(1)
        };
        Self {
            name,
            peer,
            ratio: Spread::of(rounds.iter().map(ratio).collect()),
            bar,
            same: (!same.is_empty()).then(|| Spread::of(same)),
            bare: time(|round| round.bare),
            ours: time(|round| round.ours),
        }
    }

    /// Whether the median is as it has to be.
    #[must_use]
    pub fn is_met(&self) -> bool {
        match self.bar {
            Bar::AtLeast(bar) => self.ratio.median >= bar,
            Bar::AtMost(bar) => self.ratio.median <= bar,
            Bar::None => true,
        }
    }

    pub(super) fn json(&self) -> Value {
        let bar = match self.bar {
            Bar::AtLeast(bar) | Bar::AtMost(bar) => Some(bar),
            Bar::None => None,
        };
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let same = self
            .same
            .map(|same| [same.median, same.min, same.max].map(thousandths));
        json!({
            "name": self.name,
            "ratio": thousandths(self.ratio.median),
            "min": thousandths(self.ratio.min),
            "max": thousandths(self.ratio.max),
            "bar": bar,
            "met": self.is_met(),
            "peer": self.peer,
            "of": match self.bar {
                Bar::AtLeast(_) => "rate",
                Bar::AtMost(_) | Bar::None => "cost",
            },
            "same": same,
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
            bare,
            ours,
            peer,
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
            "{name:<32} {ratio}  {bar:<7} {peer} {bare:.3?}, ours {ours:.3?}"
        )?;
        if let Some(same) = self.same {
            write!(f, "; A/A {same}")?;
        }
        f.write_str(met)
    }
}

/// The upper one of the two in the middle, where there are two.
fn median<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len() / 2).copied()
}

pub(super) fn thousandths(ratio: f64) -> f64 {
    (ratio * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bar: Bar, rounds: &[Round], operations: u32) -> Figure {
        Figure::of(Case::new("send", "zmq", bar), rounds, operations)
    }

    fn rounds(times: &[(u64, u64)]) -> Vec<Round> {
        let round = |(bare, ours): &(u64, u64)| Round {
            bare: Duration::from_micros(*bare),
            ours: Duration::from_micros(*ours),
            same: None,
        };
        times.iter().map(round).collect()
    }

    #[test]
    fn a_time_is_a_multiple_of_the_bare_one_and_the_median_counts() {
        let rounds = rounds(&[(100, 110), (100, 900), (100, 105)]);
        let figure = of(Bar::AtMost(1.1), &rounds, 10);
        let Spread { median, min, max } = figure.ratio;
        assert_eq!((min, median, max), (1.05, 1.1, 9.0));
        assert!(figure.is_met());
        assert_eq!(figure.bare, Duration::from_micros(10));
        assert_eq!(figure.ours, Duration::from_micros(11));
    }

    #[test]
    fn a_rate_is_a_part_of_the_bare_one() {
        let slower = of(Bar::AtLeast(0.98), &rounds(&[(97, 100)]), 1);
        assert!(slower.ratio.median < 0.98 && !slower.is_met());
        assert!(slower.to_string().contains("NOT MET"));
        let same = of(Bar::AtLeast(0.98), &rounds(&[(99, 100)]), 1);
        assert!(same.is_met());
    }

    #[test]
    fn without_a_round_nothing_is_met_and_the_line_has_all_fields() {
        let none = of(Bar::AtLeast(0.98), &[], 1);
        assert!(!none.is_met());
        let mut round = rounds(&[(10, 30)]);
        round[0].same = Some(1.25);
        let some = of(Bar::AtMost(4.0), &round, 1);
        assert_eq!(
            some.json().to_string(),
            r#"{"bar":4.0,"bare_ns":10000,"max":3.0,"met":true,"min":3.0,"name":"send","of":"cost","ours_ns":30000,"peer":"zmq","ratio":3.0,"same":[1.25,1.25,1.25]}"#
        );
    }
}
