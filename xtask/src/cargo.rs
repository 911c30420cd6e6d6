//! Runs cargo, passing its output on and reading it.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::libtest::Counts;

/// Cargo could not be run, or said what can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CargoError {
    #[error("cannot run cargo: {0}")]
    Run(#[from] io::Error),
    #[error("cargo {args} failed")]
    Failed { args: String },
    #[error("cannot read what cargo metadata says: {0}")]
    Metadata(#[from] serde_json::Error),
}

/// The cargo that runs us, with these arguments, in the workspace's root.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    command
}

/// Runs it, all output passed on; true where it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool, CargoError> {
    Ok(command.stdin(Stdio::null()).status()?.success())
}

/// Runs tests, all output passed on; counts them by what libtest says on stdout.
pub(crate) fn tests(command: &mut Command) -> Result<Counts, CargoError> {
    let mut counts = Counts::default();
    let succeeded = each_line(command, |line| counts.read(line))?;
    if !succeeded && counts.failed == 0 {
        // It did not compile, or a test binary ended without a word.
        counts.failed = 1;
    }
    Ok(counts)
}

fn each_line(command: &mut Command, mut read: impl FnMut(&str)) -> Result<bool, CargoError> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = BufReader::new(stdout);
        let mut line = Vec::new();
        while stdout.read_until(b'\n', &mut line)? > 0 {
            let mut out = io::stdout().lock();
            out.write_all(&line)?;
            out.flush()?;
            read(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    Ok(child.wait()?.success())
}

/// Runs it and gives its stdout; stderr is passed on.
pub(crate) fn output(args: &[&str]) -> Result<Vec<u8>, CargoError> {
    let output = cargo(args)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(CargoError::Failed {
            args: args.join(" "),
        });
    }
    Ok(output.stdout)
}
