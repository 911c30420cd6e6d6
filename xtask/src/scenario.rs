//! The integration runs that take long: optimized, at the size that the command line says.

use crate::cargo::{CargoError, cargo, succeeds};
use crate::integration::PACKAGE;

/// What the program `chaos` of the testkit knows.
const SCENARIOS: [&str; 6] = [
    "ack_chaos",
    "busy",
    "coordinator_trouble",
    "joins",
    "memory",
    "registry_storm",
];

/// Whether that is one, and no filter for tests.
pub(crate) fn is_one(name: &str) -> bool {
    SCENARIOS.contains(&name)
}

/// Runs it with these options; true where all of it held. Its last line is a JSON object.
pub(crate) fn main(name: &str, options: &[&str]) -> Result<bool, CargoError> {
    // Both programs of the package: the one starts the other.
    let build = [
        "build",
        "--release",
        "--quiet",
        "--package",
        PACKAGE,
        "--bins",
    ];
    if !succeeds(&mut cargo(&build))? {
        return Ok(false);
    }
    let run = ["run", "--release", "--quiet", "--package", PACKAGE];
    let mut command = cargo(&run);
    command.args(["--bin", "chaos", "--", name]).args(options);
    succeeds(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_no_scenario() {
        assert!(is_one("ack_chaos") && is_one("memory"));
        assert!(!is_one("chaos") && !is_one("stop"));
    }
}
