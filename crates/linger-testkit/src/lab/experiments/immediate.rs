//! With IMMEDIATE, what is queued is dropped when the peer goes.

use std::time::{Duration, Instant};

use linger::linger_registry::Trap;
use linger::zmq::{self, SocketEvent};
use linger::{Quorum, Subscriber};

use crate::lab::acked::{Member, publisher};
use crate::lab::conditions::Lab;
use crate::lab::detour::Detour;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::trap;
use crate::lab::wire::{self, SOON, Watch};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "immediate",
    claim: "With IMMEDIATE the queue is dropped when the connection is lost; without it, it waits \
            for the next",
    folklore: "IMMEDIATE is the safe choice: nothing is queued for peers that are not there",
    run,
};

/// More than kernel buffers take of it.
const MESSAGE: [u8; 4_096] = [b'm'; 4_096];

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let sent: u64 = lab.size(20_000, 4_000);
    let immediate = after_a_cut(sent, true)?;
    let queued = after_a_cut(sent, false)?;
    let traps = trap::named(|socket| socket.set_immediate(true))?;
    let messages: u64 = lab.size(20_000, 4_000);
    let (heard, repaired) = cured(messages)?;
    Ok(Finding::new(
        immediate == 0 && traps == [Trap::Immediate] && queued > sent / 2 && heard == messages,
        format!(
            "{sent} messages queued for a peer that does not read, then the connection is lost: \
             {immediate} arrive at its next with IMMEDIATE, {queued} without"
        ),
        format!(
            "the registry {}; `Publisher` keeps what is not acknowledged: with the connection \
             lost in the middle, {heard} of {messages} were delivered and acknowledged, {repaired} of them repaired",
            trap::said(&traps),
        ),
        [
            ("sent_messages", sent as f64),
            ("immediate_arrived_messages", immediate as f64),
            ("queued_arrived_messages", queued as f64),
            ("publisher_delivered_messages", heard as f64),
            ("publisher_repaired_messages", repaired as f64),
        ],
    ))
}

/// How many arrive at the second peer of what was queued for the first.
fn after_a_cut(sent: u64, immediate: bool) -> Result<u64, LabError> {
    let context = zmq::Context::new();
    let sender = wire::open(&context, zmq::PUSH, 0)?;
    sender.set_immediate(immediate)?;
    sender.set_reconnect_ivl(10)?;
    sender.set_sndbuf(64 << 10)?;
    let events = [SocketEvent::HANDSHAKE_SUCCEEDED];
    let connected = Watch::on(&context, &sender, "connected", &events)?;
    let endpoint = {
        let theirs = zmq::Context::new();
        let first = theirs.socket(zmq::PULL)?;
        first.set_linger(0)?;
        first.set_rcvhwm(1)?;
        first.set_rcvbuf(64 << 10)?;
        let endpoint = wire::bind(&first)?;
        sender.connect(&endpoint)?;
        connected.must_hear("the first handshake")?;
        for _ in 0..sent {
            sender.send(&MESSAGE[..], 0)?;
        }
        endpoint
    };
    let second = wire::open(&context, zmq::PULL, 0)?;
    second.bind(&endpoint)?;
    connected.must_hear("the second handshake")?;
    wire::count(&second, sent, Duration::from_millis(500))
}

fn cured(messages: u64) -> Result<(u64, u64), LabError> {
    let publisher = publisher()?;
    let data = Detour::to(publisher.data_endpoint())?;
    let builder = Subscriber::builder("member").subscribe("");
    let member = Member::take(builder.connect(&data.endpoint, publisher.control_endpoint())?)?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    for number in 0..messages {
        if number == messages / 2 {
            data.relay.cut();
        }
        publisher.publish("T", &MESSAGE[..])?;
    }
    let report = publisher.close_by(Instant::now() + SOON, Quorum::All);
    let heard = member.processed()?;
    let is_drained = report.is_drained();
    Ok((if is_drained { heard } else { 0 }, report.counters.repaired))
}
