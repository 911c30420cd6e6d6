//! `cargo xtask bench`: what our code costs beside the bare calls that it wraps.

use crate::cargo::{CargoError, cargo, succeeds};
use crate::integration::PACKAGE;

/// What the program `bench` of the testkit knows.
const BENCHMARKS: [&str; 1] = ["registry"];

/// Whether that is one.
pub(crate) fn is_one(name: &str) -> bool {
    BENCHMARKS.contains(&name)
}

/// Runs it, optimized; true where every bar was met. Its last line is a JSON object.
pub(crate) fn main(name: &str, quick: bool) -> Result<bool, CargoError> {
    let run = ["run", "--release", "--quiet", "--package", PACKAGE];
    let mut command = cargo(&run);
    command.args(["--bin", "bench", "--", name]);
    if quick {
        command.arg("--quick");
    }
    succeeds(&mut command)
}
