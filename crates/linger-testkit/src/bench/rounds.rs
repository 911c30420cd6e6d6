//! Two sides in turn, in small blocks, so that what else the machine does meets both alike.

use super::BenchError;
use super::figure::{Case, Figure, Round};
use rustix::time::{ClockId, clock_gettime};
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
        let [rounds] = self.rounds(|| Ok([bare(operations)?]), || Ok([ours(operations)?]))?;
        Ok(Figure::of(case, &rounds, 2 * operations))
    }

    /// As [`compare`](Self::compare); beside the time, what the whole process computed meanwhile.
    ///
    /// # Errors
    ///
    /// The first that a side returns.
    pub(super) fn compare_cost(
        self,
        [time, cpu]: [Case; 2],
        mut bare: impl FnMut(u32) -> Result<Duration, BenchError>,
        mut ours: impl FnMut(u32) -> Result<Duration, BenchError>,
    ) -> Result<[Figure; 2], BenchError> {
        let operations = self.operations;
        let [times, costs] = self.rounds(
            || with_cpu(|| bare(operations)),
            || with_cpu(|| ours(operations)),
        )?;
        Ok([(time, times), (cpu, costs)]
            .map(|(case, rounds)| Figure::of(case, &rounds, 2 * operations)))
    }

    /// Bare, ours, ours, bare: each block measures so many things at once.
    pub(super) fn rounds<const N: usize>(
        self,
        mut bare: impl FnMut() -> Result<[Duration; N], BenchError>,
        mut ours: impl FnMut() -> Result<[Duration; N], BenchError>,
    ) -> Result<[Vec<Round>; N], BenchError> {
        let mut rounds = [const { Vec::new() }; N];
        for number in 0..=self.count {
            let before = bare()?;
            let first = ours()?;
            let second = ours()?;
            let after = bare()?;
            if number == 0 {
                continue;
            }
            for (at, rounds) in rounds.iter_mut().enumerate() {
                rounds.push(Round {
                    bare: before[at] + after[at],
                    ours: first[at] + second[at],
                    same: Some(after[at].as_secs_f64() / before[at].as_secs_f64()),
                });
            }
        }
        Ok(rounds)
    }
}

/// What a block took, and what all threads of the process computed in it.
fn with_cpu(
    block: impl FnOnce() -> Result<Duration, BenchError>,
) -> Result<[Duration; 2], BenchError> {
    let before = computed();
    let took = block()?;
    Ok([took, computed().saturating_sub(before)])
}

/// What all threads of the process have computed.
pub(super) fn computed() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
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
