//! A socket that ended before its linger has not delivered what it held.

use std::thread;
use std::time::{Duration, Instant};

use linger::linger_registry::Outcome;
use linger::zmq::{self, SocketEvent};
use linger::{Quorum, Registry, Subscriber};

use crate::lab::acked::publisher;
use crate::lab::conditions::Lab;
use crate::lab::detour::Detour;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, Watch, millis};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "emptied_not_delivered",
    claim: "A bound socket whose peer is gone drops its queue at once, and ends as if it had sent \
            everything",
    folklore: "it ended before its linger, so everything was sent",
    run,
};

/// More than kernel buffers take of all of them.
const MESSAGE: [u8; 1_000] = [b'm'; 1_000];

const LINGER: Duration = Duration::from_secs(10);

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let queued: u64 = lab.size(20_000, 10_000);
    let took = raw(queued)?;
    let outcome = registry(queued)?;
    let limit = Duration::from_millis(500);
    let unacked = unacknowledged(queued, limit)?;
    // Far from the linger, and from whatever a busy machine adds.
    let is_early = took < LINGER / 4;
    let is_told = matches!(outcome, Some(Outcome::PeerLost { .. }));
    Ok(Finding::new(
        is_early && is_told && unacked == queued,
        format!(
            "bound PUSH, {queued} queued, its peer gone without reading one: closed with LINGER \
             {} s, MONITOR_STOPPED after {:.1} ms",
            LINGER.as_secs(),
            millis(took),
        ),
        format!(
            "a socket opened with `observe` is reported as {}; a `Publisher` whose member is gone \
             names it with {unacked} of {queued} unacknowledged",
            outcome.map_or_else(|| "nothing".to_owned(), |outcome| outcome.to_string()),
        ),
        [
            ("queued_messages", queued as f64),
            ("linger_ms", millis(LINGER)),
            ("stopped_ms", millis(took)),
            ("named_messages", unacked as f64),
        ],
    ))
}

/// A peer that connects, takes next to nothing, and goes once so many were queued for it.
fn come_and_go(
    endpoint: &str,
    queue: impl FnOnce() -> Result<(), LabError>,
) -> Result<(), LabError> {
    let theirs = zmq::Context::new();
    let peer = theirs.socket(zmq::PULL)?;
    peer.set_linger(0)?;
    peer.set_rcvhwm(1)?;
    peer.set_rcvbuf(64 << 10)?;
    peer.connect(endpoint)?;
    queue()
}

/// Waits until the socket knows of it: closed before that, it may linger to the end.
///
/// Its monitor hears of it earlier than the socket itself.
fn until_known(socket: &zmq::Socket) -> Result<(), LabError> {
    let deadline = Instant::now() + SOON;
    while socket.poll(zmq::POLLOUT, 0)? > 0 {
        if Instant::now() > deadline {
            return Err(LabError::unready("the peer is still there"));
        }
        thread::yield_now();
    }
    Ok(())
}

/// From the close to the end of a socket whose peer is gone.
fn raw(queued: u64) -> Result<Duration, LabError> {
    let context = zmq::Context::new();
    let socket = wire::open(&context, zmq::PUSH, 0)?;
    socket.set_linger(wire::option(LINGER))?;
    let events = [SocketEvent::DISCONNECTED, SocketEvent::MONITOR_STOPPED];
    let watch = Watch::on(&context, &socket, "watch", &events)?;
    let endpoint = wire::bind(&socket)?;
    come_and_go(&endpoint, || {
        // The first waits until the peer is there.
        Ok((0..queued).try_for_each(|_| socket.send(&MESSAGE[..], 0))?)
    })?;
    watch.must_hear("the end of the peer")?;
    until_known(&socket)?;
    let begun = Instant::now();
    drop(socket);
    watch.must_hear("the end of the socket")?;
    Ok(begun.elapsed())
}

/// What the registry says of it.
fn registry(queued: u64) -> Result<Option<Outcome>, LabError> {
    let registry = Registry::new();
    let socket = registry
        .socket(zmq::PUSH)
        .name("out")
        .linger(LINGER)
        .observe();
    let socket = socket.open()?;
    socket.set_sndhwm(0)?;
    socket.bind("tcp://127.0.0.1:*")?;
    let endpoint = socket.last_endpoint().unwrap_or_default();
    come_and_go(&endpoint, || {
        Ok((0..queued).try_for_each(|_| socket.send(&MESSAGE[..], 0))?)
    })?;
    until_known(&socket)?;
    drop(socket);
    let report = registry.close_by(Instant::now() + SOON);
    Ok(report.socket("out").map(|socket| socket.outcome().clone()))
}

/// What a publisher names as unacknowledged of a member that is gone.
fn unacknowledged(queued: u64, limit: Duration) -> Result<u64, LabError> {
    let publisher = publisher()?;
    let data = Detour::to(publisher.data_endpoint())?;
    let control = Detour::to(publisher.control_endpoint())?;
    let all = Subscriber::builder("gone").subscribe("");
    let subscriber = all.connect(&data.endpoint, &control.endpoint)?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    for _ in 0..queued {
        publisher.publish("T", &MESSAGE[..])?;
    }
    for detour in [&data, &control] {
        detour.relay.refuse();
        detour.relay.cut();
    }
    drop(subscriber);
    let report = publisher.close_by(Instant::now() + limit, Quorum::All);
    Ok(report.member("gone").map_or(0, |member| member.unacked()))
}
