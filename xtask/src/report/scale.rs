//! From a time to a place.

use super::units::Unit;
use crate::round::round;

/// Where what was used of the budget is less than this, the rest of it is drawn narrower.
const MUCH: f64 = 0.4;

/// The part of the width that what was used gets then.
const WIDE: f64 = 0.8;

/// Marks on the axis, about.
const TICKS: f64 = 6.0;

/// Maps seconds from the trigger to x: evenly, or in two parts.
///
/// A service that stops in 40 ms with a budget of 20 s would be a row of specks on an even axis:
/// then all after the *knee* is drawn narrower, and the picture says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    left: f64,
    right: f64,
    /// Time and place.
    knee: Option<(f64, f64)>,
    end: f64,
}

impl Scale {
    /// `used` and `end` in seconds: when the last thing happened, and the end of the axis.
    pub(super) fn new(used: f64, end: f64, left: f64, right: f64) -> Self {
        let end = end.max(used);
        // Nothing happened in no time: any length serves.
        let end = if end > 0.0 { end } else { 1.0 };
        let knee = (used > 0.0 && used < end * MUCH)
            .then_some((used * 1.05, left + (right - left) * WIDE));
        Self {
            left,
            right,
            knee,
            end,
        }
    }

    pub(super) fn x(&self, time: f64) -> f64 {
        let time = time.clamp(0.0, self.end);
        match self.knee {
            Some((knee, x)) if time <= knee => self.left + time / knee * (x - self.left),
            Some((knee, x)) => x + (time - knee) / (self.end - knee) * (self.right - x),
            None => self.left + time / self.end * (self.right - self.left),
        }
    }

    pub(super) fn left(&self) -> f64 {
        self.left
    }

    pub(super) fn right(&self) -> f64 {
        self.right
    }

    /// Where the axis gets narrower, if it does.
    pub(super) fn knee(&self) -> Option<f64> {
        self.knee.map(|(_, x)| x)
    }

    /// Round times of the even part, as places and texts; the first is the trigger.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let span = self.knee.map_or(self.end, |(time, _)| time);
        let unit = Unit::of(span);
        let step = round(span / TICKS / unit.length);
        let digits = if step < 1.0 { 1 } else { 0 };
        (0_u32..)
            .map(|index| f64::from(index) * step)
            .take_while(|time| time * unit.length <= span)
            .map(|time| {
                let place = self.x(time * unit.length);
                (place, format!("{time:.digits$} {}", unit.name))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scale: &Scale) -> Vec<String> {
        scale.ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn an_even_axis_where_much_of_the_budget_was_used() {
        let scale = Scale::new(10.0, 20.0, 100.0, 300.0);
        assert_eq!(scale.knee(), None);
        assert_eq!(
            (scale.x(0.0), scale.x(10.0), scale.x(20.0)),
            (100.0, 200.0, 300.0)
        );
        assert_eq!(texts(&scale), ["0 s", "5 s", "10 s", "15 s", "20 s"]);
    }

    #[test]
    fn the_rest_of_the_budget_is_narrower_where_little_was_used() {
        let scale = Scale::new(0.1, 20.0, 100.0, 300.0);
        let knee = scale.knee().unwrap();
        assert!(scale.x(0.1) > 230.0 && scale.x(0.1) < knee && knee < scale.x(0.2));
        assert_eq!(scale.x(20.0), 300.0);
        assert_eq!(
            texts(&scale),
            ["0 ms", "20 ms", "40 ms", "60 ms", "80 ms", "100 ms"]
        );
    }

    #[test]
    fn places_never_leave_the_axis_nor_go_back() {
        for (used, end) in [
            (0.0, 0.0),
            (0.0, 1.0),
            (5.0, 1.0),
            (1e-9, 1e-6),
            (1e18, 3e19),
        ] {
            let scale = Scale::new(used, end, 100.0, 300.0);
            let places: Vec<f64> = (0..=40)
                .map(|n| scale.x(used * f64::from(n) / 8.0))
                .collect();
            assert!(places.is_sorted(), "{used} {end}: {places:?}");
            assert!(
                places.iter().all(|x| (100.0..=300.0).contains(x)),
                "{used} {end}"
            );
            let ticks = scale.ticks().len();
            assert!((2..=9).contains(&ticks), "{used} {end}: {ticks}");
        }
    }

    #[test]
    fn marks_are_round_in_their_unit() {
        assert_eq!(
            texts(&Scale::new(90.0, 90.0, 0.0, 1.0)),
            ["0 s", "20 s", "40 s", "60 s", "80 s"]
        );
        assert_eq!(
            texts(&Scale::new(2.5, 2.5, 0.0, 1.0))[1..3],
            ["0.5 s", "1.0 s"]
        );
        assert_eq!(texts(&Scale::new(900.0, 900.0, 0.0, 1.0))[1], "5 min");
        assert_eq!(texts(&Scale::new(86_400.0, 86_400.0, 0.0, 1.0))[1], "5 h");
        assert_eq!(texts(&Scale::new(4e-4, 4e-4, 0.0, 1.0))[1], "100 µs");
    }
}
