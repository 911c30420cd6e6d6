//! Strangers can be kept out where there is no encryption.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use linger::linger_ack::UserIdIsName;
use linger::zmq::{self, SocketEvent};
use linger::{Publisher, Quorum, Registry, Subscriber};

use crate::lab::acked::{ANY, Member};
use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, Watch};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "plain_and_zap",
    claim: "PLAIN and ZAP work with and without CURVE: a handler decides on each connection by \
            user and password",
    folklore: "without CURVE nobody can be kept out",
    run,
};

/// Where libzmq asks (RFC 27).
const HANDLER: &str = "inproc://zeromq.zap.01";

const PASSWORD: &str = "sesame";

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let messages: u64 = lab.size(10_000, 1_000);
    let quiet = lab.size(Duration::from_secs(1), Duration::from_millis(300));
    let right = arrive(Some(PASSWORD), messages, SOON)?;
    let wrong = arrive(Some("guessed"), messages, quiet)?;
    let without = arrive(None, messages, quiet)?;
    let cured = cured(messages, quiet)?;
    Ok(Finding::new(
        right == messages
            && wrong + without == 0
            && cured.processed == messages
            && cured.is_drained
            && !cured.is_fooled,
        format!(
            "of {messages} messages arrived: with the right password {right}, with a wrong one \
             {wrong}, with none {without}"
        ),
        format!(
            "a handler on a registry socket, a `Publisher` with PLAIN on both ports, names bound \
             to users: {} of {messages} delivered and acknowledged; another user {} that name",
            cured.processed,
            if cured.is_fooled { "got" } else { "never got" },
        ),
        [
            ("sent_messages", messages as f64),
            ("right_password_messages", right as f64),
            ("wrong_password_messages", wrong as f64),
            ("without_password_messages", without as f64),
            ("publisher_delivered_messages", cured.processed as f64),
        ],
    ))
}

/// What a handler answers: version, request, status, text, user, metadata.
fn answer<F: Deref<Target = [u8]>>(request: &[F]) -> Vec<Vec<u8>> {
    // Version, request, domain, address, routing id, mechanism, user, password.
    let frame = |at: usize| request.get(at).map(Deref::deref).unwrap_or_default();
    let is_right = frame(5) == b"PLAIN" && frame(7) == PASSWORD.as_bytes();
    let (status, user) = match is_right {
        true => (&b"200"[..], frame(6)),
        false => (&b"400"[..], &b""[..]),
    };
    [b"1.0", frame(1), status, b"", user, b""]
        .map(<[u8]>::to_vec)
        .to_vec()
}

/// How many messages arrive from a client with this password.
fn arrive(password: Option<&str>, messages: u64, patience: Duration) -> Result<u64, LabError> {
    let context = zmq::Context::new();
    let handler = wire::open(&context, zmq::REP, 0)?;
    handler.bind(HANDLER)?;
    handler.set_rcvtimeo(20)?;
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let answers = Call::start("handler", move || {
        loop {
            match handler.recv_multipart(0) {
                Ok(request) => handler.send_multipart(answer(&request), 0)?,
                Err(zmq::Error::EAGAIN) if over.load(Ordering::Acquire) => return Ok(()),
                Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
    })?;
    let puller = wire::open(&context, zmq::PULL, 0)?;
    puller.set_plain_server(true)?;
    let ended = Watch::on(&context, &puller, "ended", &[SocketEvent::MONITOR_STOPPED])?;
    let pusher = wire::open(&context, zmq::PUSH, 0)?;
    if let Some(password) = password {
        pusher.set_plain_username(Some("user"))?;
        pusher.set_plain_password(Some(password))?;
    }
    pusher.connect(&wire::bind(&puller)?)?;
    for _ in 0..messages {
        pusher.send("for insiders", 0)?;
    }
    let arrived = wire::count(&puller, messages, patience);
    // Whoever is asked for goes last: a server whose question is never answered may not end.
    drop((pusher, puller));
    ended.must_hear("the end of the server")?;
    is_over.store(true, Ordering::Release);
    answers.must_return(SOON)?.0?;
    arrived
}

struct Cured {
    processed: u64,
    is_drained: bool,
    /// Another user joined under the member's name.
    is_fooled: bool,
}

fn cured(messages: u64, quiet: Duration) -> Result<Cured, LabError> {
    let registry = Registry::new();
    let handler = registry.socket(zmq::REP).name("zap").group("zap").open()?;
    handler.bind(HANDLER)?;
    let answers = Call::start("handler", move || {
        for request in handler.multipart_messages() {
            handler.send_multipart(answer(&request?), 0)?;
        }
        zmq::Result::Ok(())
    })?;
    let builder = Publisher::builder("ticks")
        .registry(&registry)
        .group("ticks");
    let builder = builder.plain_server().authorizer(UserIdIsName);
    let publisher = builder.bind(ANY, ANY)?;
    let (data, control) = (publisher.data_endpoint(), publisher.control_endpoint());
    // The right password, but the name of another.
    let liar = Subscriber::builder("member")
        .subscribe("")
        .plain("liar", PASSWORD);
    let liar = liar.connect(data, control)?;
    let is_fooled = liar.wait_until_member(Instant::now() + quiet);
    let member = Subscriber::builder("member")
        .subscribe("")
        .plain("member", PASSWORD);
    let member = Member::take(member.connect(data, control)?)?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    for number in 0..messages {
        publisher.publish("T", number.to_be_bytes().to_vec())?;
    }
    let report = publisher.close_by(Instant::now() + SOON, Quorum::All);
    let processed = member.processed()?;
    drop(liar);
    registry.stop("zap");
    answers.must_return(SOON)?.0?;
    // How its sockets ended says nothing that was asked here.
    let _ = registry.close_by(Instant::now() + SOON);
    Ok(Cured {
        processed,
        is_drained: report.is_drained(),
        is_fooled,
    })
}
