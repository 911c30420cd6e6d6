//! A socket that is closed in the moment that its peer goes may linger to the end, for nobody.

use std::hint;
use std::time::{Duration, Instant};

use linger::linger_registry::{Outcome, Registry};
use linger::zmq::{self, SocketEvent};

use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, Watch, bind, millis};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "closed_as_peer_goes",
    claim: "A bound socket that is closed in the moment that its peer goes may linger to the end, \
            for nobody",
    folklore: "without a peer there is nothing to wait for",
    run,
};

const MESSAGE: [u8; 1_000] = [b'm'; 1_000];

/// More than the buffers of the kernel take for a peer that reads nothing.
const QUEUED: u64 = 3_000;

/// One of some ten does.
const MOST: u64 = 300;

const LINGER: Duration = Duration::from_millis(300);

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let enough: u64 = lab.size(10, 1);
    let (mut tried, mut held) = (0, 0);
    while tried < MOST && held < enough {
        held += u64::from(raw(tried)? + Duration::from_millis(2) >= LINGER);
        tried += 1;
    }
    let limit = Duration::from_millis(200);
    let closes: u64 = lab.size(50, 5);
    let (mut honest, mut slowest) = (0, Duration::ZERO);
    for run in 0..closes {
        let (outcome, took) = cured(run, limit)?;
        honest += u64::from(!matches!(outcome, None | Some(Outcome::Emptied { .. })));
        slowest = slowest.max(took);
    }
    // Far from the linger of the sockets, which is `SOON`.
    let is_bounded = slowest < limit + Duration::from_secs(1);
    Ok(Finding::new(
        held > 0 && is_bounded && honest == closes,
        format!(
            "LINGER {} ms, {QUEUED} queued, closed within half a millisecond of the peer's end: in \
             {held} of {tried} runs it lingered to the end",
            LINGER.as_millis(),
        ),
        format!(
            "`close_by` in {} ms took {:.0} ms at most, and of {closes} observed sockets {} were \
             reported as emptied",
            limit.as_millis(),
            millis(slowest),
            closes - honest,
        ),
        [
            ("runs", tried as f64),
            ("held_runs", held as f64),
            ("slowest_close_ms", millis(slowest)),
            ("honest_closes", honest as f64),
        ],
    ))
}

/// From the close to the end of a socket whose peer went as it was closed.
fn raw(run: u64) -> Result<Duration, LabError> {
    let context = zmq::Context::new();
    let linger = i32::try_from(LINGER.as_millis()).unwrap_or(i32::MAX);
    let socket = wire::open(&context, zmq::PUSH, linger)?;
    let endpoint = bind(&socket)?;
    let stopped = Watch::on(
        &context,
        &socket,
        "stopped",
        &[SocketEvent::MONITOR_STOPPED],
    )?;
    let peer = Peer::come(&endpoint, &socket)?;
    let _theirs = peer.go(run);
    let closed = Instant::now();
    drop(socket);
    stopped.must_hear("the end of the socket")?;
    Ok(closed.elapsed())
}

/// What a registry says of such a socket, and how long its close took.
fn cured(run: u64, limit: Duration) -> Result<(Option<Outcome>, Duration), LabError> {
    let registry = Registry::new();
    let socket = registry
        .socket(zmq::PUSH)
        .name("out")
        .linger(SOON)
        .observe();
    let socket = socket.open()?;
    socket.set_sndhwm(0)?;
    socket.bind("tcp://127.0.0.1:*")?;
    let peer = Peer::come(&socket.last_endpoint().unwrap_or_default(), &socket)?;
    let _theirs = peer.go(run);
    drop(socket);
    let begun = Instant::now();
    let report = registry.close_by(begun + limit);
    let outcome = report.socket("out").map(|socket| socket.outcome().clone());
    Ok((outcome, begun.elapsed()))
}

/// One that reads nothing.
struct Peer {
    socket: zmq::Socket,
    context: zmq::Context,
}

impl Peer {
    /// Connects, and has a queue filled for it.
    fn come(endpoint: &str, sender: &zmq::Socket) -> zmq::Result<Self> {
        let context = zmq::Context::new();
        let socket = wire::open(&context, zmq::PULL, 0)?;
        socket.set_rcvhwm(1)?;
        socket.set_rcvbuf(64 << 10)?;
        socket.connect(endpoint)?;
        // The first waits until it is there.
        (0..QUEUED).try_for_each(|_| sender.send(&MESSAGE[..], 0))?;
        Ok(Self { socket, context })
    }

    /// Goes; what comes next comes a little later in each run, to meet the news of it.
    ///
    /// Its context can be ended later: that takes longer than the news.
    fn go(self, run: u64) -> zmq::Context {
        drop(self.socket);
        let gone = Instant::now();
        while gone.elapsed() < Duration::from_micros(run % 100 * 5) {
            hint::spin_loop();
        }
        self.context
    }
}
