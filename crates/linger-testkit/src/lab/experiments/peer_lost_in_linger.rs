//! A peer that goes while a socket lingers: who bound drops its queue, who connected keeps it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use linger::linger_ack::MemberOutcome;
use linger::zmq::{self, SocketEvent};
use linger::{Publisher, Quorum, Subscriber};

use super::no_receipt;
use crate::child::Signal;
use crate::lab::acked::{ANY, process};
use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, Watch, bind, count, millis, nobody};
use crate::relay::Relay;

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "peer_lost_in_linger",
    claim: "A peer that goes while a socket lingers: one that bound drops the queue at once, one \
            that connected keeps it and connects again",
    folklore: "LINGER keeps messages until the peer is back",
    run,
};

const MESSAGE: [u8; 1024] = [b'm'; 1024];

/// No end comes so soon unless something ended it.
const LINGER: Duration = Duration::from_secs(20);

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let sent: u64 = lab.size(20_000, 20_000);
    let after_loss = bound(sent)?;
    let (before, after) = connected(sent)?;
    let cured: u64 = lab.size(20_000, 5_000);
    let (is_drained, processed) = cut(cured)?;
    let (outcome, unacked) = gone(lab)?;

    let is_dropped = after_loss < LINGER / 4;
    let is_kept = after > 0 && before + after <= sent;
    let is_repaired = is_drained && processed == cured;
    let is_named = outcome == MemberOutcome::Behind || outcome == MemberOutcome::Expired;
    Ok(Finding::new(
        is_dropped && is_kept && is_repaired && is_named && unacked == no_receipt::MESSAGES,
        format!(
            "LINGER {} ms, {sent} queued: bound, it ended {:.0} ms after its peer went; connected, \
             {after} went to the next that bound there",
            LINGER.as_millis(),
            millis(after_loss),
        ),
        format!(
            "connections cut in the middle of a close: {processed} of {cured} processed, {}; a \
             member killed: {outcome:?}, with {unacked} of {} unacknowledged",
            if is_drained { "drained" } else { "not drained" },
            no_receipt::MESSAGES,
        ),
        [
            ("bound_end_ms", millis(after_loss)),
            ("successor_messages", after as f64),
            ("processed_messages", processed as f64),
            ("unacked_messages", unacked as f64),
        ],
    ))
}

/// How long after its peer went a socket ended that was bound, with a queue for that peer.
fn bound(sent: u64) -> Result<Duration, LabError> {
    let (home, away) = (zmq::Context::new(), zmq::Context::new());
    let sender = wire::open(&home, zmq::PUSH, linger())?;
    let peer = slow(&away)?;
    peer.connect(&bind(&sender)?)?;
    fill(&sender, &peer, sent)?;
    let stopped = Watch::on(&home, &sender, "stopped", &[SocketEvent::MONITOR_STOPPED])?;
    drop(sender);
    if stopped.heard(Some(Instant::now() + Duration::from_millis(100)))? {
        return Err(LabError::unready("nothing was queued any more"));
    }
    drop((peer, away));
    let gone = Instant::now();
    stopped.must_hear("the end of the socket")?;
    Ok(gone.elapsed())
}

/// How many messages the peer read before it went, and how many the next got in its place.
fn connected(sent: u64) -> Result<(u64, u64), LabError> {
    let endpoint = nobody()?;
    let (home, away) = (zmq::Context::new(), zmq::Context::new());
    let sender = wire::open(&home, zmq::PUSH, linger())?;
    sender.set_reconnect_ivl(20)?;
    let peer = slow(&away)?;
    peer.bind(&endpoint)?;
    sender.connect(&endpoint)?;
    fill(&sender, &peer, sent)?;
    drop(sender);
    drop((peer, away));
    let next = zmq::Context::new();
    let successor = wire::open(&next, zmq::PULL, 0)?;
    successor.bind(&endpoint)?;
    let term = Call::start("term", move || drop(home))?;
    let after = count(&successor, sent, Duration::from_secs(1))?;
    term.must_return(LINGER + SOON)?;
    Ok((1, after))
}

fn linger() -> i32 {
    wire::option(LINGER)
}

/// A peer that takes little unless it reads.
fn slow(context: &zmq::Context) -> zmq::Result<zmq::Socket> {
    let peer = wire::open(context, zmq::PULL, 0)?;
    peer.set_rcvhwm(10)?;
    Ok(peer)
}

/// Queues that much for a peer that has read one message, and reads no more.
fn fill(sender: &zmq::Socket, peer: &zmq::Socket, sent: u64) -> zmq::Result<()> {
    sender.send(&MESSAGE[..], 0)?;
    peer.recv_bytes(0)?;
    for _ in 1..sent {
        sender.send(&MESSAGE[..], 0)?;
    }
    Ok(())
}

/// Cuts a member's connections while its publisher closes: whether that drained, and how much the
/// member processed.
fn cut(sent: u64) -> Result<(bool, u64), LabError> {
    let publisher = Publisher::builder("cut").bind(ANY, ANY)?;
    let data = Relay::start(address(publisher.data_endpoint())?)?;
    let control = Relay::start(address(publisher.control_endpoint())?)?;
    let [to_data, to_control] = [&data, &control].map(|relay| format!("tcp://{}", relay.addr()));
    let subscriber = Subscriber::builder("cut").subscribe("");
    let subscriber = subscriber.connect(&to_data, &to_control)?;
    let member = Call::start("member", move || process(&subscriber))?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    data.stall();
    for _ in 0..sent {
        publisher.publish("t", &MESSAGE[..])?;
    }
    let closing = Call::start("close", move || {
        publisher
            .close_by(Instant::now() + SOON, Quorum::All)
            .is_drained()
    })?;
    if closing.within(Duration::from_millis(100))?.is_some() {
        return Err(LabError::unready("nothing was on its way"));
    }
    for relay in [&data, &control] {
        relay.cut();
        relay.resume();
    }
    let (is_drained, _) = closing.must_return(2 * SOON)?;
    let (processed, _) = member.must_return(2 * SOON)?;
    Ok((is_drained, processed?))
}

fn address(endpoint: &str) -> Result<SocketAddr, LabError> {
    let address = endpoint.strip_prefix("tcp://").unwrap_or_default().parse();
    address.map_err(|_| LabError::unready(format!("{endpoint:?} is no address")))
}

/// Kills a member that was sent something: what the report says of it.
fn gone(lab: &Lab) -> Result<(MemberOutcome, u64), LabError> {
    let publisher = Publisher::builder("gone").bind(ANY, ANY)?;
    let endpoints = [publisher.data_endpoint(), publisher.control_endpoint()];
    let child = lab.spawn(no_receipt::ROLE.name, &endpoints)?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    child.signal(Signal::Stop)?;
    for _ in 0..no_receipt::MESSAGES {
        publisher.publish("t", "m")?;
    }
    child.signal(Signal::Kill)?;
    let deadline = Instant::now() + Duration::from_millis(500);
    let report = publisher.close_by(deadline, Quorum::All);
    let member = report.members.first();
    let member = member.ok_or_else(|| LabError::unready("the report names no member"))?;
    Ok((member.outcome, member.unacked()))
}
