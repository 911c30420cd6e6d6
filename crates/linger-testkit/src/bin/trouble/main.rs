//! A service with one trouble, planned from a seed: `trouble SEED`.
//!
//! It says what happens as JSON objects, one a line, on stdout, and begins its stop on a signal, or
//! when it reads the line `go` on stdin. It ends when its stdin does.
#![forbid(unsafe_code)]

mod cast;
mod log;
mod orders;
mod service;
mod stage;

use linger_testkit::trouble::Plan;
use serde_json::{Value, json};
use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    say("main");
    match run() {
        Ok(code) => code,
        Err(error) => {
            tell(&json!({ "event": "error", "text": error.to_string() }));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let seed = std::env::args().nth(1).ok_or("which seed?")?;
    let plan = Plan::new(seed.parse()?);
    if let Some(lines) = plan.log_blocks_after {
        log::block_after(lines)?;
    }
    service::run(plan)
}

fn say(event: &str) {
    tell(&json!({ "event": event }));
}

/// One line on stdout. A judge that is gone needs no news.
fn tell(event: &Value) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{event}").and_then(|()| stdout.flush());
}
