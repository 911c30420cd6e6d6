//! A peer that is frozen is not seen, unless there are heartbeats.

use std::fs;
use std::time::{Duration, Instant};

use linger::linger_ack::MemberOutcome;
use linger::linger_registry::Trap;
use linger::zmq::{self, SocketEvent};
use linger::{Publisher, Quorum, Subscriber};

use crate::lab::acked::ANY;
use crate::lab::conditions::Lab;
use crate::lab::detour::Detour;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::stranger::Stranger;
use crate::lab::trap;
use crate::lab::wire::{self, SOON, Watch, millis};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "heartbeats",
    claim: "TCP_KEEPALIVE is a silent no-op in the bundled build; ZMTP heartbeats see a frozen \
            peer within interval and timeout",
    folklore: "set TCP_KEEPALIVE, and dead peers are noticed",
    run,
};

const INTERVAL: Duration = Duration::from_millis(100);

const TIMEOUT: Duration = Duration::from_millis(300);

/// A busy machine sees everything late.
const LATE: Duration = Duration::from_secs(1);

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let keepalive = keepalive_timers()?;
    let is_expected = keepalive.map(|armed| armed == lab.is_system_libzmq());
    let traps = trap::named(|socket| socket.set_tcp_keepalive(1))?;
    let is_named = lab.is_system_libzmq() || traps == [Trap::Keepalive];
    let without = lab.size(Duration::from_secs(2), Duration::from_millis(600));
    let unseen = frozen(None, without)?.is_none();
    let seen = frozen(Some((INTERVAL, TIMEOUT)), SOON)?;
    let is_seen =
        seen.is_some_and(|after| after >= TIMEOUT / 2 && after < INTERVAL + TIMEOUT + LATE);

    let (expired, outcome) = expire()?;
    let is_expired = expired.is_some_and(|after| after < TIMEOUT + LATE)
        && outcome == Some(MemberOutcome::Expired);
    let said = |after: Option<Duration>| {
        after.map_or_else(
            || "never".to_owned(),
            |after| format!("after {:.0} ms", millis(after)),
        )
    };
    Ok(Finding::new(
        is_expected != Some(false) && is_named && unseen && is_seen && is_expired,
        format!(
            "keepalive was set, and the kernel's timer for it {}; a frozen peer was {} without \
             heartbeats, with interval {} ms and timeout {} ms it was seen {}",
            match keepalive {
                Some(true) => "runs",
                Some(false) => "does not run",
                None => "can't be seen here",
            },
            if unseen {
                format!("not seen in {} ms", without.as_millis())
            } else {
                "seen".to_owned()
            },
            INTERVAL.as_millis(),
            TIMEOUT.as_millis(),
            said(seen),
        ),
        format!(
            "the registry {} where keepalive is set; members of a `Publisher` beat: with an expiry \
             of {} ms a frozen one was let go {}, and the report names it as {}",
            trap::said(&traps),
            TIMEOUT.as_millis(),
            said(expired),
            outcome.map_or_else(
                || "nothing".to_owned(),
                |outcome| format!("{outcome:?}").to_lowercase()
            ),
        ),
        [
            (
                "keepalive_timers",
                keepalive.map_or(f64::NAN, |armed| f64::from(u8::from(armed))),
            ),
            ("heartbeat_seen_ms", seen.map_or(f64::NAN, millis)),
            ("member_expired_ms", expired.map_or(f64::NAN, millis)),
        ],
    ))
}

/// Whether the kernel runs a keepalive timer for a connection for which it was asked to.
///
/// `None` where the kernel does not tell, which Linux does.
fn keepalive_timers() -> Result<Option<bool>, LabError> {
    let context = zmq::Context::new();
    let sockets = [zmq::PULL, zmq::PUSH].map(|kind| wire::open(&context, kind, 0));
    let [puller, pusher] = sockets;
    let (puller, pusher) = (puller?, pusher?);
    for socket in [&puller, &pusher] {
        socket.set_tcp_keepalive(1)?;
        socket.set_tcp_keepalive_idle(600)?;
    }
    let endpoint = wire::bind(&puller)?;
    pusher.connect(&endpoint)?;
    pusher.send("hello", 0)?;
    if wire::count(&puller, 1, SOON)? == 0 {
        return Err(LabError::unready("nothing arrived"));
    }
    let port = endpoint
        .rsplit(':')
        .next()
        .and_then(|port| port.parse::<u16>().ok());
    let Ok(connections) = fs::read_to_string("/proc/self/net/tcp") else {
        return Ok(None);
    };
    let port = format!(":{:04X}", port.unwrap_or_default());
    // Local address, remote address, state (01 is established), queues, timer: 02 is keepalive.
    let timers: Vec<_> = connections
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|row| row.len() > 5 && row[3] == "01")
        .filter(|row| row[1].ends_with(&port) || row[2].ends_with(&port))
        .map(|row| row[5].starts_with("02:"))
        .collect();
    Ok((timers.len() == 2).then(|| timers.contains(&true)))
}

/// When a peer that shook hands and then fell silent is seen to be gone.
fn frozen(
    heartbeats: Option<(Duration, Duration)>,
    limit: Duration,
) -> Result<Option<Duration>, LabError> {
    let context = zmq::Context::new();
    let socket = wire::open(&context, zmq::PULL, 0)?;
    if let Some((interval, timeout)) = heartbeats {
        socket.set_heartbeat_ivl(wire::option(interval))?;
        socket.set_heartbeat_timeout(wire::option(timeout))?;
    }
    let gone = Watch::on(&context, &socket, "gone", &[SocketEvent::DISCONNECTED])?;
    let endpoint = wire::bind(&socket)?;
    let stranger = Stranger::greeted(&endpoint, "PUSH", b"")?;
    let begun = Instant::now();
    let is_gone = gone.heard(Some(begun + limit))?;
    let after = begun.elapsed();
    drop(stranger);
    Ok(is_gone.then_some(after))
}

/// When a member that is frozen is let go, and what the report says of it.
fn expire() -> Result<(Option<Duration>, Option<MemberOutcome>), LabError> {
    let builder = Publisher::builder("ticks").expiry(TIMEOUT);
    let publisher = builder.bind(ANY, ANY)?;
    let control = Detour::to(publisher.control_endpoint())?;
    let subscriber = Subscriber::builder("frozen")
        .subscribe("")
        .connect(publisher.data_endpoint(), &control.endpoint)?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    publisher.publish("T", "owed")?;
    control.relay.stall();
    let begun = Instant::now();
    let flushed = publisher.flush_by(begun + SOON, Quorum::All);
    let after = (flushed.is_err() && publisher.member_count() == 0).then(|| begun.elapsed());
    let report = publisher.close_by(Instant::now(), Quorum::All);
    drop(subscriber);
    Ok((after, report.member("frozen").map(|member| member.outcome)))
}
