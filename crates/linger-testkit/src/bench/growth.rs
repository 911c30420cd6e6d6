//! How a cost grows with a size: the exponent of the power that fits best.

use super::figure::{Spread, thousandths};
use serde_json::{Value, json};
use std::fmt;

/// What one more of something costs, measured at several sizes, several times each.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Growth {
    /// Its name.
    pub name: String,
    /// What the sizes count.
    pub of: &'static str,
    /// What is measured, with its unit.
    pub unit: &'static str,
    /// The sizes, and what was measured at each: the median, the smallest and the largest.
    pub points: Vec<(f64, Spread)>,
    /// The exponent: 1 is linear. Of each series one, and of them the median. It is the larger of
    /// that over all sizes and that over the upper half of them, where what is the same at every
    /// size hides least.
    pub exponent: Spread,
    /// What the exponent may be at most.
    pub bar: f64,
}

impl Growth {
    /// Fits each series, which has a value for each size, in their order.
    pub(super) fn of(
        name: impl Into<String>,
        (of, unit): (&'static str, &'static str),
        bar: f64,
        sizes: &[f64],
        series: &[Vec<f64>],
    ) -> Self {
        let exponents = series
            .iter()
            .map(|values| exponent(sizes, values))
            .collect();
        let at = |index: usize| series.iter().filter_map(move |it| it.get(index)).copied();
        let points = sizes
            .iter()
            .enumerate()
            .map(|(index, size)| (*size, Spread::of(at(index).collect())))
            .collect();
        Self {
            name: name.into(),
            of,
            unit,
            points,
            exponent: Spread::of(exponents),
            bar,
        }
    }

    /// Whether it is linear, or nearly, or better.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.exponent.median <= self.bar
    }

    pub(super) fn json(&self) -> Value {
        let points = self.points.iter();
        let points: Vec<_> = points
            .map(|(size, it)| json!([size, it.median, it.min, it.max]))
            .collect();
        json!({
            "name": self.name,
            "ratio": thousandths(self.exponent.median),
            "min": thousandths(self.exponent.min),
            "max": thousandths(self.exponent.max),
            "bar": self.bar,
            "met": self.is_met(),
            "what": "exponent",
            "of": self.of,
            "unit": self.unit,
            "points": points,
        })
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            of,
            unit,
            exponent,
            bar,
            ..
        } = self;
        let met = if self.is_met() { "" } else { "  NOT MET" };
        write!(f, "{name:<32} {exponent}  <= {bar:<4} exponent; {unit}:")?;
        for (size, value) in &self.points {
            write!(f, " {size} {of} {:.4}", value.median)?;
        }
        f.write_str(met)
    }
}

/// The larger of that over all sizes and that over the upper half of them.
fn exponent(sizes: &[f64], values: &[f64]) -> f64 {
    let all = slope(sizes, values);
    let upper = sizes.len().min(values.len()) / 2;
    match (sizes.get(upper..), values.get(upper..)) {
        (Some(sizes), Some(values)) if sizes.len() > 1 => all.max(slope(sizes, values)),
        _ => all,
    }
}

/// Least squares through the logarithms.
fn slope(sizes: &[f64], values: &[f64]) -> f64 {
    let points: Vec<(f64, f64)> = sizes
        .iter()
        .zip(values)
        .map(|(size, value)| (size.ln(), value.ln()))
        .collect();
    let count = points.iter().map(|_| 1.0).sum::<f64>();
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let sum = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>();
    sum(&|point| (point.0 - x) * (point.1 - y)) / sum(&|point| (point.0 - x).powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_a_line_is_one_and_of_a_square_two() {
        let sizes = [1.0, 10.0, 100.0];
        let line = vec![3.0, 30.0, 300.0];
        let square = vec![2.0, 200.0, 20_000.0];
        let labels = ("members", "ms");
        let both = Growth::of("drain", labels, 1.1, &sizes, &[line.clone(), square]);
        assert!((both.exponent.min - 1.0).abs() < 1e-9);
        assert!((both.exponent.max - 2.0).abs() < 1e-9);
        let linear = Growth::of("drain", labels, 1.1, &sizes, &[line]);
        assert!(linear.is_met() && !both.is_met());
        assert_eq!(both.points[1].1.max, 200.0);
    }

    #[test]
    fn what_grows_as_a_square_at_the_large_end_does_not_hide_behind_what_is_always_there() {
        let sizes = [1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0];
        let labels = ("topics", "ms");
        let fit = |value: fn(f64) -> f64| {
            let values = sizes.iter().copied().map(value).collect();
            Growth::of("drain", labels, 1.1, &sizes, &[values])
        };
        let line = fit(|size| 500.0 + size);
        assert!(line.exponent.median < 1.0 && line.is_met(), "{line}");
        let square = fit(|size| 500.0 + size * size / 1e5);
        assert!(square.exponent.median > 1.1 && !square.is_met(), "{square}");
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        assert!(!Growth::of("drain", ("members", "ms"), 1.1, &[1.0, 2.0], &[]).is_met());
    }
}
