//! `cargo xtask integration`: the tests with real child processes.

use std::process::Command;

use crate::cargo::{CargoError, cargo, tests};
use crate::part::counted;
use crate::python::Python;

/// The crate whose tests these are.
pub(crate) const PACKAGE: &str = "linger-testkit";

/// Runs those whose name contains `filter`; true where none failed.
pub(crate) fn main(filter: Option<&str>) -> Result<bool, CargoError> {
    let python = Python::of_the_tests()?.is_met();
    let counts = tests(&mut command(filter, python))?;
    if !python {
        println!("SKIPPED {}", Python::missing());
    }
    println!("{}", counted(counts));
    if counts.passed == 0 && counts.failed == 0 {
        eprintln!(
            "no test ran: is {:?} in the name of any?",
            filter.unwrap_or_default()
        );
    }
    Ok(counts.passed > 0 && counts.failed == 0)
}

/// The tests in Python are ignored, and counted as skipped, unless there is one.
pub(crate) fn command(filter: Option<&str>, python: bool) -> Command {
    let mut command = cargo(&[
        "test",
        "--no-fail-fast",
        "--package",
        PACKAGE,
        "--tests",
        "--",
    ]);
    command.args(filter);
    if python {
        command.arg("--include-ignored");
    }
    command
}
