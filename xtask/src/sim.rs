//! `cargo xtask sim`: the simulator of the protocol, built as it needs to be.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::cargo::{CargoError, cargo, succeeds};
use crate::part::Outcome;

/// Runs the simulator, optimized, with these arguments; true where nothing was violated.
pub(crate) fn main(args: &[&str]) -> Result<bool, CargoError> {
    match args {
        ["--hashes", rest @ ..] if !rest.is_empty() => same_hashes(rest),
        ["--planted", ..] => {
            let mut command = simulator(true);
            command.env("RUSTFLAGS", "--cfg linger_planted");
            command.env("CARGO_TARGET_DIR", planted_target());
            succeeds(command.args(args))
        }
        _ => succeeds(simulator(true).args(args)),
    }
}

/// What belongs to `cargo xtask test`.
pub(crate) fn some_seeds() -> Result<Outcome, CargoError> {
    main(&["--seeds", "2000"]).map(Outcome::of)
}

/// A folder of its own, so that no build throws the other away.
fn planted_target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");
    target.unwrap_or_else(|| root.into()).join("planted")
}

fn simulator(is_optimized: bool) -> Command {
    let mut args = vec!["run", "--quiet", "--package", "linger-sim"];
    if is_optimized {
        args.push("--release");
    }
    args.push("--");
    cargo(&args)
}

/// Whether a debug and a release build see the same happen in each seed.
fn same_hashes(rest: &[&str]) -> Result<bool, CargoError> {
    let mut outputs = Vec::new();
    for is_optimized in [false, true] {
        let mut command = simulator(is_optimized);
        command.arg("--hashes").args(rest);
        let output = command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Ok(false);
        }
        outputs.push(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let (debug, release) = (&outputs[0], &outputs[1]);
    let (same, other) = compare(debug, release);
    for line in &other {
        println!("{line}");
    }
    println!(
        "{same} seeds the same in debug and release, {} not",
        other.len()
    );
    Ok(same > 0 && other.is_empty())
}

/// How many lines are the same, and those that are not.
fn compare(debug: &str, release: &str) -> (usize, Vec<String>) {
    let (mut same, mut other) = (0, Vec::new());
    let (mut debug, mut release) = (debug.lines(), release.lines());
    loop {
        match (debug.next(), release.next()) {
            (None, None) => return (same, other),
            (one, two) if one == two => same += 1,
            (one, two) => {
                let none = "nothing";
                let (one, two) = (one.unwrap_or(none), two.unwrap_or(none));
                other.push(format!("debug: {one}; release: {two}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named() {
        assert_eq!(compare("0 a\n1 b\n", "0 a\n1 b\n"), (2, Vec::new()));
        let (same, other) = compare("0 a\n1 b\n", "0 a\n1 c\n2 d\n");
        assert_eq!((same, other.len()), (1, 2));
        assert_eq!(other[0], "debug: 1 b; release: 1 c");
    }
}
