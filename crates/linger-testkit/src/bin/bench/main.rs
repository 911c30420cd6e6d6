//! The benchmarks: `bench NAME [--quick] [--json]`.
//!
//! Each figure goes to stderr as soon as it is there, but with `--json`; the last line on stdout is a JSON object with
//! all of them. The exit code is 0 only if every bar was met, or none was asked for: `--quick`.
#![forbid(unsafe_code)]

use linger_testkit::bench::{self, Rounds};
use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;

const USAGE: &str = "bench NAME [--quick] [--json]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &[&str]) -> Result<bool, Box<dyn Error>> {
    if let [bench::coordinator::HOLDS, what] = args {
        println!("{}", bench::coordinator::holds(what)?);
        return Ok(true);
    }
    let (name, options) = args.split_first().ok_or(USAGE)?;
    let (mut is_quick, mut is_terse) = (false, false);
    for option in options {
        match *option {
            "--quick" => is_quick = true,
            "--json" => is_terse = true,
            _ => return Err(USAGE.into()),
        }
    }
    let rounds = match is_quick {
        true => Rounds::QUICK,
        false => Rounds::FULL,
    };
    let tell = |found: &dyn Display| {
        if !is_terse {
            eprintln!("{found}");
        }
    };
    let findings = match *name {
        "coordinator" => bench::coordinator::run(rounds, bench::coordinator::MOST, tell)?,
        "registry" => bench::registry::run(rounds, tell)?,
        other => return Err(format!("no benchmark is named {other:?}").into()),
    };
    println!("{}", findings.json());
    // A quick run is too short to judge by.
    Ok(is_quick || findings.are_met())
}
