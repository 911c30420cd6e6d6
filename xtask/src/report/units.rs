//! Times as text.

use std::fmt::{self, Display};
use std::time::Duration;

/// A time with three digits or so, in the unit that suits it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Took(pub(super) Duration);

impl Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        match seconds {
            0.0 => f.write_str("0 s"),
            _ if seconds < 0.001 => write!(f, "{:.0} µs", (seconds * 1e6).max(1.0)),
            _ if seconds < 0.01 => write!(f, "{:.1} ms", seconds * 1e3),
            _ if seconds < 0.9995 => write!(f, "{:.0} ms", seconds * 1e3),
            _ if seconds < 10.0 => write!(f, "{seconds:.2} s"),
            _ if seconds < 600.0 => write!(f, "{seconds:.1} s"),
            _ => write!(f, "{seconds:.0} s"),
        }
    }
}

/// The unit of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    pub(super) name: &'static str,
    /// In seconds.
    pub(super) length: f64,
}

impl Unit {
    /// The largest unit that fits into the axis twice.
    pub(super) fn of(span: f64) -> Self {
        let units = [("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)];
        let fits = units.into_iter().find(|(_, length)| span >= 2.0 * *length);
        let (name, length) = fits.unwrap_or(("µs", 1e-6));
        Self { name, length }
    }
}

/// At most `most` characters of it on one line, the rest as an ellipsis.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let line: String = text
        .chars()
        .map(|c| if c == '\n' { ' ' } else { c })
        .collect();
    if line.chars().count() <= most {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
