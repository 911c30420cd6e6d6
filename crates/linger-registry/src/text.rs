//! Durations for people: a unit that fits, and no more digits than one reads.

use std::fmt;
use std::time::Duration;

pub(crate) struct Brief(pub(crate) Duration);

impl fmt::Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        if self.0.is_zero() {
            f.write_str("0 ms")
        } else if seconds < 0.010 {
            write!(f, "{:.1} ms", seconds * 1e3)
        } else if seconds < 1.0 {
            write!(f, "{:.0} ms", seconds * 1e3)
        } else {
            write!(f, "{seconds:.2} s")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_fits() {
        for (micros, text) in [
            (0, "0 ms"),
            (420, "0.4 ms"),
            (12_300, "12 ms"),
            (1_250_000, "1.25 s"),
        ] {
            assert_eq!(Brief(Duration::from_micros(micros)).to_string(), text);
        }
    }
}
