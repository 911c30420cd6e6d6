//! `cargo xtask loom`: the races, in every order in which their threads can be scheduled.

use std::path::PathBuf;
use std::process::Command;

use crate::cargo::{CargoError, cargo, succeeds, tests};
use crate::libtest::Counts;
use crate::part::{Outcome, counted};

/// The crates that have models.
const PACKAGES: [&str; 2] = ["linger-registry", "linger-coordinator"];

/// Runs all models, with so many switches between threads that none of them asked for.
pub(crate) fn main(preemptions: Option<&str>) -> Result<bool, CargoError> {
    let counts = run(preemptions)?;
    println!("{}", counted(counts));
    Ok(counts.passed > 0 && counts.failed == 0)
}

/// What belongs to `cargo xtask test`: the number that each model has for itself.
pub(crate) fn usual() -> Result<Outcome, CargoError> {
    run(None).map(Outcome::Tests)
}

/// Whether the compiler takes them, which it sees for these alone.
pub(crate) fn built() -> Result<Outcome, CargoError> {
    let mut all = true;
    for package in PACKAGES {
        let mut check = for_loom(&["check", "--profile", "test"], package);
        all &= succeeds(&mut check)?;
    }
    Ok(Outcome::of(all))
}

fn run(preemptions: Option<&str>) -> Result<Counts, CargoError> {
    let mut counts = Counts::default();
    for package in PACKAGES {
        counts += tests(&mut command(package, preemptions))?;
    }
    Ok(counts)
}

fn command(package: &str, preemptions: Option<&str>) -> Command {
    let mut command = for_loom(&["test"], package);
    command.arg("model::");
    if let Some(preemptions) = preemptions {
        command.env("LOOM_MAX_PREEMPTIONS", preemptions);
    }
    command
}

fn for_loom(what: &[&str], package: &str) -> Command {
    let mut command = cargo(what);
    // Runtimes have a `cfg(loom)` of their own, which is not ours.
    command.args(["--package", package, "--no-default-features", "--lib"]);
    command.env("RUSTFLAGS", "--cfg loom");
    command.env("CARGO_TARGET_DIR", target());
    command
}

/// A folder of its own, so that no build throws the other away.
fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");
    target.unwrap_or_else(|| root.into()).join("loom")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_are_built_for_loom_and_nothing_else_runs() {
        let command = command("linger-some", Some("3"));
        let args: Vec<_> = command.get_args().collect();
        assert_eq!(
            args,
            [
                "test",
                "--package",
                "linger-some",
                "--no-default-features",
                "--lib",
                "model::"
            ]
        );
        let environment = |name: &str| {
            let mut set = command.get_envs();
            set.find_map(|(key, value)| (key == name).then_some(value).flatten())
        };
        assert_eq!(environment("RUSTFLAGS"), Some("--cfg loom".as_ref()));
        assert_eq!(environment("LOOM_MAX_PREEMPTIONS"), Some("3".as_ref()));
    }
}
