//! The benchmarks: `bench NAME [--quick]`.
//!
//! Each figure goes to stderr as soon as it is there; the last line on stdout is a JSON object with
//! all of them. The exit code is 0 only if every bar was met, or none was asked for: `--quick`.
#![forbid(unsafe_code)]

use linger_testkit::bench::{self, Figure, Rounds};
use std::error::Error;
use std::process::ExitCode;

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
    let (name, rounds) = match args {
        [name] => (*name, Rounds::FULL),
        [name, "--quick"] => (*name, Rounds::QUICK),
        _ => return Err("bench NAME [--quick]".into()),
    };
    let figures = match name {
        "registry" => bench::registry::run(rounds, |figure| eprintln!("{figure}"))?,
        other => return Err(format!("no benchmark is named {other:?}").into()),
    };
    println!("{}", bench::json(&figures));
    // A quick run is too short to judge by.
    Ok(args.len() > 1 || figures.iter().all(Figure::is_met))
}
