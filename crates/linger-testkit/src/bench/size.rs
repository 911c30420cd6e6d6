//! How much memory something takes, and how much it may.

use serde_json::{Value, json};
use std::fmt;

/// Bytes for one of many, by what a process that holds the many has more in memory.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Size {
    /// Its name.
    pub name: &'static str,
    /// Bytes with our code: the median.
    pub ours: u64,
    /// The smallest.
    pub min: u64,
    /// The largest.
    pub max: u64,
    /// What the median may be at most, if there is a bar.
    pub at_most: Option<u64>,
    /// The same with what is compared, the median.
    pub bare: u64,
}

impl Size {
    /// The medians of what was measured.
    pub(super) fn of(
        name: &'static str,
        at_most: Option<u64>,
        mut bare: Vec<u64>,
        mut ours: Vec<u64>,
    ) -> Self {
        bare.sort_unstable();
        ours.sort_unstable();
        // Without a measurement nothing is met.
        let median = |sorted: &[u64]| sorted.get(sorted.len() / 2).copied().unwrap_or(u64::MAX);
        Self {
            name,
            ours: median(&ours),
            min: ours.first().copied().unwrap_or(u64::MAX),
            max: ours.last().copied().unwrap_or(u64::MAX),
            at_most,
            bare: median(&bare),
        }
    }

    /// Whether it is small enough.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.at_most.is_none_or(|most| self.ours <= most)
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "min": self.min,
            "max": self.max,
            "bar": self.at_most,
            "met": self.is_met(),
            "bare_bytes": self.bare,
            "ours_bytes": self.ours,
        })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            ours,
            min,
            max,
            bare,
            ..
        } = self;
        let bar = match self.at_most {
            Some(most) => format!("<= {most}"),
            None => "no bar".to_owned(),
        };
        let met = if self.is_met() { "" } else { "  NOT MET" };
        write!(
            f,
            "{name:<32} {ours:>6} B  [{min}, {max}]  {bar:<7} bare {bare} B{met}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_what_has_to_be_small_enough() {
        let met = Size::of(
            "member",
            Some(400),
            vec![200, 210, 190],
            vec![900, 400, 380],
        );
        assert_eq!((met.min, met.ours, met.max, met.bare), (380, 400, 900, 200));
        assert!(met.is_met());
        let large = Size::of("member", Some(400), vec![200], vec![401]);
        assert!(!large.is_met() && large.to_string().contains("NOT MET"));
    }

    #[test]
    fn what_was_not_measured_is_not_met_and_without_a_bar_all_is() {
        assert!(!Size::of("member", Some(400), vec![], vec![]).is_met());
        assert!(Size::of("task", None, vec![600], vec![800]).is_met());
    }
}
