//! `cargo xtask check`: what needs no test to run.

use std::process::Command;

use crate::cargo::{CargoError, cargo, succeeds};
use crate::models;
use crate::part::{Outcome, Parts, counted};
use crate::requirement::CARGO_DENY;
use crate::workspace::{FeatureSet, packages};

/// Runs all checks; true where all passed.
pub(crate) fn main() -> Result<bool, CargoError> {
    let mut parts = Parts::default();
    let mut run = |name: &str, mut command: Command| {
        parts.run(name, || succeeds(&mut command).map(Outcome::of));
    };
    run("format", cargo(&["fmt", "--all", "--check"]));
    for set in [FeatureSet::Default, FeatureSet::All] {
        run(
            &format!("clippy, {}", set.name()),
            clippy(&["--workspace"], set),
        );
        run(
            &format!("docs, {}", set.name()),
            docs(&["--workspace"], set),
        );
    }
    // One by one: built together, one crate's features are another's too.
    for package in packages()? {
        for set in package
            .feature_sets
            .iter()
            .filter(|set| **set == FeatureSet::None)
        {
            let which = ["--package", &package.name];
            run(
                &format!("clippy, {}, {}", package.name, set.name()),
                clippy(&which, *set),
            );
            run(
                &format!("docs, {}, {}", package.name, set.name()),
                docs(&which, *set),
            );
        }
    }
    parts.run("the models build", models::built);
    parts.run("cargo deny", || {
        if !CARGO_DENY.is_met() {
            return Ok(Outcome::Skipped(CARGO_DENY.missing()));
        }
        succeeds(&mut cargo(&[
            "deny", "check", "bans", "licenses", "sources",
        ]))
        .map(Outcome::of)
    });
    println!("\n{}\n{}", parts.list(), counted(parts.counts()));
    Ok(parts.passed())
}

fn clippy(which: &[&str], set: FeatureSet) -> Command {
    let mut command = cargo(&["clippy", "--all-targets"]);
    command
        .args(which)
        .args(set.flags())
        .args(["--", "--deny", "warnings"]);
    command
}

fn docs(which: &[&str], set: FeatureSet) -> Command {
    let mut command = cargo(&["doc", "--no-deps"]);
    command
        .args(which)
        .args(set.flags())
        .env("RUSTDOCFLAGS", "--deny warnings");
    command
}
