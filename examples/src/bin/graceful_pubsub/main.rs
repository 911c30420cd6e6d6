//! The main job: one publisher, three subscribers, a SIGTERM in mid-stream, and who lost what.
//!
//! Real processes on loopback: the parent runs this same binary in the other roles. The same
//! input goes through each way of stopping, at the same pace and high-water marks.
//!
//! | module | what it is |
//! |---|---|
//! | `args` | the command line |
//! | `input` | lines of bytes: where they come from, what can't be a message |
//! | `job` | the parent: starts the processes, cuts, kills, signals, and listens |
//! | `roles` | the children: the publisher's paced stream, the subscriber's work |
//! | `ways` | how each way publishes, subscribes and, above all, stops |
//! | `outcome` | what was lost, the table, the JSON |
//! | `wire` | what parent and children say to each other |
#![forbid(unsafe_code)]

mod args;
mod input;
mod job;
mod outcome;
mod roles;
mod ways;
mod wire;

use std::process::ExitCode;

use args::Command;

/// For wrong arguments, and for an input that can't be read.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let command = match args::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(error) => {
            say(&format!("graceful_pubsub: {error}\n\n{}", args::USAGE));
            return ExitCode::from(USAGE);
        }
    };
    match command {
        Command::Help => {
            print!("{}", args::USAGE);
            ExitCode::SUCCESS
        }
        Command::Job(options) => job::main(&options),
        Command::Publisher(options) => roles::end(roles::publisher::main(&options)),
        Command::Subscriber(options) => roles::end(roles::subscriber::main(&options)),
    }
}

/// Writes to stderr; where nobody reads it any more, nobody misses it.
fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// An error with all that caused it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
