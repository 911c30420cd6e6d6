//! `cargo xtask integration`: the tests with real child processes.

use std::process::Command;

use crate::cargo::{CargoError, cargo, tests};
use crate::part::counted;

/// The crate whose tests these are.
pub(crate) const PACKAGE: &str = "linger-testkit";

/// Runs those whose name contains `filter`; true where none failed.
pub(crate) fn main(filter: Option<&str>) -> Result<bool, CargoError> {
    let counts = tests(&mut command(filter))?;
    println!("{}", counted(counts));
    if counts.passed == 0 && counts.failed == 0 {
        eprintln!(
            "no test ran: is {:?} in the name of any?",
            filter.unwrap_or_default()
        );
    }
    Ok(counts.passed > 0 && counts.failed == 0)
}

pub(crate) fn command(filter: Option<&str>) -> Command {
    let mut command = cargo(&[
        "test",
        "--no-fail-fast",
        "--package",
        PACKAGE,
        "--tests",
        "--",
    ]);
    command.args(filter);
    command
}
