//! A clone of a context that was destroyed is dropped: memory that is freed is used again.

use std::mem;
use std::process;
use std::time::{Duration, Instant};

use linger::linger_registry::Registry;
use linger::zmq;

use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::role::{Role, say};
use crate::lab::wire::{self, SOON, bind};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "clone_after_destroy",
    claim: "After `Context::destroy` of `zmq` 0.10, dropping a clone uses freed memory, and can end \
            another, live context",
    folklore: "`destroy` is safe, like all of safe Rust",
    run,
};

pub(crate) const ROLE: Role = Role {
    name: "clone_after_destroy",
    run: play,
};

/// How many contexts are made after one was destroyed.
const CONTEXTS: usize = 16;

/// How many registries are closed, with another context made after each.
const REGISTRIES: usize = 16;

/// What the drop of a clone is given to do its harm.
const WHILE: Duration = Duration::from_millis(300);

/// What is said of contexts that nothing happened to.
const LIVES: &str = "lives";

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let raw = last_words(lab, "raw")?;
    let cured = last_words(lab, "registry")?;
    // It may also crash: whatever it is, the other context does not go on.
    let is_harmed = raw != LIVES;
    let is_unharmed = cured == LIVES;
    Ok(Finding::new(
        is_harmed && is_unharmed,
        format!(
            "`destroy`, then a clone dropped: one of {CONTEXTS} other contexts, just made, {raw}"
        ),
        format!(
            "after each of {REGISTRIES} registries had closed, another context was made: each {cured}"
        ),
        [
            ("raw_harmed", f64::from(is_harmed)),
            ("cured_harmed", f64::from(!is_unharmed)),
        ],
    ))
}

/// What became of the other context: what the process said, or how it ended.
fn last_words(lab: &Lab, way: &str) -> Result<String, LabError> {
    let child = lab.spawn(ROLE.name, &[way])?;
    let exit = child.wait_for_exit(Instant::now() + 2 * SOON)?;
    let said = child.wait_for_last_lines(Instant::now() + SOON)?;
    Ok(match said.lines().last() {
        Some(line) if exit.status.success() => line.to_owned(),
        _ => format!("went down with the process, {}", exit.status),
    })
}

fn play(args: &[String]) -> Result<(), LabError> {
    let said = if args.first().is_some_and(|way| way == "registry") {
        beside_registries()?
    } else {
        beside_a_clone()?
    };
    say(said)?;
    process::exit(0)
}

/// Destroys a context, makes others, and drops a clone of the first.
fn beside_a_clone() -> Result<&'static str, LabError> {
    let mut context = zmq::Context::new();
    let clone = context.clone();
    drop(context.socket(zmq::PAIR)?);
    context.destroy()?;
    // Not the last: this does nothing yet.
    drop(context);
    // One of them is likely to be where the first was.
    let pairs: Vec<Pair> = (0..CONTEXTS)
        .map(|_| Pair::open())
        .collect::<Result<_, _>>()?;
    // On a thread of its own: if it ends a context that has sockets, it waits for them.
    let dropped = Call::start("drop of a clone", move || drop(clone))?;
    dropped.within(WHILE)?;
    let verdict = verdict(&pairs);
    // What was ended must not be ended again.
    mem::forget(pairs);
    verdict
}

/// Closes registries, and makes another context after each.
fn beside_registries() -> Result<&'static str, LabError> {
    let mut pairs = Vec::new();
    for _ in 0..REGISTRIES {
        let registry = Registry::new();
        registry.socket(zmq::PAIR).open()?;
        let report = registry.close_by(Instant::now() + SOON);
        if !report.is_clean() {
            return Err(LabError::unready(report.to_string()));
        }
        pairs.push(Pair::open()?);
    }
    verdict(&pairs)
}

/// What became of these contexts.
fn verdict(pairs: &[Pair]) -> Result<&'static str, LabError> {
    for pair in pairs {
        match pair.round() {
            Ok(()) => {}
            Err(zmq::Error::ETERM) => return Ok("was ended: ETERM"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(LIVES)
}

/// Two sockets of a context that has nothing to do with the other.
struct Pair {
    here: zmq::Socket,
    there: zmq::Socket,
}

impl Pair {
    fn open() -> Result<Self, LabError> {
        let context = zmq::Context::new();
        let here = wire::open(&context, zmq::PAIR, 0)?;
        let there = wire::open(&context, zmq::PAIR, 0)?;
        there.connect(&bind(&here)?)?;
        Ok(Self { here, there })
    }

    /// A message there and one back.
    fn round(&self) -> zmq::Result<()> {
        self.here.send("ping", 0)?;
        self.there.recv_bytes(0)?;
        self.there.send("pong", 0)?;
        self.here.recv_bytes(0)?;
        Ok(())
    }
}
