//! Steps between marks on an axis.

/// The next of 1, 2, 5, 10, 20 …
pub(crate) fn round(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let digits = [1.0, 2.0, 5.0].into_iter().map(|digit| digit * power);
    digits
        .into_iter()
        .find(|rounded| *rounded >= step)
        .unwrap_or(10.0 * power)
}
