//! The parent: runs each way with real processes, and gathers what came of it.

mod crew;
mod error;
mod interrupt;
pub(crate) mod plan;
mod progress;
mod run;
mod watch;

use std::io::{self, Write};
use std::process::ExitCode;

use crate::args::JobOptions;
use crate::input::Input;
use crate::outcome::{self, Outcome, Summary};
pub(crate) use error::JobError;
use interrupt::Interrupt;

/// What the shell gives a program that was ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

pub(crate) fn main(options: &JobOptions) -> ExitCode {
    match job(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            crate::say("graceful_pubsub: messages were lost that should not be");
            ExitCode::FAILURE
        }
        Err(error) => {
            crate::say(&format!("graceful_pubsub: {}", crate::chain(&error)));
            match error {
                JobError::Input(_) => ExitCode::from(crate::USAGE),
                JobError::Interrupted => ExitCode::from(INTERRUPTED),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

/// Runs everything that was asked for; false where a way lost what it promises to deliver.
fn job(options: &JobOptions) -> Result<bool, JobError> {
    let input = Input::open(&options.input)?;
    let interrupt = Interrupt::listen().map_err(JobError::Signals)?;
    let mut outcomes = Vec::new();
    let mut summary = Summary::default();
    let runs = options.runs.unwrap_or(1);
    for number in 1..=runs {
        for way in &options.ways {
            let outcome = run::run(*way, &input, options.kill.as_deref(), &interrupt)?;
            if options.runs.is_some() {
                print(&format!("{}\n", summary.add(number, runs, &outcome)))?;
            }
            outcomes.push(outcome);
        }
    }
    let closing = if options.runs.is_some() {
        summary.closing()
    } else {
        outcome::table(&outcomes)
    };
    print(&closing)?;
    if options.json {
        let json = outcome::json(&outcomes).map_err(|error| JobError::Output(error.into()))?;
        print(&format!("{json}\n"))?;
    }
    let kept = |outcome: &Outcome| !outcome.way.promises_all() || outcome.lost_nothing();
    Ok(outcomes.iter().all(kept))
}

fn print(text: &str) -> Result<(), JobError> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(JobError::Output)
}
