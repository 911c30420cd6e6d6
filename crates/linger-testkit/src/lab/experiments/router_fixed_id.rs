//! A ROUTER goes on sending to a connection that is half open, and not to the one after it.

use std::time::{Duration, Instant};

use linger::zmq::{self, SocketEvent};
use linger::{Quorum, Subscriber};

use crate::lab::acked::{Member, publisher};
use crate::lab::conditions::Lab;
use crate::lab::detour::Detour;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::stranger::{Stranger, message};
use crate::lab::wire::{self, SOON, Watch};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "router_fixed_id",
    claim: "With a fixed routing id a ROUTER sends to the half-open connection, and nothing to the \
            peer that has come back",
    folklore: "set an identity, and the peer can reconnect",
    run,
};

const ID: &[u8] = b"risk-1";

const FRAMES: u64 = 5;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let quiet = lab.size(Duration::from_secs(1), Duration::from_millis(300));
    let raw = raw(quiet)?;
    let (heard, superseded) = come_back()?;
    Ok(Finding::new(
        raw.to_half_open == FRAMES && raw.arrived == 0 && heard == FRAMES && superseded == 1,
        format!(
            "{} of {FRAMES} frames arrived at the peer that came back with its routing id, {} at \
             its half-open connection",
            raw.arrived, raw.to_half_open,
        ),
        format!(
            "`Subscriber` has no fixed routing id, but sessions: the newer one of the name took \
             the place of {superseded}, and had {heard} of {FRAMES} messages delivered"
        ),
        [
            ("arrived_frames", raw.arrived as f64),
            ("to_half_open_frames", raw.to_half_open as f64),
            ("delivered_messages", heard as f64),
            ("superseded_sessions", superseded as f64),
        ],
    ))
}

struct Raw {
    arrived: u64,
    to_half_open: u64,
}

fn raw(quiet: Duration) -> Result<Raw, LabError> {
    let context = zmq::Context::new();
    let router = wire::open(&context, zmq::ROUTER, 0)?;
    let endpoint = wire::bind(&router)?;
    // It is there, and says nothing: so does a peer whose cable was pulled.
    let mut half_open = Stranger::greeted(&endpoint, "DEALER", ID)?;
    half_open.say(&message(b"hello"))?;
    if wire::count(&router, 1, SOON)? == 0 {
        return Err(LabError::unready("the ROUTER heard nothing"));
    }
    let back = wire::open(&context, zmq::DEALER, 0)?;
    back.set_identity(ID)?;
    let connected = [SocketEvent::HANDSHAKE_SUCCEEDED];
    let connected = Watch::on(&context, &back, "back", &connected)?;
    back.connect(&endpoint)?;
    connected.must_hear("the second handshake")?;
    for _ in 0..FRAMES {
        router.send_multipart([ID, b"for risk-1"], 0)?;
    }
    let arrived = wire::count(&back, FRAMES, quiet)?;
    let mut to_half_open = 0;
    while to_half_open + arrived < FRAMES {
        half_open.hear()?;
        to_half_open += 1;
    }
    Ok(Raw {
        arrived,
        to_half_open,
    })
}

/// How much a member got that came back under its name, and how many sessions it superseded.
fn come_back() -> Result<(u64, u64), LabError> {
    let publisher = publisher()?;
    let (data, control) = (publisher.data_endpoint(), publisher.control_endpoint());
    let detours = [Detour::to(data)?, Detour::to(control)?];
    let half_open = Subscriber::builder("risk-1")
        .subscribe("")
        .connect(&detours[0].endpoint, &detours[1].endpoint)?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    for detour in &detours {
        detour.relay.stall();
    }
    let back = Subscriber::builder("risk-1")
        .subscribe("")
        .connect(data, control)?;
    if !back.wait_until_member(Instant::now() + SOON) {
        return Err(LabError::unready("it did not come back"));
    }
    let back = Member::take(back)?;
    for number in 0..FRAMES {
        publisher.publish("T", number.to_be_bytes().to_vec())?;
    }
    let report = publisher.close_by(Instant::now() + SOON, Quorum::All);
    drop(half_open);
    Ok((back.processed()?, report.counters.superseded))
}
