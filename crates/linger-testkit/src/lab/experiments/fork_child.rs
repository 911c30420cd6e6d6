//! A context that is dropped in a forked child takes the parent with it.

use std::os::unix::process::ExitStatusExt as _;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use fork::{Fork, fork, waitpid};
use linger::{Registry, zmq};

use crate::child::Exit;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::role::{Role, say};
use crate::lab::wire::{self, SOON, millis};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "fork_child",
    claim: "In the bundled build a context that is dropped in a forked child aborts the parent",
    folklore: "a forked child may clean up what it inherited",
    run,
};

pub(crate) const ROLE: Role = Role {
    name: "fork_child",
    run: forks,
};

/// What the parent says once its sockets have carried a message after the child's end.
const WORKS: &str = "works";

/// A forked child lives no longer: what it waits for may be threads that it does not have.
const LIFE: Duration = Duration::from_secs(1);

/// The exit code of a forked child that did not come to its end by itself.
const STUCK: i32 = 3;

const SIGABRT: i32 = 6;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let raw = parent(lab, "zmq")?;
    let cured = parent(lab, "registry")?;
    // The system's may have been built to know its own process.
    let is_seen = lab.is_system_libzmq() || raw.exit.status.signal() == Some(SIGABRT);
    Ok(Finding::new(
        is_seen && cured.works && cured.exit.status.success(),
        format!(
            "the child drops sockets and context: the parent {}",
            raw.told()
        ),
        format!(
            "the child drops the registry's sockets, closes it in {:.0} ms and exits: the parent {}",
            millis(CLOSE),
            cured.told()
        ),
        [
            (
                "raw_parent_signal",
                f64::from(raw.exit.status.signal().unwrap_or(0)),
            ),
            (
                "registry_parent_signal",
                f64::from(cured.exit.status.signal().unwrap_or(0)),
            ),
        ],
    ))
}

/// For a close in the child, where there is nothing that it could wait for.
const CLOSE: Duration = Duration::from_millis(200);

/// What became of a parent.
struct Parent {
    works: bool,
    exit: Exit,
}

impl Parent {
    fn told(&self) -> String {
        match (self.exit.status.signal(), self.works) {
            (Some(SIGABRT), _) => "was aborted, SIGABRT".to_owned(),
            (Some(signal), _) => format!("was ended by signal {signal}"),
            (None, true) => "worked on".to_owned(),
            (None, false) => "did not work on".to_owned(),
        }
    }
}

fn parent(lab: &Lab, what: &str) -> Result<Parent, LabError> {
    let child = lab.spawn(ROLE.name, &[what])?;
    let exit = child.wait_for_exit(Instant::now() + SOON)?;
    let said = child.wait_for_last_lines(Instant::now() + SOON)?;
    Ok(Parent {
        works: said.lines().any(|line| line == WORKS),
        exit,
    })
}

/// Forks with sockets open; the child drops what it inherited, and the parent goes on using it.
fn forks(args: &[String]) -> Result<(), LabError> {
    if args.first().is_some_and(|what| what == "registry") {
        let registry = Registry::new();
        let puller = registry.socket(zmq::PULL).name("in").open()?;
        puller.bind("tcp://127.0.0.1:*")?;
        let pusher = registry.socket(zmq::PUSH).name("out").open()?;
        pusher.connect(&puller.last_endpoint().unwrap_or_default())?;
        carry(&pusher, &puller)?;
        if child_has_ended()? {
            carry(&pusher, &puller)?;
            say(WORKS)?;
            drop((pusher, puller));
            let report = registry.close_by(Instant::now() + SOON);
            return match report.is_clean() {
                true => Ok(()),
                false => Err(LabError::unready(report.to_string())),
            };
        }
        drop((pusher, puller));
        let _ = registry.close_by(Instant::now() + CLOSE);
        drop(registry);
        process::exit(0);
    }
    let context = zmq::Context::new();
    let puller = wire::open(&context, zmq::PULL, 0)?;
    let pusher = wire::open(&context, zmq::PUSH, 0)?;
    pusher.connect(&wire::bind(&puller)?)?;
    carry(&pusher, &puller)?;
    if child_has_ended()? {
        carry(&pusher, &puller)?;
        say(WORKS)?;
        return Ok(());
    }
    drop((pusher, puller, context));
    process::exit(0)
}

/// Forks. In the parent true, once the child has ended; in the child false, at once.
fn child_has_ended() -> Result<bool, LabError> {
    match fork()? {
        Fork::Parent(child) => {
            waitpid(child)?;
            Ok(true)
        }
        Fork::Child => {
            thread::Builder::new().spawn(|| {
                thread::park_timeout(LIFE);
                process::exit(STUCK)
            })?;
            Ok(false)
        }
    }
}

fn carry(pusher: &zmq::Socket, puller: &zmq::Socket) -> Result<(), LabError> {
    pusher.send("a message", zmq::DONTWAIT)?;
    match wire::count(puller, 1, SOON / 5)? {
        0 => Err(LabError::unready("a message did not arrive")),
        _ => Ok(()),
    }
}
