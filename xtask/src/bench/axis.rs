//! From a value to a place, and the marks in between: even, or by powers of ten.

use crate::round::round;

/// An axis that goes from `near` to `far`, which may be the smaller one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    least: f64,
    most: f64,
    near: f64,
    far: f64,
    is_log: bool,
}

impl Axis {
    /// For values that are compared: even, unless they lie far apart.
    pub(super) fn of(values: impl IntoIterator<Item = f64>, (near, far): (f64, f64)) -> Self {
        let Some((least, most)) = range(values) else {
            return Self::log([1.0], (near, far));
        };
        if least > 0.0 && most / least > 3.0 {
            return Self::log([least, most], (near, far));
        }
        // A little room on both sides.
        let room = ((most - least) * 0.06).max(most.abs() * 0.02).max(1e-3);
        Self {
            least: least - room,
            most: most + room,
            near,
            far,
            is_log: false,
        }
    }

    /// By powers of ten; values that are not above 0 have no place on it.
    pub(super) fn log(values: impl IntoIterator<Item = f64>, (near, far): (f64, f64)) -> Self {
        let values = values.into_iter().filter(|value| *value > 0.0);
        let (least, most) = range(values).unwrap_or((1.0, 10.0));
        Self {
            least: least / 1.12,
            most: (most * 1.12).max(least * 1.5),
            near,
            far,
            is_log: true,
        }
    }

    /// The largest value that it has room for.
    pub(super) fn most(&self) -> f64 {
        self.most
    }

    pub(super) fn place(&self, value: f64) -> f64 {
        let value = value.clamp(self.least, self.most);
        let part = match self.is_log {
            true => (value / self.least).ln() / (self.most / self.least).ln(),
            false => (value - self.least) / (self.most - self.least),
        };
        self.near + part * (self.far - self.near)
    }

    /// Round values on it, some three to nine.
    pub(super) fn marks(&self) -> Vec<f64> {
        if !self.is_log {
            let step = round((self.most - self.least) / 6.0);
            return self.multiples(step);
        }
        // As many a decade as there is room for.
        let decades = (self.most / self.least).log10();
        match decades {
            0.0..0.7 => self.multiples(round((self.most - self.least) / 6.0)),
            0.7..2.2 => self.decades(&[1.0, 2.0, 5.0], 1),
            2.2..8.0 => self.decades(&[1.0], 1),
            _ => self.decades(&[1.0], 3),
        }
    }

    fn multiples(&self, step: f64) -> Vec<f64> {
        let first = (self.least / step).ceil();
        let marks = (0..20_u32).map(|index| (first + f64::from(index)) * step);
        marks.take_while(|mark| *mark <= self.most).collect()
    }

    fn decades(&self, digits: &[f64], step: usize) -> Vec<f64> {
        let powers = (-12..=15).step_by(step).map(|power| 10_f64.powi(power));
        let marks = powers.flat_map(|power| digits.iter().map(move |digit| digit * power));
        marks
            .filter(|mark| (self.least..=self.most).contains(mark))
            .collect()
    }
}

fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let values = values.into_iter().filter(|value| value.is_finite());
    values.fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((least, most)) => Some((value.min(least), value.max(most))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: (f64, f64) = (100.0, 500.0);

    #[test]
    fn values_that_lie_close_are_even_and_others_by_powers_of_ten() {
        let even = Axis::of([0.9, 1.1], PLACES);
        assert!((even.place(1.0) - 300.0).abs() < 1e-6);
        let log = Axis::of([0.1, 10.0], PLACES);
        assert!((log.place(1.0) - 300.0).abs() < 1e-6);
        assert_eq!(log.marks(), [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]);
    }

    #[test]
    fn there_are_some_marks_and_all_of_them_are_on_the_axis() {
        for values in [
            [0.97, 1.02],
            [1.0, 1.0],
            [0.2, 40.0],
            [3.0, 11.0],
            [1.0, 1e6],
            [1e-9, 1e9],
            [f64::NAN, f64::INFINITY],
        ] {
            for axis in [Axis::of(values, PLACES), Axis::log(values, PLACES)] {
                let marks = axis.marks();
                assert!((2..=9).contains(&marks.len()), "{values:?}: {marks:?}");
                let places: Vec<f64> = marks.iter().map(|mark| axis.place(*mark)).collect();
                assert!(places.is_sorted(), "{values:?}: {places:?}");
                let is_on = |place: &f64| (100.0..=500.0).contains(place);
                assert!(places.iter().all(is_on), "{values:?}: {places:?}");
            }
        }
    }

    #[test]
    fn an_axis_may_go_up() {
        let up = Axis::log([1.0, 100.0], (300.0, 40.0));
        assert!(up.place(100.0) < up.place(10.0) && up.place(10.0) < up.place(1.0));
    }
}
