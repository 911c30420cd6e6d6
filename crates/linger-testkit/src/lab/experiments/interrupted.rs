//! A signal ends every blocking call with EINTR.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use linger::linger_registry::{Polled, Registry};
use linger::zmq;
use signal_hook::consts::SIGTERM;

use crate::child::{Child, LineError, Signal};
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::role::{Role, say};
use crate::lab::wire::{self, SOON, nobody};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "interrupted",
    claim: "A signal ends `recv`, `send`, `poll` and `term` with EINTR, SA_RESTART or not; `term` \
            can be called again",
    folklore: "with SA_RESTART blocking calls go on",
    run,
};

pub(crate) const ROLE: Role = Role {
    name: "interrupted",
    run: play,
};

const CALLS: [&str; 4] = ["recv", "send", "poll", "term"];

/// The calls of the registry, each named after the one that it stands for.
const CURED: [&str; 3] = [
    "recv_until_stopped",
    "send_until_stopped",
    "wait_until_stopped",
];

/// How many signals each of the registry's has to bear.
const SIGNALS: u32 = 20;

/// What a call says that a signal ended.
const EINTR: &str = "EINTR";

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let mut interrupted = Vec::new();
    for call in CALLS {
        if is_interrupted(lab, call)? {
            interrupted.push(call);
        }
    }
    let mut went_on = Vec::new();
    for call in CURED {
        if goes_on(lab, call)? {
            went_on.push(call);
        }
    }
    let (ended, on) = (interrupted.len(), went_on.len());
    Ok(Finding::new(
        ended == CALLS.len() && on == CURED.len(),
        format!(
            "handler with SA_RESTART: EINTR from {ended} of {} calls ({})",
            CALLS.len(),
            interrupted.join(", "),
        ),
        format!(
            "{on} of {} went on through {SIGNALS} signals until there was something to do ({})",
            CURED.len(),
            went_on.join(", "),
        ),
        [
            ("interrupted_calls", ended as f64),
            ("signals", f64::from(SIGNALS)),
            ("cured_calls", on as f64),
        ],
    ))
}

/// Whether a signal ends that call; and for `term`, whether it then can be called again.
fn is_interrupted(lab: &Lab, call: &str) -> Result<bool, LabError> {
    let child = lab.spawn(ROLE.name, &[call])?;
    child.wait_for_line(Instant::now() + SOON, |line| line == "ready")?;
    let deadline = Instant::now() + SOON / 4;
    while Instant::now() < deadline {
        // Whether the call has begun is not to be seen from here: another signal, then.
        if let Some(said) = signalled(&child)? {
            if said == EINTR && call == "term" {
                child.wait_for_line(Instant::now() + SOON, |line| line == "ended")?;
            }
            return Ok(said == EINTR);
        }
    }
    Ok(false)
}

/// Whether that call of the registry bears many signals, and ends when its peer is there.
fn goes_on(lab: &Lab, call: &str) -> Result<bool, LabError> {
    let child = lab.spawn(ROLE.name, &[call])?;
    let deadline = Instant::now() + SOON;
    let endpoint = child.wait_for_line(deadline, |line| line.starts_with("tcp://"))?;
    for _ in 0..SIGNALS {
        if signalled(&child)?.is_some() {
            return Ok(false);
        }
    }
    let context = zmq::Context::new();
    let peer = if call.starts_with("send") {
        wire::open(&context, zmq::PULL, 0)?
    } else {
        wire::open(&context, zmq::PUSH, 0)?
    };
    peer.connect(&endpoint)?;
    if !call.starts_with("send") {
        peer.send("a message", 0)?;
    }
    Ok(child.wait_for_line(deadline, |_| true)? == "done")
}

/// Sends a signal, and gives the process a little time to say what came of it.
fn signalled(child: &Child) -> Result<Option<String>, LabError> {
    child.signal(Signal::Terminate)?;
    match child.wait_for_line(Instant::now() + Duration::from_millis(20), |_| true) {
        Ok(line) => Ok(Some(line)),
        Err(LineError::Deadline { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes one blocking call, with a handler for SIGTERM, and says how it ended.
fn play(args: &[String]) -> Result<(), LabError> {
    // Registered with SA_RESTART, on the thread that makes the call: libzmq's own take no signals.
    signal_hook::flag::register(SIGTERM, Arc::new(AtomicBool::new(false)))?;
    let call = args.first().map(String::as_str).unwrap_or_default();
    if CURED.contains(&call) {
        return play_cured(call);
    }
    let mut context = zmq::Context::new();
    let ended = match call {
        "recv" => {
            let socket = wire::open(&context, zmq::PULL, 0)?;
            say("ready")?;
            socket.recv_bytes(0).map(drop)
        }
        "send" => {
            let socket = wire::open(&context, zmq::PUSH, 0)?;
            say("ready")?;
            socket.send("to nobody", 0)
        }
        "poll" => {
            let socket = wire::open(&context, zmq::PULL, 0)?;
            say("ready")?;
            zmq::poll(&mut [socket.as_poll_item(zmq::POLLIN)], -1).map(drop)
        }
        "term" => return term(context),
        _ => return Err(LabError::unready(format!("there is no call {call:?}"))),
    };
    // What `destroy` would wait for is closed by now.
    let _ = context.destroy();
    mem::forget(context);
    say(word(ended))?;
    Ok(())
}

fn word(ended: zmq::Result<()>) -> &'static str {
    match ended {
        Ok(()) => "no error",
        Err(zmq::Error::EINTR) => EINTR,
        Err(_) => "another error",
    }
}

/// Is interrupted in `term`, and calls it again once there is a peer for the message.
fn term(mut context: zmq::Context) -> Result<(), LabError> {
    let endpoint = nobody()?;
    let socket = wire::open(&context, zmq::PUSH, -1)?;
    socket.connect(&endpoint)?;
    socket.send("wait for me", 0)?;
    drop(socket);
    // What is freed is never to be dropped.
    mem::forget(context.clone());
    say("ready")?;
    say(word(context.destroy()))?;
    let rescue = zmq::Context::new();
    let peer = wire::open(&rescue, zmq::PULL, 0)?;
    peer.bind(&endpoint)?;
    while context.destroy() == Err(zmq::Error::EINTR) {}
    mem::forget(context);
    say("ended")?;
    Ok(())
}

/// Makes one waiting call of the registry, and says whether it did what it is for.
fn play_cured(call: &str) -> Result<(), LabError> {
    let registry = Registry::new();
    let kind = if call.starts_with("send") {
        zmq::PUSH
    } else {
        zmq::PULL
    };
    let socket = registry.socket(kind).name("jobs").open()?;
    socket.bind("tcp://127.0.0.1:*")?;
    say(&socket.last_endpoint().unwrap_or_default())?;
    let is_done = match call {
        "recv_until_stopped" => socket.recv_until_stopped().is_ok(),
        "send_until_stopped" => socket.send_until_stopped("a message").is_ok(),
        _ => {
            let mut set = socket.group().poll_set();
            set.add(&socket, zmq::POLLIN);
            matches!(set.wait_until_stopped(), Ok(Polled::Ready))
        }
    };
    say(if is_done { "done" } else { "not done" })?;
    drop(socket);
    let _ = registry.close_by(Instant::now() + SOON);
    Ok(())
}
