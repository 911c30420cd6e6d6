//! Reads the lines in which libtest sums up.

use std::ops::AddAssign;

/// How many tests came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Those that were ignored are skipped.
    pub(crate) skipped: u64,
}

impl Counts {
    /// So many were skipped, and nothing else was done.
    pub(crate) const fn skipped(skipped: u64) -> Self {
        Self {
            passed: 0,
            failed: 0,
            skipped,
        }
    }

    /// Adds what a line says, if it is one that sums up.
    pub(crate) fn read(&mut self, line: &str) {
        let Some(sums) = line.strip_prefix("test result: ") else {
            return;
        };
        let words: Vec<&str> = sums.split_whitespace().collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else {
                continue;
            };
            match pair[1] {
                "passed;" => self.passed += count,
                "failed;" => self.failed += count,
                "ignored;" => self.skipped += count,
                _ => {}
            }
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> (u64, u64, u64) {
        let mut counts = Counts::default();
        for line in lines {
            counts.read(line);
        }
        (counts.passed, counts.failed, counts.skipped)
    }

    #[test]
    fn the_lines_that_sum_up_are_added() {
        let ok = "test result: ok. 26 passed; 0 failed; 1 ignored; 0 measured; 9 filtered out; \
                  finished in 0.21s\n";
        let bad = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(read(&[ok, "running 5 tests", bad]), (29, 2, 1));
    }

    #[test]
    fn no_other_line_counts() {
        assert_eq!(
            read(&["", "5 passed; 5 failed;", " test result: ok. 5 passed;"]),
            (0, 0, 0)
        );
    }

    #[test]
    fn colours_do_not_matter() {
        let line = "test result: \u{1b}[32mok\u{1b}[m. 4 passed; 0 failed; 0 ignored; 0 measured";
        assert_eq!(read(&[line]), (4, 0, 0));
    }
}
