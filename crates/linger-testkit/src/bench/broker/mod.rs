//! What the detour by way of a broker costs: the same messages through NATS JetStream.
//!
//! | figure | NATS | ours |
//! |---|---|---|
//! | `broker_nats_64B` | a publisher that has thousands of acknowledgements on their way, a stream in memory, a consumer that acknowledges what it got: until the server has confirmed the last of both | a [`Publisher`](linger::Publisher) and a [`Subscriber`](linger::Subscriber) whose application acknowledges each delivery: until the publisher knows of the last |
//!
//! The server is a process of its own, on loopback, started for this and stopped after it, and is
//! given memory in exchange for speed (`GOGC=400`, a tenth faster here). The client is written for it,
//! in `protocol`: a write for hundreds of messages, a read for whatever there is, no task and no
//! allocation for a single message. The official one for Rust was put beside it once: about as fast
//! where one acknowledgement counts for many, a tenth slower where each message has its own, and never
//! faster. Which consumer is fastest depends on the machine, so each run tries all four first (pulled
//! or pushed, an acknowledgement for each message or one for many), and ours is put beside the fastest.
//!
//! Both sides are checked: every message and every byte arrives, in order; with NATS every publish
//! is acknowledged with its number in the stream, nothing is delivered twice, and at the end the
//! consumer's floor is the last message.
//!
//! It is no fair comparison, and not meant as one. What the broker's throughput buys is what ours has
//! not: messages outlive their publisher (and, on disk, a restart), replicas outlive a machine,
//! consumers may come late and begin with the first message, and many may share one queue of work.
//! The question is what it costs where none of that is needed.

mod nats;
mod ours;
mod protocol;
mod server;
mod way;

use self::nats::Nats;
use self::ours::Ours;
use self::server::{HINT, Server};
use self::way::Way;
use super::figure::Case;
use super::{Bar, BenchError, Plan};
use std::time::Duration;

/// The length of a payload, in bytes.
const PAYLOAD: usize = 64;

/// What a wait for anything may take.
const AMPLE: Duration = Duration::from_secs(30);

/// All figures of the comparison; none where there is no server, which is told.
///
/// # Errors
///
/// If the server can't be started, or on either side a message or an acknowledgement is missing.
pub fn run(plan: &mut Plan<'_>) -> Result<(), BenchError> {
    measure(plan, server::program())
}

fn measure(plan: &mut Plan<'_>, program: Option<&str>) -> Result<(), BenchError> {
    let name = "broker_nats_64B";
    if !plan.wants(name) {
        return Ok(());
    }
    let Some(program) = program else {
        plan.skip(format!("{name}: {HINT}"));
        return Ok(());
    };
    let messages = plan.effort().pick(200_000, 50_000, 2_000);
    let server = Server::start(program)?;
    let nats = Nats::connect(&server)?;
    let way = fastest(plan, &nats, messages)?;
    let mut ours = Ours::new()?;
    let rounds = plan.effort().rounds(messages);
    let figure = rounds.compare(
        Case::new(name, way.peer(), Bar::AtLeast(10.0)),
        |count| nats.block(way, count),
        |count| ours.block(count),
    )?;
    plan.figure(figure);
    ours.end()
}

/// The way to consume that is fastest here, by the median of some blocks.
fn fastest(plan: &mut Plan<'_>, nats: &Nats<'_>, messages: u32) -> Result<Way, BenchError> {
    let blocks = plan.effort().pick(5, 3, 1);
    let mut best: Option<(Duration, Way)> = None;
    for way in Way::ALL {
        let times = (0..blocks).map(|_| nats.block(way, messages));
        let mut times = times.collect::<Result<Vec<_>, _>>()?;
        times.sort();
        let took = times.get(times.len() / 2).copied().unwrap_or(Duration::MAX);
        let rate = f64::from(messages) / took.as_secs_f64();
        plan.remark(format_args!(
            "tried: {}: {:.0} k messages/s",
            way.peer(),
            rate / 1e3
        ));
        if best.is_none_or(|(least, _)| took < least) {
            best = Some((took, way));
        }
    }
    let none = || BenchError::Wrong("nothing was tried".to_owned());
    best.map(|(_, way)| way).ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Effort;
    use std::fmt::Display;

    #[test]
    fn where_the_server_is_missing_it_is_told_and_there_is_no_figure() {
        let mut told = Vec::new();
        let mut tell = |it: &dyn Display| told.push(it.to_string());
        let mut plan = Plan::new(Effort::Smoke, "broker", &mut tell);
        measure(&mut plan, None).unwrap();
        let findings = plan.into_findings();
        assert!(findings.figures.is_empty());
        assert_eq!(findings.skipped.len(), 1);
        assert!(
            told[0].starts_with("SKIPPED: broker_nats_64B: "),
            "{told:?}"
        );
    }

    #[test]
    fn a_server_that_does_not_start_is_an_error() {
        let mut tell = |_: &dyn Display| {};
        let mut plan = Plan::new(Effort::Smoke, "", &mut tell);
        assert!(measure(&mut plan, Some("false")).is_err());
        assert!(plan.into_findings().figures.is_empty());
    }
}
