//! `cargo xtask lab`: what is said of libzmq, put to the libzmq that is linked.

use std::process::Command;

use crate::cargo::{CargoError, cargo, succeeds};
use crate::integration::PACKAGE;
use crate::part::Outcome;
use crate::system_libzmq::SystemLibzmq;

/// What stands on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options<'a> {
    filter: Option<&'a str>,
    json: bool,
    system_libzmq: bool,
}

impl<'a> Options<'a> {
    /// `[FILTER] [--json] [--system-libzmq]`, in any order.
    pub(crate) fn read(args: &[&'a str]) -> Option<Self> {
        let mut options = Self::default();
        for &arg in args {
            match arg {
                "--json" => options.json = true,
                "--system-libzmq" => options.system_libzmq = true,
                name if !name.starts_with('-') && options.filter.is_none() => {
                    options.filter = Some(name);
                }
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Runs the experiments at full size; true where all of them held.
///
/// Where the system's libzmq is missing it fails: it was asked for.
pub(crate) fn main(options: Options<'_>) -> Result<bool, CargoError> {
    let system = if options.system_libzmq {
        let Some(system) = SystemLibzmq::find()? else {
            println!("SKIPPED {}", SystemLibzmq::missing());
            return Ok(false);
        };
        Some(system)
    } else {
        None
    };
    let mut lab = command(system.as_ref(), true);
    lab.args(options.filter);
    if options.json {
        lab.arg("--json");
    }
    succeeds(&mut lab)
}

/// Each experiment once, as small as shows its claim, so that none is out of date.
pub(crate) fn quick() -> Result<Outcome, CargoError> {
    succeeds(command(None, false).arg("--quick")).map(Outcome::of)
}

/// The program of the lab; its own arguments come next.
fn command(system: Option<&SystemLibzmq>, release: bool) -> Command {
    let mut command = cargo(&["run", "--quiet"]);
    if let Some(system) = system {
        system.link(&mut command);
    }
    if release {
        command.arg("--release");
    }
    command.args(["--package", PACKAGE, "--bin", "lab", "--"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stand_in_any_order_and_others_are_refused() {
        let options = Options::read(&["--json", "rst", "--system-libzmq"]);
        let all = Options {
            filter: Some("rst"),
            json: true,
            system_libzmq: true,
        };
        assert_eq!(options, Some(all));
        assert_eq!(Options::read(&[]), Some(Options::default()));
        assert_eq!(Options::read(&["rst", "tail"]), None);
        assert_eq!(Options::read(&["--quick"]), None);
    }

    #[test]
    fn the_program_gets_its_arguments_after_those_of_cargo() {
        let command = command(None, true);
        let args: Vec<_> = command.get_args().collect();
        let expected = [
            "run",
            "--quiet",
            "--release",
            "--package",
            PACKAGE,
            "--bin",
            "lab",
            "--",
        ];
        assert_eq!(args, expected);
    }
}
