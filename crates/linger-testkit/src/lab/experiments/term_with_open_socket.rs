//! Ending a context waits, without a limit, for every socket that anybody holds.

use std::mem;
use std::time::{Duration, Instant};

use linger::linger_registry::{ContextOutcome, Outcome, Registry};
use linger::zmq;

use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, millis};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "term_with_open_socket",
    claim: "`zmq_ctx_term` waits for ever while anybody holds an open socket: blocked calls get \
            ETERM, nothing is closed",
    folklore: "`term` closes the sockets",
    run,
};

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let wait = lab.size(Duration::from_secs(1), Duration::from_millis(300));
    let context = zmq::Context::new();
    let socket = wire::open(&context, zmq::PULL, 0)?;
    let mut ending = context.clone();
    // `destroy` frees the context: the last clone must never be dropped.
    mem::forget(context);
    let term = Call::start("term", move || {
        while ending.destroy() == Err(zmq::Error::EINTR) {}
        mem::forget(ending);
    })?;
    let woken = socket.recv_bytes(0);
    let is_held = term.within(wait)?.is_none();
    drop(socket);
    let closed = Instant::now();
    term.must_return(SOON)?;
    let after_close = closed.elapsed();

    let registry = Registry::new();
    let held = registry.socket(zmq::PULL).name("held").open()?;
    let limit = Duration::from_millis(400);
    let begun = Instant::now();
    let report = registry.close_by(begun + limit);
    let took = begun.elapsed();
    drop(held);
    let holders = match report.context() {
        ContextOutcome::Pending { holders } => holders.join(", "),
        _ => "nobody".to_owned(),
    };
    let socket = report.socket("held");
    let is_named =
        holders == "held" && socket.is_some_and(|socket| *socket.outcome() == Outcome::StillOpen);
    let place = socket.map_or(0, |socket| socket.info().opened_at().line());

    let is_so = woken == Err(zmq::Error::ETERM) && is_held;
    // Only one that waits without a limit would be later than that.
    let is_bounded = took < limit + Duration::from_secs(1);
    Ok(Finding::new(
        is_so && is_named && is_bounded && place > 0,
        format!(
            "`recv` got {}; `term` {} after {} ms, and returned {:.1} ms after the close",
            woken.map_or_else(|error| format!("{error:?}"), |_| "a message".to_owned()),
            if is_held {
                "had not returned"
            } else {
                "had returned"
            },
            wait.as_millis(),
            millis(after_close),
        ),
        format!(
            "`close_by` in {} ms returned after {:.0} ms, and says who holds the context: {holders}, \
             still open, from line {place} of its file",
            limit.as_millis(),
            millis(took),
        ),
        [
            ("held_ms", millis(wait)),
            ("term_after_close_ms", millis(after_close)),
            ("close_by_ms", millis(took)),
        ],
    ))
}
