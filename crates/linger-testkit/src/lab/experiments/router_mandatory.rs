//! A ROUTER drops what a slow peer has no room for, or waits for it.

use std::time::{Duration, Instant};

use linger::{Quorum, Subscriber, zmq};

use crate::lab::acked::publisher;
use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::detour::Detour;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, millis};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "router_mandatory",
    claim: "Without MANDATORY a ROUTER's send to a full peer is Ok, and dropped; with it, a \
            blocking send holds the thread",
    folklore: "a ROUTER only drops what is for peers that it does not know",
    run,
};

const PEER: &[u8] = b"peer";

/// Fills kernel buffers in good time.
const FRAME: [u8; 1_024] = [b'f'; 1_024];

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let sent: u64 = lab.size(100_000, 20_000);
    let (accepted, arrived) = without_mandatory(sent)?;
    let held_for = lab.size(Duration::from_secs(1), Duration::from_millis(300));
    let is_held = mandatory_holds(sent, held_for)?;

    let limit = Duration::from_millis(500);
    let (took, unacked) = close_a_stuck_member(limit)?;
    // A busy machine wakes us late; a close that was held would take seconds.
    let is_bounded = took < limit + Duration::from_millis(500);
    Ok(Finding::new(
        accepted == sent && arrived < sent && is_held && is_bounded && unacked == MESSAGES,
        format!(
            "to a peer that does not read: {accepted} of {sent} sends were Ok, {arrived} arrived; \
             with MANDATORY a send {} after {} ms",
            if is_held {
                "had not returned"
            } else {
                "had returned"
            },
            held_for.as_millis(),
        ),
        format!(
            "`Publisher` sends with MANDATORY and DONTWAIT: with a member that takes nothing more, \
             `close_by` in {} ms took {:.0} ms, and named it with {unacked} of {MESSAGES} \
             unacknowledged",
            limit.as_millis(),
            millis(took),
        ),
        [
            ("sent_messages", sent as f64),
            ("accepted_messages", accepted as f64),
            ("arrived_messages", arrived as f64),
            ("close_ms", millis(took)),
            ("named_messages", unacked as f64),
        ],
    ))
}

/// A ROUTER, and a DEALER that is connected to it and does not read.
struct Pair {
    _context: zmq::Context,
    router: zmq::Socket,
    dealer: zmq::Socket,
}

fn pair(mandatory: bool) -> Result<Pair, LabError> {
    let context = zmq::Context::new();
    let router = context.socket(zmq::ROUTER)?;
    router.set_linger(0)?;
    router.set_router_mandatory(mandatory)?;
    router.set_sndhwm(100)?;
    let dealer = context.socket(zmq::DEALER)?;
    dealer.set_linger(0)?;
    dealer.set_rcvhwm(100)?;
    dealer.set_identity(PEER)?;
    dealer.connect(&wire::bind(&router)?)?;
    dealer.send("hello", 0)?;
    if wire::count(&router, 1, SOON)? == 0 {
        return Err(LabError::unready("the ROUTER heard nothing"));
    }
    Ok(Pair {
        _context: context,
        router,
        dealer,
    })
}

fn without_mandatory(sent: u64) -> Result<(u64, u64), LabError> {
    let pair = pair(false)?;
    let mut accepted = 0;
    for _ in 0..sent {
        let is_taken = pair.router.send_multipart([PEER, &FRAME], zmq::DONTWAIT);
        accepted += u64::from(is_taken.is_ok());
    }
    let quiet = Duration::from_millis(300);
    Ok((accepted, wire::count(&pair.dealer, sent, quiet)?))
}

/// Whether a send holds its thread so long; the peer's reading ends it.
fn mandatory_holds(sent: u64, limit: Duration) -> Result<bool, LabError> {
    let Pair {
        _context,
        router,
        dealer,
    } = pair(true)?;
    let call = Call::start("send", move || {
        let sent = (0..sent).try_for_each(|_| router.send_multipart([PEER, &FRAME], 0));
        // Its linger is 0: it has to live until all was read.
        sent.map(|()| router)
    })?;
    let is_held = call.within(limit)?.is_none();
    let arrived = wire::count(&dealer, sent, SOON)?;
    if is_held {
        call.must_return(SOON)?.0?;
    }
    Ok(is_held && arrived == sent)
}

const MESSAGES: u64 = 1_000;

/// How long a close took whose member hears nothing more on control, and what was named.
fn close_a_stuck_member(limit: Duration) -> Result<(Duration, u64), LabError> {
    let publisher = publisher()?;
    let control = Detour::to(publisher.control_endpoint())?;
    let subscriber = Subscriber::builder("stuck")
        .subscribe("")
        .connect(publisher.data_endpoint(), &control.endpoint)?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    control.relay.stall();
    for number in 0..MESSAGES {
        publisher.publish("T", number.to_be_bytes().to_vec())?;
    }
    let begun = Instant::now();
    let report = publisher.close_by(begun + limit, Quorum::All);
    let took = begun.elapsed();
    drop(subscriber);
    let unacked = report.member("stuck").map_or(0, |member| member.unacked());
    Ok((took, unacked))
}
