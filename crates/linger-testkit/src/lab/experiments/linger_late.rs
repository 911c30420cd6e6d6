//! Once the context ends, linger can't be set any more.

use std::time::{Duration, Instant};

use linger::linger_registry::{ContextOutcome, Outcome};
use linger::{Registry, zmq};

use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, millis, nobody};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "linger_late",
    claim: "LINGER can be set until the context begins to end; then it is ETERM, and the value \
            from before counts",
    folklore: "an owner woken by ETERM can still set LINGER to 0 and close",
    run,
};

/// What was set while there was time.
const BEFORE: Duration = Duration::from_millis(600);

fn run(_: &Lab) -> Result<Finding, LabError> {
    let raw = raw()?;
    let limit = Duration::from_millis(800);
    let (took, outcome, has_ended) = cured(limit)?;
    let is_bounded = took < limit + Duration::from_millis(500);
    Ok(Finding::new(
        // Two clocks: libzmq's timer may be a little ahead.
        raw.is_refused
            && raw.took + Duration::from_millis(20) >= BEFORE
            && is_bounded
            && has_ended
            && matches!(outcome, Some(Outcome::ClosedLate { .. })),
        format!(
            "woken by ETERM, `set_linger(0)` {}; closed with a message to nobody, `term` took \
             {:.0} ms, of a LINGER of {} ms from before",
            if raw.is_refused {
                "is refused with ETERM"
            } else {
                "is taken"
            },
            millis(raw.took),
            BEFORE.as_millis(),
        ),
        format!(
            "the registry sets a finite linger when it opens a socket: with an owner in a bare \
             `recv`, `close_by` in {} ms took {:.0} ms: {}, and the context ended",
            limit.as_millis(),
            millis(took),
            outcome.map_or_else(|| "not reported".to_owned(), |outcome| outcome.to_string()),
        ),
        [
            ("linger_before_ms", millis(BEFORE)),
            ("term_ms", millis(raw.took)),
            ("close_ms", millis(took)),
        ],
    ))
}

struct Raw {
    is_refused: bool,
    /// From the close to the end of the context.
    took: Duration,
}

fn raw() -> Result<Raw, LabError> {
    let context = zmq::Context::new();
    let socket = context.socket(zmq::DEALER)?;
    socket.set_linger(wire::option(BEFORE))?;
    socket.connect(&nobody()?)?;
    socket.send("to nobody", 0)?;
    let owner = Call::start("owner", move || {
        let woken = socket.recv_bytes(0);
        let late = socket.set_linger(0);
        (woken, late, Instant::now())
    })?;
    // `destroy` begins to end it and waits; the clone is what keeps `zmq` from ending it twice.
    std::mem::forget(context.clone());
    let mut context = context;
    let term = Call::start("term", move || {
        let ended = loop {
            match context.destroy() {
                Err(zmq::Error::EINTR) => {}
                ended => break ended,
            }
        };
        std::mem::forget(context);
        (ended, Instant::now())
    })?;
    let ((woken, late, closed), _) = owner.must_return(SOON)?;
    let ((ended, end), _) = term.must_return(SOON)?;
    ended?;
    Ok(Raw {
        is_refused: woken == Err(zmq::Error::ETERM) && late == Err(zmq::Error::ETERM),
        took: end.saturating_duration_since(closed),
    })
}

/// How long a close took whose owner has to be woken, how its socket ended, and whether the
/// context did.
fn cured(limit: Duration) -> Result<(Duration, Option<Outcome>, bool), LabError> {
    let registry = Registry::new();
    let socket = registry
        .socket(zmq::DEALER)
        .name("bare")
        .linger(Duration::from_millis(20));
    let socket = socket.open()?;
    socket.connect(&nobody()?)?;
    socket.send("to nobody", 0)?;
    let owner = Call::start("owner", move || socket.recv_bytes(0))?;
    let begun = Instant::now();
    let report = registry.close_by(begun + limit);
    let took = begun.elapsed();
    let (woken, _) = owner.must_return(SOON)?;
    let outcome = report.socket("bare").map(|socket| socket.outcome().clone());
    let has_ended = matches!(report.context(), ContextOutcome::Ended { .. });
    let has_ended = has_ended && woken == Err(zmq::Error::ETERM);
    Ok((took, outcome, has_ended))
}
