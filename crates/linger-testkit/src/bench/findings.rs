//! All that one run of a benchmark found out.

use super::{Figure, Size};
use serde_json::{Value, json};

/// The comparisons of one run, and the sizes where there are any.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Findings {
    /// The comparisons.
    pub figures: Vec<Figure>,
    /// The sizes.
    pub sizes: Vec<Size>,
}

impl Findings {
    /// Whether every bar was met.
    #[must_use]
    pub fn are_met(&self) -> bool {
        self.figures.iter().all(Figure::is_met) && self.sizes.iter().all(Size::is_met)
    }

    /// All of them on a line: the last that a benchmark prints.
    #[must_use]
    pub fn json(&self) -> Value {
        let figures: Vec<Value> = self.figures.iter().map(Figure::json).collect();
        let sizes: Vec<Value> = self.sizes.iter().map(Size::json).collect();
        match sizes.is_empty() {
            true => json!({ "figures": figures }),
            false => json!({ "figures": figures, "sizes": sizes }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bar;

    #[test]
    fn one_bar_that_is_not_met_is_enough_and_sizes_are_listed_where_there_are_any() {
        let mut findings = Findings::default();
        assert_eq!(findings.json().to_string(), r#"{"figures":[]}"#);
        findings.sizes = vec![Size::of("member", Some(400), vec![200], vec![401])];
        assert!(!findings.are_met());
        assert_eq!(
            findings.json().to_string(),
            r#"{"figures":[],"sizes":[{"bar":400,"bare_bytes":200,"max":401,"met":false,"min":401,"name":"member","ours_bytes":401}]}"#
        );
        findings.sizes.clear();
        findings.figures = vec![Figure::of("send", Bar::AtLeast(0.98), &[], 1)];
        assert!(!findings.are_met());
    }
}
