//! The lab: `lab [FILTER] [--quick] [--json]`, or `lab role NAME …` for its own child processes.
//!
//! Progress goes to stderr, the table to stdout; with `--json` the last line is a JSON object. The
//! exit code is 0 only if every experiment held.
#![forbid(unsafe_code)]

use linger_testkit::lab::{self, Conditions, Size};
use std::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let ended = match args.split_first() {
        Some((first, rest)) if first == "role" => play(rest),
        _ => run(&args),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("lab: {error}");
            ExitCode::from(2)
        }
    }
}

fn play(args: &[String]) -> Result<bool, Box<dyn Error>> {
    let (name, args) = args.split_first().ok_or("which role?")?;
    lab::play(name, args)?;
    Ok(true)
}

fn run(args: &[String]) -> Result<bool, Box<dyn Error>> {
    let (mut filter, mut size, mut json) = (None, Size::Full, false);
    for arg in args {
        match arg.as_str() {
            "--quick" => size = Size::Quick,
            "--json" => json = true,
            name if !name.starts_with('-') && filter.is_none() => filter = Some(name),
            other => return Err(format!("the lab knows no {other:?}").into()),
        }
    }
    let conditions = Conditions::new(size, std::env::current_exe()?);
    let results = lab::run(conditions, filter.unwrap_or_default(), |line| {
        eprintln!("{line}");
    })?;
    if results.experiments.is_empty() {
        return Err(format!(
            "no experiment has {:?} in its name",
            filter.unwrap_or_default()
        )
        .into());
    }
    println!(
        "libzmq {}, {}\n\n{}",
        results.libzmq,
        results.linked,
        results.table()
    );
    if json {
        println!("{}", serde_json::to_string(&results)?);
    }
    Ok(results.hold())
}
