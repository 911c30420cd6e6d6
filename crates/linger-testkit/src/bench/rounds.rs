//! Two sides in turn, in small blocks, so that what else the machine does meets both alike.

use super::BenchError;
use super::figure::{Case, Figure, Round};
use std::time::Duration;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rounds {
    /// How many rounds, each of four blocks: bare, ours, ours, bare.
    pub count: usize,
    /// How many operations a block has, where it says no other number.
    pub operations: u32,
}

impl Rounds {
    /// Enough for the third figure on a machine that has other things to do.
    pub const FULL: Self = Self {
        count: 101,
        operations: 5_000,
    };

    /// Enough to see that it runs.
    pub const QUICK: Self = Self {
        count: 9,
        operations: 500,
    };

    /// The same with so many operations a block at most.
    #[must_use]
    pub fn of_at_most(self, operations: u32) -> Self {
        Self {
            operations: self.operations.min(operations),
            ..self
        }
    }

    /// Compares both sides; each carries out so many operations, and tells how long they took.
    ///
    /// One round is thrown away first: it warms up caches, allocators and the branch predictor.
    ///
    /// # Errors
    ///
    /// The first that a side returns.
    pub(super) fn compare(
        self,
        case: Case,
        mut bare: impl FnMut(u32) -> Result<Duration, BenchError>,
        mut ours: impl FnMut(u32) -> Result<Duration, BenchError>,
    ) -> Result<Figure, BenchError> {
        let operations = self.operations;
        let mut rounds = Vec::with_capacity(self.count);
        for number in 0..=self.count {
            let before = bare(operations)?;
            let first = ours(operations)?;
            let second = ours(operations)?;
            let after = bare(operations)?;
            if number > 0 {
                rounds.push(Round {
                    bare: before + after,
                    ours: first + second,
                    same: Some(after.as_secs_f64() / before.as_secs_f64()),
                });
            }
        }
        Ok(Figure::of(case, &rounds, 2 * operations))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bar;
    use crate::bench::figure::Spread;
    use std::cell::RefCell;

    #[test]
    fn the_blocks_of_a_round_are_bare_ours_ours_bare_and_the_first_round_does_not_count() {
        let order = RefCell::new(String::new());
        let rounds = Rounds {
            count: 2,
            operations: 7,
        };
        let figure = rounds
            .compare(
                Case::new("some", "other", Bar::None),
                |operations| {
                    order.borrow_mut().push('A');
                    Ok(Duration::from_micros(u64::from(operations)))
                },
                |operations| {
                    order.borrow_mut().push('B');
                    let first_round = order.borrow().len() < 4;
                    let times = if first_round { 100 } else { 3 };
                    Ok(Duration::from_micros(u64::from(operations * times)))
                },
            )
            .unwrap();
        assert_eq!(*order.borrow(), "ABBAABBAABBA");
        let Spread { median, min, max } = figure.ratio;
        assert_eq!((min, median, max), (3.0, 3.0, 3.0));
        assert_eq!(figure.same.unwrap().median, 1.0);
        assert_eq!(figure.ours, Duration::from_micros(3));
    }
}
