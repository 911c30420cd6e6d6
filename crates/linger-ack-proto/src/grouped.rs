//! Numbers as people read them: with a comma between thousands.

use std::fmt;

/// Shows a number with a comma between thousands, as `1,204`.
pub(crate) struct Grouped(pub(crate) u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at) % 3 == 0 {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_stands_between_thousands_and_nowhere_else() {
        let shown = |number| Grouped(number).to_string();
        assert_eq!(
            [0, 7, 999, 1_000, 12_345, 123_456, 1_234_567].map(shown),
            ["0", "7", "999", "1,000", "12,345", "123,456", "1,234,567"]
        );
        assert_eq!(shown(u64::MAX), "18,446,744,073,709,551,615");
    }
}
