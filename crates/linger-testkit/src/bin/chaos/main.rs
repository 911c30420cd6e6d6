//! The scenarios that take long: `chaos SCENARIO --option value …`.
//!
//! The last line on stdout is a JSON object with the figures; the exit code is 0 only if all held.
#![forbid(unsafe_code)]

mod args;

use args::Args;
use linger_testkit::chaos::{self, Hosts, Options, Programs};
use linger_testkit::scenario::memory::{self, Stuck};
use linger_testkit::scenario::{busy, joins};
use linger_testkit::storm::{self, Size};
use linger_testkit::trouble;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Half of the joins are to take less than this.
const MEDIAN_JOIN: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let args = std::env::args().skip(1).collect();
    match Args::new(args).and_then(run) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("chaos: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(mut args: Args) -> Result<bool, Box<dyn Error>> {
    let programs = programs()?;
    let passed = match args.scenario.as_str() {
        "ack_chaos" => ack_chaos(&mut args, &programs)?,
        "busy" => {
            let members = args.number("--members", 10)?;
            let busy = Duration::from_secs(args.number("--seconds", 30)?);
            args.all_read()?;
            let figures = busy::run(&programs, members, busy)?;
            println!("{}", figures.json());
            figures.passed()
        }
        "coordinator_trouble" => coordinator_trouble(&mut args)?,
        "joins" => {
            let joins = args.number("--joins", 1_000)?;
            args.all_read()?;
            let figures = joins::run(&programs, joins)?;
            println!("{}", figures.json());
            figures.is_sound() && figures.median() < MEDIAN_JOIN
        }
        "memory" => {
            let seconds = args.number("--seconds", 0)?;
            let minutes = args.number("--minutes", if seconds > 0 { 0 } else { 10 })?;
            let how = match args.flag("--evict") {
                true => Stuck::Evicted,
                false => Stuck::Held,
            };
            args.all_read()?;
            let time = Duration::from_secs(60 * minutes + seconds);
            let figures = memory::run(&programs, time, how)?;
            println!("{}", figures.json());
            figures.passed()
        }
        "registry_storm" => registry_storm(&mut args)?,
        other => return Err(format!("no scenario is named {other:?}").into()),
    };
    Ok(passed)
}

/// The node stands beside this program, and Python beside the folder of both.
fn programs() -> Result<Programs, Box<dyn Error>> {
    let here = std::env::current_exe()?;
    let target = here.parent().and_then(Path::parent);
    let target = target.ok_or("this program stands nowhere")?;
    Ok(Programs::new(here.with_file_name("node"), target))
}

fn ack_chaos(args: &mut Args, programs: &Programs) -> Result<bool, Box<dyn Error>> {
    let mut options = Options::new(args.number("--cycles", 5)?, args.number("--seed", 1)?);
    options.first = args.number("--first", 1)?.max(1);
    options.messages = args.number("--messages", options.messages)?;
    options.rate = args.number("--rate", options.rate)?;
    let are_apart = args.flag("--netns");
    args.all_read()?;
    if programs.python.is_none() {
        eprintln!(
            "SKIPPED the subscriber in Python: pyzmq is not installed (cargo xtask test --setup)"
        );
    }
    if are_apart {
        options.hosts = match Hosts::apart() {
            Ok(hosts) => hosts,
            Err(error) => {
                eprintln!("SKIPPED {error}");
                println!("{{\"skipped\":true}}");
                return Ok(true);
            }
        };
    }
    // So that namespaces and folders are taken away, whoever ends this.
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&options.is_interrupted))?;
    }
    let figures = chaos::run(&options, programs, |line| eprintln!("{line}"))?;
    println!("{}", figures.details());
    println!("{}", figures.summary());
    Ok(figures.passed())
}

fn registry_storm(args: &mut Args) -> Result<bool, Box<dyn Error>> {
    let start = args.number("--start", 1)?;
    let seeds = args.number("--seeds", 20)?;
    args.all_read()?;
    let figures = storm::run(start..start + seeds, Size::FULL, |line| eprintln!("{line}"))?;
    println!("{}", figures.line());
    println!("{}", figures.json());
    Ok(figures.passed())
}

fn coordinator_trouble(args: &mut Args) -> Result<bool, Box<dyn Error>> {
    let options = trouble::Options::new(args.number("--runs", 300)?, args.number("--seed", 1)?);
    args.all_read()?;
    let program = std::env::current_exe()?.with_file_name("trouble");
    let figures = trouble::run(&options, &program, |line| eprintln!("{line}"))?;
    print!("{}", figures.table());
    println!("{}", figures.summary());
    Ok(figures.passed())
}
