//! A context holds 1,023 sockets, and a monitor takes two of them.

use std::time::Instant;

use linger::linger_registry::{Outcome, Registry};
use linger::zmq::{self, SocketEvent};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::role::{Role, number, say};
use crate::lab::wire::{self, SOON, Watch};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "monitor_limit",
    claim: "A context holds 1,023 sockets, and each monitor takes two of them",
    folklore: "watch every socket with a monitor, all the time",
    run,
};

pub(crate) const ROLE: Role = Role {
    name: "monitor_limit",
    run: play,
};

/// How many sockets a crowded context has.
const CROWD: u64 = 900;

/// The limit of libzmq, which `zmq` 0.10 can't raise.
const LIMIT: u64 = 1_023;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let child = lab.spawn(ROLE.name, &[])?;
    let deadline = Instant::now() + 3 * SOON;
    let said = child.wait_for_line(deadline, |line| line.starts_with("counted "))?;
    let words: Vec<String> = said.split(' ').skip(1).map(str::to_owned).collect();
    let (sockets, monitors) = (number(&words, 0)?, number(&words, 1)?);
    let (observed, unobserved) = (number(&words, 2)?, number(&words, 3)?);
    let is_so = sockets == LIMIT && monitors <= (LIMIT - CROWD) / 2 && monitors > 0;
    let is_cured = observed + unobserved == CROWD && unobserved * 10 <= CROWD;
    Ok(Finding::new(
        is_so && is_cured,
        format!(
            "{sockets} sockets open, the next gets EMFILE; beside {CROWD} sockets there is room \
             for {monitors} monitors"
        ),
        format!(
            "monitors attached at the close, a few at once: of {CROWD} sockets dropped together \
             the ends of {observed} are seen, {unobserved} unobserved"
        ),
        [
            ("sockets", sockets as f64),
            ("monitors", monitors as f64),
            ("observed_sockets", observed as f64),
            ("unobserved_sockets", unobserved as f64),
        ],
    ))
}

/// Counts, in a process of its own for the many descriptors.
fn play(_: &[String]) -> Result<(), LabError> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    )
    .map_err(std::io::Error::from)?;
    let (sockets, monitors) = (sockets()?, monitors()?);
    let (observed, unobserved) = ends()?;
    say(&format!(
        "counted {sockets} {monitors} {observed} {unobserved}"
    ))?;
    Ok(())
}

/// How many sockets a context opens.
fn sockets() -> Result<u64, LabError> {
    let context = zmq::Context::new();
    let mut open = Vec::new();
    while open.len() as u64 <= 4 * LIMIT {
        match context.socket(zmq::PULL) {
            Ok(socket) => open.push(socket),
            Err(zmq::Error::EMFILE) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(open.len() as u64)
}

/// How many monitors a crowded context has room for.
fn monitors() -> Result<u64, LabError> {
    let context = zmq::Context::new();
    let crowd: Vec<zmq::Socket> = (0..CROWD)
        .map(|_| wire::open(&context, zmq::PULL, 0))
        .collect::<Result<_, _>>()?;
    let mut watches = Vec::new();
    for (at, socket) in crowd.iter().enumerate() {
        let events = [SocketEvent::MONITOR_STOPPED];
        match Watch::on(&context, socket, &format!("watch-{at}"), &events) {
            Ok(watch) => watches.push(watch),
            Err(zmq::Error::EMFILE) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(watches.len() as u64)
}

/// How many ends of a crowd a registry sees, and how many it does not.
fn ends() -> Result<(u64, u64), LabError> {
    let registry = Registry::new();
    let crowd: Vec<_> = (0..CROWD)
        .map(|_| registry.socket(zmq::PULL).open())
        .collect::<Result<_, _>>()?;
    drop(crowd);
    let report = registry.close_by(Instant::now() + SOON);
    let outcomes = || report.sockets().iter().map(|socket| socket.outcome());
    let observed = outcomes().filter(|outcome| outcome.is_end_seen()).count();
    let unobserved = outcomes().filter(|outcome| matches!(outcome, Outcome::Unobserved));
    Ok((observed as u64, unobserved.count() as u64))
}
