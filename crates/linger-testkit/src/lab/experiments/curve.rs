//! Encryption is there only where libzmq was built with it.

use std::time::{Duration, Instant};

use linger::linger_ack::{OpenError, SecurityError};
use linger::zmq::{self, CurveKeyPair};
use linger::{Publisher, Quorum, Subscriber};

use crate::lab::acked::{ANY, Member};
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "curve",
    claim: "CURVE is there only where libzmq was built with it, and the bundled one was not: there \
            its keys and options are refused",
    folklore: "libzmq 4 encrypts: set the keys",
    run,
};

fn run(lab: &Lab) -> Result<Finding, LabError> {
    match zmq::has("curve") {
        Some(true) => {
            let found = encrypted(lab)?;
            // Told apart by what is linked: the claim is that the bundled one has it not.
            Ok(Finding {
                holds: found.holds && lab.is_system_libzmq(),
                ..found
            })
        }
        _ => without(),
    }
}

fn without() -> Result<Finding, LabError> {
    let context = zmq::Context::new();
    let server = context.socket(zmq::PULL)?;
    let option = server.set_curve_server(true);
    let keys = CurveKeyPair::new();
    let is_refused = option.is_err() && keys.is_err();

    let builder = Publisher::builder("ticks").curve_server([7; 32]);
    let bound = builder.bind(ANY, ANY);
    let is_told = matches!(
        bound,
        Err(OpenError::Security {
            source: SecurityError::Unsupported { .. },
            ..
        })
    );
    let said = |error: Option<zmq::Error>| {
        error.map_or_else(
            || "is taken".to_owned(),
            |error| format!("says \"{error}\""),
        )
    };
    Ok(Finding::new(
        is_refused && is_told,
        format!(
            "`zmq::has(\"curve\")` is false; CURVE_SERVER {}, drawing keys {}",
            said(option.err()),
            said(keys.err()),
        ),
        match bound {
            Ok(_) => "`Publisher` is bound, unencrypted".to_owned(),
            Err(error) => format!("`bind` binds nothing: \"{error}\""),
        },
        [("has_curve", 0.0)],
    ))
}

fn encrypted(lab: &Lab) -> Result<Finding, LabError> {
    let messages: u64 = lab.size(10_000, 1_000);
    let quiet = lab.size(Duration::from_secs(1), Duration::from_millis(400));
    let server = CurveKeyPair::new()?;
    let with_keys = arrive(&server, Some(server.public_key), messages, SOON)?;
    let wrong_key = arrive(
        &server,
        Some(CurveKeyPair::new()?.public_key),
        messages,
        quiet,
    )?;
    let in_clear = arrive(&server, None, messages, quiet)?;

    let builder = Publisher::builder("ticks").curve_server(server.secret_key);
    let publisher = builder.bind(ANY, ANY)?;
    let (data, control) = (publisher.data_endpoint(), publisher.control_endpoint());
    let own = CurveKeyPair::new()?;
    let member = Subscriber::builder("member").subscribe("");
    let member = member.curve(server.public_key, own.public_key, own.secret_key);
    let member = Member::take(member.connect(data, control)?)?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    let stranger = Subscriber::builder("stranger")
        .subscribe("")
        .connect(data, control)?;
    let is_let_in = stranger.wait_until_member(Instant::now() + quiet);
    for number in 0..messages {
        publisher.publish("T", number.to_be_bytes().to_vec())?;
    }
    let report = publisher.close_by(Instant::now() + SOON, Quorum::All);
    let heard = member.processed()?;
    Ok(Finding::new(
        with_keys == messages
            && wrong_key + in_clear == 0
            && report.is_drained()
            && heard == messages
            && !is_let_in,
        format!(
            "`zmq::has(\"curve\")` is true; of {messages} messages arrived: with the server's key \
             {with_keys}, with another {wrong_key}, in clear {in_clear}"
        ),
        format!(
            "`Publisher` with CURVE on both ports: {heard} of {messages} delivered and \
             acknowledged; whoever comes in clear {} a member",
            if is_let_in {
                "becomes"
            } else {
                "never becomes"
            },
        ),
        [
            ("has_curve", 1.0),
            ("with_keys_messages", with_keys as f64),
            ("wrong_key_messages", wrong_key as f64),
            ("in_clear_messages", in_clear as f64),
            ("publisher_delivered_messages", heard as f64),
        ],
    ))
}

/// How many messages arrive at a server from a client that believes in this server key.
fn arrive(
    server: &CurveKeyPair,
    believed: Option<[u8; 32]>,
    messages: u64,
    patience: Duration,
) -> Result<u64, LabError> {
    let context = zmq::Context::new();
    let puller = wire::open(&context, zmq::PULL, 0)?;
    puller.set_curve_server(true)?;
    puller.set_curve_secretkey(&server.secret_key)?;
    let pusher = wire::open(&context, zmq::PUSH, 0)?;
    if let Some(believed) = believed {
        let own = CurveKeyPair::new()?;
        pusher.set_curve_serverkey(&believed)?;
        pusher.set_curve_publickey(&own.public_key)?;
        pusher.set_curve_secretkey(&own.secret_key)?;
    }
    pusher.connect(&wire::bind(&puller)?)?;
    for _ in 0..messages {
        pusher.send("in confidence", 0)?;
    }
    wire::count(&puller, messages, patience)
}
