//! All that one run of a benchmark found out.

use super::{Figure, Growth, Size};
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
    /// How costs grow.
    pub growths: Vec<Growth>,
    /// What could not be measured, and why.
    pub skipped: Vec<String>,
}

impl Findings {
    /// Whether every bar was met.
    #[must_use]
    pub fn are_met(&self) -> bool {
        self.figures.iter().all(Figure::is_met)
            && self.sizes.iter().all(Size::is_met)
            && self.growths.iter().all(Growth::is_met)
    }

    /// Adds those of another benchmark.
    pub fn extend(&mut self, others: Self) {
        let Self {
            figures,
            sizes,
            growths,
            skipped,
        } = others;
        self.figures.extend(figures);
        self.sizes.extend(sizes);
        self.growths.extend(growths);
        self.skipped.extend(skipped);
    }

    /// All of them on a line: the last that a benchmark prints. An exponent is a figure, too.
    #[must_use]
    pub fn json(&self) -> Value {
        let figures = self.figures.iter().map(Figure::json);
        let figures: Vec<Value> = figures
            .chain(self.growths.iter().map(Growth::json))
            .collect();
        let mut all = json!({ "figures": figures });
        if !self.sizes.is_empty() {
            all["sizes"] = self.sizes.iter().map(Size::json).collect();
        }
        if !self.skipped.is_empty() {
            all["skipped"] = json!(self.skipped);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bar;
    use crate::bench::figure::Case;

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
        findings.figures = vec![Figure::of(
            Case::new("send", "zmq", Bar::AtLeast(0.98)),
            &[],
            1,
        )];
        assert!(!findings.are_met());
    }
}
