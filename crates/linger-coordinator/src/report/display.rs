//! A report as text.

use std::fmt;

use super::{MemberReport, PhaseReport, Report};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (took, budget) = (self.took().as_secs_f64(), self.budget().as_secs_f64());
        write!(
            f,
            "stopped in {took:.3} s of {budget:.3} s: {}",
            self.reason()
        )?;
        for (index, reason) in self.later_reasons().iter().enumerate() {
            write!(f, "{}{reason}", if index == 0 { ", then " } else { ", " })?;
        }
        let clean = if self.is_clean() {
            "clean"
        } else {
            "not clean"
        };
        writeln!(
            f,
            "; {}, {clean}; exit code {}",
            self.stage(),
            self.exit_code()
        )?;
        self.phases()
            .iter()
            .try_for_each(|phase| write!(f, "{phase}"))
    }
}

impl fmt::Display for PhaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (took, cap) = (self.took().as_secs_f64(), self.cap().as_secs_f64());
        let forced = if self.is_forced() { "  forced" } else { "" };
        writeln!(
            f,
            "  {:<16} {took:>8.3} s of {cap:.3} s{forced}",
            self.phase()
        )?;
        self.members()
            .iter()
            .try_for_each(|member| writeln!(f, "    {member}"))?;
        for member in self.failed_before() {
            writeln!(f, "    {member} (before the shutdown)")?;
        }
        if self.omitted() > 0 {
            writeln!(
                f,
                "    and {} more that failed before the shutdown",
                self.omitted()
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for MemberReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took = self.took().as_secs_f64();
        write!(
            f,
            "{:<14} {took:>8.3} s  {}  {}",
            self.name(),
            self.outcome(),
            self.origin()
        )?;
        if self.is_near_miss() {
            f.write_str("  near miss")?;
        }
        match self.note() {
            Some(note) => write!(f, "  \"{note}\""),
            None => Ok(()),
        }
    }
}
