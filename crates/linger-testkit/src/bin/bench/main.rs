//! The benchmarks: `bench [NAME] [--quick] [--json FILE]`.
//!
//! NAME is that of a benchmark, or what the names of the wanted figures begin with. Each figure goes
//! to stderr as soon as it is there; the last line on stdout is a JSON object with all of them, which
//! goes into FILE as well. The exit code is 0 only if nothing went wrong and every bar was met, or,
//! with `--quick`, was not asked for: 1 if a bar was not met, 2 if a benchmark failed.
#![forbid(unsafe_code)]

use linger_testkit::bench::{self, Effort, Findings, Plan};
use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::process::ExitCode;

const USAGE: &str = "bench [NAME] [--quick] [--json FILE]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &[&str]) -> Result<ExitCode, Box<dyn Error>> {
    if let [bench::coordinator::HOLDS, what] = args {
        println!("{}", bench::coordinator::holds(what)?);
        return Ok(ExitCode::SUCCESS);
    }
    if let [bench::scale::SERVES, shape @ ..] = args {
        bench::scale::serves(shape)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (mut wanted, mut effort, mut file) = ("", Effort::Full, None);
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match *arg {
            "--quick" => effort = Effort::Quick,
            "--json" => file = Some(*rest.next().ok_or(USAGE)?),
            name if !name.starts_with('-') && wanted.is_empty() => wanted = name,
            _ => return Err(USAGE.into()),
        }
    }
    let mut tell = |found: &dyn Display| eprintln!("{found}");
    let mut findings = Findings::default();
    let mut has_failed = false;
    for &benchmark in bench::ALL {
        let mut plan = Plan::new(effort, wanted, &mut tell);
        if !plan.wants(benchmark.name) {
            continue;
        }
        // What the others have found is worth telling all the same.
        if let Err(error) = benchmark.run(&mut plan) {
            eprintln!("bench: {}: {error}", benchmark.name);
            has_failed = true;
        }
        findings.extend(plan.into_findings());
    }
    if findings == Findings::default() && !has_failed {
        return Err(format!("no figure is named {wanted:?}").into());
    }
    let mut json = findings.json();
    let (major, minor, patch) = linger::zmq::version();
    json["libzmq"] = format!("{major}.{minor}.{patch}").into();
    let json = json.to_string();
    if let Some(file) = file {
        fs::write(file, format!("{json}\n"))?;
    }
    println!("{json}");
    Ok(match (has_failed, effort) {
        (true, _) => ExitCode::from(2),
        // A quick run is too short to judge by.
        (false, Effort::Full) if !findings.are_met() => ExitCode::FAILURE,
        (false, _) => ExitCode::SUCCESS,
    })
}
