//! `cargo xtask integration`: the tests with real child processes.

use std::process::Command;

use crate::cargo::{CargoError, cargo, tests};
use crate::libtest::Counts;
use crate::part::{Outcome, counted};
use crate::python::Python;
use crate::requirement::NATS_SERVER;
use crate::system_libzmq::SystemLibzmq;

/// The crate whose tests these are.
pub(crate) const PACKAGE: &str = "linger-testkit";

/// The crates whose sockets they are about; with the system's libzmq their own tests run too.
const SOCKETS: [&str; 2] = ["linger-registry", "linger-ack"];

/// The test that needs a broker, and what its name contains.
const BROKER: (&str, &str) = ("broker", "nats_is_measured");

/// Runs those whose name contains `filter`; true where none failed.
pub(crate) fn main(filter: Option<&str>) -> Result<bool, CargoError> {
    let python = Python::of_the_tests()?.is_met();
    let mut counts = tests(&mut command(filter, python))?;
    if filter.is_none_or(|filter| BROKER.1.contains(filter)) {
        match broker()? {
            Outcome::Tests(more) => counts += more,
            _ => {
                println!("SKIPPED {}", no_broker());
                counts += Counts::skipped(1);
            }
        }
    }
    Ok(closing(filter, counts, python))
}

/// Runs the test with a broker, where there is one.
pub(crate) fn broker() -> Result<Outcome, CargoError> {
    if !NATS_SERVER.is_met() {
        return Ok(Outcome::Skipped(no_broker()));
    }
    let (file, name) = BROKER;
    let mut command = cargo(&["test", "--package", PACKAGE, "--test", file, "--"]);
    command.args([name, "--include-ignored"]);
    Ok(Outcome::Tests(tests(&mut command)?))
}

/// What to say where there is none.
fn no_broker() -> String {
    format!("the benchmark against a broker: {}", NATS_SERVER.missing())
}

/// Runs the same, and those of the crates with sockets, linked with the system's libzmq.
///
/// Where that is missing it fails: it was asked for.
pub(crate) fn with_system_libzmq(filter: Option<&str>) -> Result<bool, CargoError> {
    let Some(system) = SystemLibzmq::find()? else {
        println!("SKIPPED {}", SystemLibzmq::missing());
        println!("{}", counted(Counts::skipped(1)));
        return Ok(false);
    };
    let python = Python::of_the_tests()?;
    let has_python = python.is_met();
    if has_python {
        system.share(&python)?;
    }
    let mut counts = tests(&mut of_sockets(filter, &system))?;
    let mut processes = cargo(&["test", "--no-fail-fast"]);
    system.link(&mut processes);
    counts += tests(select(&mut processes, filter, has_python))?;
    Ok(closing(filter, counts, has_python))
}

/// Has so many strangers connect to a publisher; true where that held nobody up.
pub(crate) fn crowd(connections: &str) -> Result<bool, CargoError> {
    let mut command = cargo(&["test", "--package", PACKAGE, "--test", "strangers_readers"]);
    command
        .args(["--", "a_crowd_of_connections", "--nocapture"])
        .env("LINGER_CONNECTIONS", connections);
    let counts = tests(&mut command)?;
    println!("{}", counted(counts));
    Ok(counts.passed > 0 && counts.failed == 0)
}

/// The tests in Python are ignored, and counted as skipped, unless there is one.
pub(crate) fn command(filter: Option<&str>, python: bool) -> Command {
    let mut command = cargo(&["test", "--no-fail-fast"]);
    select(&mut command, filter, python);
    command
}

/// The tests of the crates with sockets, those included that need CURVE: they run only when they
/// are named.
pub(crate) fn of_sockets(filter: Option<&str>, system: &SystemLibzmq) -> Command {
    let mut command = cargo(&["test", "--no-fail-fast"]);
    system.link(&mut command);
    command.args(SOCKETS.iter().flat_map(|name| ["--package", name]));
    command.arg("--all-features");
    command.args(["--lib", "--test", "*", "--"]).args(filter);
    command
}

fn select<'a>(cargo: &'a mut Command, filter: Option<&str>, ignored: bool) -> &'a mut Command {
    cargo.args(["--package", PACKAGE, "--tests", "--"]);
    cargo.args(filter);
    // It has a command of its own.
    cargo.args(["--skip", BROKER.1]);
    if ignored {
        cargo.arg("--include-ignored");
    }
    cargo
}

/// Sums up; true where tests ran and none failed.
fn closing(filter: Option<&str>, counts: Counts, python: bool) -> bool {
    if !python {
        println!("SKIPPED {}", Python::missing());
    }
    println!("{}", counted(counts));
    if counts.passed == 0 && counts.failed == 0 {
        eprintln!(
            "no test ran: is {:?} in the name of any?",
            filter.unwrap_or_default()
        );
    }
    counts.passed > 0 && counts.failed == 0
}
