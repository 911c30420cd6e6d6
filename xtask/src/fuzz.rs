//! `cargo xtask fuzz`: the fuzz targets of linger-ack-proto, for some time each.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{CargoError, cargo, succeeds};
use crate::part::{Outcome, Parts, counted};
use crate::requirement::{CARGO_FUZZ, NIGHTLY};

const DIR: &str = "crates/linger-ack-proto/fuzz";

/// How long each target runs, unless it is said.
const SECONDS: u64 = 60;

/// The longest input that is made, in bytes.
const LONGEST: usize = 4_096;

/// The longest input that is kept in a corpus, in bytes.
const LONGEST_KEPT: usize = 1_024;

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// One target, or all.
    target: Option<String>,
    seconds: u64,
    /// Make the corpora smaller instead.
    minimize: bool,
}

impl Options {
    /// Reads `[TARGET] [--seconds N] [--minimize]`; `None` if it is none of that.
    pub(crate) fn read(args: &[&str]) -> Option<Self> {
        let mut options = Self {
            target: None,
            seconds: SECONDS,
            minimize: false,
        };
        let mut args = args.iter();
        while let Some(&arg) = args.next() {
            match arg {
                "--seconds" => options.seconds = args.next()?.parse().ok().filter(|&n| n > 0)?,
                "--minimize" => options.minimize = true,
                target if !target.starts_with('-') && options.target.is_none() => {
                    options.target = Some(target.to_owned());
                }
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Runs one target, or all; true where none found anything.
pub(crate) fn main(options: &Options) -> Result<bool, CargoError> {
    let mut parts = Parts::default();
    let known = targets(&root().join(DIR))?;
    let targets: Vec<String> = match &options.target {
        Some(target) => vec![target.clone()],
        None => known.clone(),
    };
    for target in &targets {
        parts.run(&format!("fuzz {target}"), || {
            if !known.contains(target) {
                return Ok(Outcome::Failed(format!(
                    "there is only {}",
                    known.join(", ")
                )));
            }
            if !CARGO_FUZZ.is_met() {
                return Ok(Outcome::Failed(CARGO_FUZZ.missing()));
            }
            let done = match options.minimize {
                true => minimize(target),
                false => run(target, options.seconds),
            };
            done.map(Outcome::of)
        });
    }
    println!("\n{}\n{}", parts.list(), counted(parts.counts()));
    Ok(parts.passed())
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The targets there are, by name.
fn targets(dir: &Path) -> Result<Vec<String>, CargoError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir.join("fuzz_targets"))? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

fn run(target: &str, seconds: u64) -> Result<bool, CargoError> {
    let found = found(target)?;
    let mut command = fuzz("run", target);
    command
        .arg(&found)
        .arg(root().join(DIR).join("corpus").join(target))
        .args([
            "--",
            "-timeout=10",
            "-rss_limit_mb=1024",
            "-malloc_limit_mb=64",
        ])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={LONGEST}"));
    succeeds(&mut command)
}

/// Replaces a corpus by the smallest set that reaches as much as it and what was found.
fn minimize(target: &str) -> Result<bool, CargoError> {
    let found = found(target)?;
    let corpus = root().join(DIR).join("corpus").join(target);
    let smallest = root().join(DIR).join("target/smallest").join(target);
    if smallest.exists() {
        fs::remove_dir_all(&smallest)?;
    }
    fs::create_dir_all(&smallest)?;
    let mut command = fuzz("run", target);
    command
        .arg(&smallest)
        .args([&corpus, &found])
        .args(["--", "-set_cover_merge=1", "-use_counters=0"])
        .arg(format!("-max_len={LONGEST_KEPT}"));
    if !succeeds(&mut command)? {
        return Ok(false);
    }
    fs::remove_dir_all(&corpus)?;
    fs::create_dir_all(&corpus)?;
    for entry in fs::read_dir(&smallest)? {
        let entry = entry?;
        fs::copy(entry.path(), corpus.join(short(&entry.file_name())))?;
    }
    Ok(true)
}

/// The names are hashes, of which a part says enough.
fn short(name: &OsString) -> String {
    name.to_string_lossy().chars().take(12).collect()
}

/// Where a target's new inputs go.
fn found(target: &str) -> Result<PathBuf, CargoError> {
    let path = root().join(DIR).join("target/found").join(target);
    fs::create_dir_all(&path)?;
    Ok(path)
}

/// Fuzzing needs flags of the nightly compiler: it is taken where it is installed; otherwise the
/// one that is there is told to take them.
fn fuzz(command: &str, target: &str) -> Command {
    let mut cargo = if NIGHTLY.is_met() {
        let mut cargo = Command::new("rustup");
        // What our own cargo tells its children names its own toolchain.
        cargo
            .args(["run", "nightly", "cargo"])
            .current_dir(root())
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("CARGO")
            .env_remove("RUSTC");
        cargo
    } else {
        let mut cargo = cargo(&[]);
        cargo.env("RUSTC_BOOTSTRAP", "1");
        cargo
    };
    cargo.args([
        "fuzz",
        command,
        "--fuzz-dir",
        DIR,
        "--sanitizer",
        "none",
        target,
    ]);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_corpus() {
        let dir = root().join(DIR);
        let names = targets(&dir).expect("a folder");
        assert!(names.len() >= 6);
        for name in names {
            assert!(dir.join("corpus").join(&name).is_dir(), "{name}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let all = Options::read(&[]).expect("all targets");
        assert_eq!((all.target, all.seconds), (None, SECONDS));
        let one = Options::read(&["publisher", "--seconds", "5"]).expect("one target");
        assert_eq!((one.target.as_deref(), one.seconds), (Some("publisher"), 5));
        for wrong in [
            &["--seconds"][..],
            &["--seconds", "0"],
            &["--seconds", "soon"],
            &["a", "b"],
            &["--all"],
        ] {
            assert_eq!(Options::read(wrong), None, "{wrong:?}");
        }
    }
}
