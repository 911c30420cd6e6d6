//! One process of a process test: `node ROLE key=value …`.
//!
//! The roles are `publisher`, `subscriber` and `coordinator`; `source` and `sink`, which are
//! publisher and subscriber of a chaos run.
//!
//! It says what happens as JSON objects, one a line, on stdout, and takes orders on stdin.
#![forbid(unsafe_code)]

mod coordinator;
mod publisher;
mod settings;
mod sink;
mod source;
mod subscriber;

use settings::Settings;
use std::error::Error;
use std::io::Write as _;
use std::process::{ExitCode, Termination as _};

/// What a role ends with: the exit code of its report.
type Ended = Result<ExitCode, Box<dyn Error>>;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let role = args.next().unwrap_or_default();
    let ended = Settings::parse(args).and_then(|settings| match role.as_str() {
        "coordinator" => coordinator::run(&settings),
        "publisher" => publisher::run(&settings),
        "sink" => sink::run(&settings),
        "source" => source::run(&settings),
        "subscriber" => subscriber::run(&settings),
        _ => Err(format!("no role is named {role:?}").into()),
    });
    match ended {
        Ok(code) => code,
        Err(error) => {
            tell(&serde_json::json!({ "event": "error", "text": error.to_string() }));
            ExitCode::FAILURE.report()
        }
    }
}

/// One line on stdout. A test that is gone needs no news.
fn tell(event: &serde_json::Value) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{event}").and_then(|()| stdout.flush());
}
