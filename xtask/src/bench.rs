//! `cargo xtask bench`: what our code costs beside the bare calls that it wraps, or what else there is.

use crate::cargo::{CargoError, cargo, succeeds};
use crate::integration::PACKAGE;

/// What the program `bench` of the testkit knows.
const BENCHMARKS: [&str; 2] = ["coordinator", "registry"];

/// What it may be told besides.
const OPTIONS: [&str; 2] = ["--quick", "--json"];

/// Whether that is one.
pub(crate) fn is_one(name: &str) -> bool {
    BENCHMARKS.contains(&name)
}

/// Whether it knows all of these.
pub(crate) fn knows(options: &[&str]) -> bool {
    options.iter().all(|option| OPTIONS.contains(option))
}

/// Runs it, optimized; true where every bar was met. Its last line is a JSON object.
pub(crate) fn main(name: &str, options: &[&str]) -> Result<bool, CargoError> {
    let run = ["run", "--release", "--quiet", "--package", PACKAGE];
    let mut command = cargo(&run);
    command.args(["--bin", "bench", "--", name]).args(options);
    succeeds(&mut command)
}
