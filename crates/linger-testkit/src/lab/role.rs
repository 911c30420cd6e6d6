//! What an experiment runs in a process of its own.

use std::io::{self, Write as _};
use std::process;
use std::thread;
use std::time::Duration;

use super::error::LabError;
use super::experiments::ROLES;

/// No role lives longer, whatever becomes of the process that started it.
const LIFE: Duration = Duration::from_secs(60);

/// The exit code of a role that lived too long.
const TOO_LONG: i32 = 86;

/// Something that a child process plays.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&[String]) -> Result<(), LabError>,
}

/// Plays a role: what a child process of an experiment does.
///
/// It says what the experiment has to know on stdout, and is ended after a minute.
///
/// # Errors
///
/// [`LabError`] where there is no such role, or it could not be played.
pub fn play(name: &str, args: &[String]) -> Result<(), LabError> {
    let role = ROLES.iter().find(|role| role.name == name);
    let role = role.ok_or_else(|| LabError::NoRole(name.to_owned()))?;
    thread::Builder::new()
        .name("end of life".to_owned())
        .spawn(|| {
            thread::park_timeout(LIFE);
            process::exit(TOO_LONG);
        })?;
    (role.run)(args)
}

/// One line for the process that started this one.
pub(crate) fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// The argument at that place, as a number.
pub(crate) fn number(args: &[String], at: usize) -> Result<u64, LabError> {
    let number = args.get(at).and_then(|arg| arg.parse().ok());
    number.ok_or_else(|| LabError::unready(format!("argument {at} of {args:?} is no number")))
}
