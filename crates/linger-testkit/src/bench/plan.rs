//! What is to be measured, how thoroughly, and what was found.

use super::{Figure, Findings, Growth, Rounds, Size};
use std::fmt::Display;
use std::path::PathBuf;
use std::{env, io};

/// How thoroughly is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Long enough to judge by.
    Full,
    /// All of it within some minutes: the figures are there, their spread is wide.
    Quick,
    /// As little as shows that it runs, for tests.
    Smoke,
}

impl Effort {
    /// One of three, by the effort.
    pub fn pick<T>(self, full: T, quick: T, smoke: T) -> T {
        match self {
            Self::Full => full,
            Self::Quick => quick,
            Self::Smoke => smoke,
        }
    }

    /// So many rounds of so many operations a block.
    pub(super) fn rounds(self, operations: u32) -> Rounds {
        Rounds {
            count: self.pick(11, 7, 1),
            operations,
        }
    }
}

/// Which figures are wanted; takes them as they come, and tells each at once.
pub struct Plan<'a> {
    effort: Effort,
    wanted: String,
    program: Option<PathBuf>,
    tell: &'a mut dyn FnMut(&dyn Display),
    findings: Findings,
}

impl<'a> Plan<'a> {
    /// Wants every figure whose name begins with `wanted`, which may be empty.
    pub fn new(
        effort: Effort,
        wanted: impl Into<String>,
        tell: &'a mut dyn FnMut(&dyn Display),
    ) -> Self {
        Self {
            effort,
            wanted: wanted.into(),
            program: None,
            tell,
            findings: Findings::default(),
        }
    }

    /// Starts this program where a benchmark needs a process of its own.
    #[must_use]
    pub fn with_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// The program to start where a process of its own is needed: by default this one.
    pub(super) fn program(&self) -> io::Result<PathBuf> {
        match &self.program {
            Some(program) => Ok(program.clone()),
            None => env::current_exe(),
        }
    }

    /// How thoroughly to measure.
    #[must_use]
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// Whether a figure of that name, or one whose name begins so, is wanted.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        name.starts_with(&self.wanted) || self.wanted.starts_with(&format!("{name}_"))
    }

    /// Takes a comparison.
    pub fn figure(&mut self, figure: Figure) {
        (self.tell)(&figure);
        self.findings.figures.push(figure);
    }

    /// Takes a size.
    pub fn size(&mut self, size: Size) {
        (self.tell)(&size);
        self.findings.sizes.push(size);
    }

    /// Takes how something grows.
    pub fn growth(&mut self, growth: Growth) {
        (self.tell)(&growth);
        self.findings.growths.push(growth);
    }

    /// Takes what could not be measured, and why: never silently.
    pub fn skip(&mut self, what: impl Into<String>) {
        let what = what.into();
        (self.tell)(&format_args!("SKIPPED: {what}"));
        self.findings.skipped.push(what);
    }

    /// Tells something that is no figure.
    pub fn remark(&mut self, remark: impl Display) {
        (self.tell)(&remark);
    }

    /// All that was found.
    pub fn into_findings(self) -> Findings {
        self.findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_picks_the_figures_that_begin_with_it_and_whatever_may_have_some() {
        let mut tell = |_: &dyn Display| {};
        let plan = Plan::new(Effort::Smoke, "ack_tcp_64B", &mut tell);
        assert!(plan.wants("ack") && plan.wants("ack_tcp"));
        assert!(plan.wants("ack_tcp_64B") && plan.wants("ack_tcp_64B_1sub"));
        assert!(!plan.wants("ack_ipc") && !plan.wants("ac") && !plan.wants("acked"));
        assert!(Plan::new(Effort::Smoke, "", &mut tell).wants("ack"));
    }
}
