//! How fast lines arrive at the publisher: evenly by the clock, taken up in bursts.

use std::time::{Duration, Instant};

/// Lines a second, at most.
const RATE: u64 = 30_000;

/// Bytes a second, at most: so that long lines need no more memory than many.
const BYTE_RATE: u64 = 16 << 20;

/// A short input is spread over this, so that there is a middle of the stream.
const SHORTEST: Duration = Duration::from_secs(2);

/// What has arrived is taken up this often: as from a feed that hands over ten times a second.
const BURST: Duration = Duration::from_millis(100);

/// What a publisher that was held up may catch up at once; the rest of the delay is a delay.
const CATCH_UP: Duration = BURST.saturating_mul(2);

/// A budget of time that grows with the clock; each line takes its part.
#[derive(Debug)]
pub(super) struct Pace {
    each: Duration,
    /// What is due, less what was taken: a long line may take more than there is.
    credit: Credit,
    counted: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credit {
    Has(Duration),
    Owes(Duration),
}

impl Pace {
    /// The pace of an input with so many lines, beginning now.
    pub(super) fn of(lines: u64, now: Instant) -> Self {
        let fastest = Duration::from_nanos(1_000_000_000 / RATE);
        let spread = SHORTEST / u32::try_from(lines.max(1)).unwrap_or(u32::MAX);
        Self {
            each: fastest.max(spread),
            credit: Credit::Has(Duration::ZERO),
            counted: now,
        }
    }

    /// Takes up what has arrived until now.
    pub(super) fn count(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.counted);
        self.counted = now;
        self.credit = match self.credit {
            Credit::Has(credit) => Credit::Has((credit + passed).min(CATCH_UP.max(self.each))),
            Credit::Owes(debt) if debt > passed => Credit::Owes(debt - passed),
            Credit::Owes(debt) => Credit::Has((passed - debt).min(CATCH_UP.max(self.each))),
        };
    }

    /// Whether a line that has arrived is still to be taken.
    pub(super) fn has_line(&self) -> bool {
        matches!(self.credit, Credit::Has(credit) if credit >= self.each)
    }

    /// Takes a line of so many bytes.
    pub(super) fn take(&mut self, bytes: usize) {
        let by_bytes = Duration::from_nanos(bytes as u64 * 1_000_000_000 / BYTE_RATE);
        let cost = self.each.max(by_bytes);
        self.credit = match self.credit {
            Credit::Has(credit) if credit >= cost => Credit::Has(credit - cost),
            Credit::Has(credit) => Credit::Owes(cost - credit),
            Credit::Owes(debt) => Credit::Owes(debt + cost),
        };
    }

    /// When to look again: a burst from now, or when the next line is due if that is later.
    pub(super) fn next(&self) -> Instant {
        let due = match self.credit {
            Credit::Has(credit) => self.each.saturating_sub(credit),
            Credit::Owes(debt) => self.each + debt,
        };
        self.counted + due.max(BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many lines of so many bytes pass in a time, looked at as a publisher would.
    fn passed(pace: &mut Pace, begin: Instant, time: Duration, bytes: usize) -> u64 {
        let mut lines = 0;
        let mut now = begin;
        while now <= begin + time {
            pace.count(now);
            while pace.has_line() {
                pace.take(bytes);
                lines += 1;
            }
            now = pace.next();
        }
        lines
    }

    #[test]
    fn many_lines_come_at_the_full_rate() {
        let begin = Instant::now();
        let mut pace = Pace::of(100_000, begin);
        let lines = passed(&mut pace, begin, Duration::from_secs(1), 40);
        assert!((29_900..=30_001).contains(&lines), "{lines}");
    }

    #[test]
    fn few_lines_are_spread_over_two_seconds() {
        let begin = Instant::now();
        let mut pace = Pace::of(10, begin);
        assert_eq!(passed(&mut pace, begin, Duration::from_secs(1), 40), 5);
        let mut pace = Pace::of(0, begin);
        assert_eq!(passed(&mut pace, begin, Duration::from_secs(1), 40), 0);
    }

    #[test]
    fn long_lines_are_held_to_the_byte_rate() {
        let begin = Instant::now();
        let mut pace = Pace::of(1_000_000, begin);
        let lines = passed(&mut pace, begin, Duration::from_secs(2), 1 << 20);
        assert!((31..=33).contains(&lines), "{lines}");
    }

    #[test]
    fn a_long_delay_is_not_caught_up_in_one_burst() {
        let begin = Instant::now();
        let mut pace = Pace::of(100_000, begin);
        let lines = passed(
            &mut pace,
            begin + Duration::from_secs(60),
            Duration::ZERO,
            40,
        );
        assert!((5_900..=6_000).contains(&lines), "{lines}");
    }
}
