//! Linger is for ever unless it is set.

use std::time::{Duration, Instant};

use linger::linger_registry::{Outcome, Registry};
use linger::zmq;

use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{SOON, millis, nobody};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "linger_default",
    claim: "LINGER is -1, for ever, unless it is set; 0 only for SUB and XSUB",
    folklore: "LINGER is 0 by default",
    run,
};

const ENDLESS: [zmq::SocketType; 10] = [
    zmq::PAIR,
    zmq::PUB,
    zmq::REQ,
    zmq::REP,
    zmq::DEALER,
    zmq::ROUTER,
    zmq::PULL,
    zmq::PUSH,
    zmq::XPUB,
    zmq::STREAM,
];

const ZERO: [zmq::SocketType; 2] = [zmq::SUB, zmq::XSUB];

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let (endless, zero) = (count(&ENDLESS, -1)?, count(&ZERO, 0)?);
    let held_for = lab.size(Duration::from_secs(1), Duration::from_millis(300));
    let held = term_is_held(held_for)?;

    let registry = Registry::new();
    let mut finite = 0;
    for kind in ENDLESS.into_iter().chain(ZERO) {
        let socket = registry.socket(kind).open()?;
        finite += usize::from(socket.get_linger()? >= 0);
    }
    let out = registry
        .socket(zmq::PUSH)
        .name("out")
        .linger(10 * SOON)
        .open()?;
    out.connect(&nobody()?)?;
    out.send("to nobody", 0)?;
    drop(out);
    let limit = Duration::from_millis(300);
    let begun = Instant::now();
    let report = registry.close_by(begun + limit);
    let took = begun.elapsed();
    let outcome = report.socket("out").map(|socket| socket.outcome().clone());
    let is_named = matches!(
        outcome,
        Some(Outcome::Expired { .. } | Outcome::Lingering { .. })
    );

    let all = ENDLESS.len() + ZERO.len();
    let is_default = endless == ENDLESS.len() && zero == ZERO.len() && held;
    // A busy machine wakes us late; a close that ignored its deadline would take a hundred seconds.
    let is_bounded = finite == all && took < limit + Duration::from_secs(1) && is_named;
    Ok(Finding::new(
        is_default && is_bounded,
        format!(
            "{endless} of {} types have -1, {zero} of {} have 0; with one message to nobody, \
             `term` {} within {} ms",
            ENDLESS.len(),
            ZERO.len(),
            if held { "had not returned" } else { "returned" },
            held_for.as_millis(),
        ),
        format!(
            "{finite} of {all} types are born with a finite linger; `close_by` in {} ms returned \
             after {:.0} ms: {}",
            limit.as_millis(),
            millis(took),
            outcome.map_or_else(|| "not reported".to_owned(), |outcome| outcome.to_string()),
        ),
        [
            ("endless_types", endless as f64),
            ("zero_types", zero as f64),
            ("finite_types", finite as f64),
            ("close_ms", millis(took)),
        ],
    ))
}

/// How many of these types have that linger if nobody sets it.
fn count(kinds: &[zmq::SocketType], linger: i32) -> zmq::Result<usize> {
    let context = zmq::Context::new();
    let mut count = 0;
    for &kind in kinds {
        count += usize::from(context.socket(kind)?.get_linger()? == linger);
    }
    Ok(count)
}

/// Whether one message that nobody wants holds `term` for so long; ended by a peer who does.
fn term_is_held(limit: Duration) -> Result<bool, LabError> {
    let endpoint = nobody()?;
    let context = zmq::Context::new();
    let socket = context.socket(zmq::PUSH)?;
    socket.connect(&endpoint)?;
    socket.send("wait for me", 0)?;
    drop(socket);
    let term = Call::start("term", move || drop(context))?;
    let is_held = term.within(limit)?.is_none();

    let rescue = zmq::Context::new();
    let peer = rescue.socket(zmq::PULL)?;
    peer.bind(&endpoint)?;
    if is_held {
        term.must_return(SOON)?;
    }
    Ok(is_held)
}
