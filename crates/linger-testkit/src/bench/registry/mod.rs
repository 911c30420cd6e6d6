//! What it costs to have sockets from the registry.
//!
//! | figure | bare | ours |
//! |---|---|---|
//! | `registry_send_64B` | `zmq::Socket::send` of 64 bytes, in-process | the same through [`Socket`](linger::Socket) |
//! | `registry_recv_64B` | `zmq::Socket::recv` | the same through [`Socket`](linger::Socket) |
//! | `registry_open` | `Context::socket` and `set_linger` | `Registry::socket` … `open` |
//! | `registry_close_observed`, `…_16` | one socket, or 16, dropped; then the context, which waits | the same, then `close_by`, whose report says that all emptied |
//! | `registry_close_unobserved_16` | as before | with the switch `unobserved()` |

mod calls;
mod closing;
mod opening;

use super::{BenchError, Figure, Findings, Rounds};
use linger::linger_registry::Report;
use std::fmt::Display;
use std::time::Duration;

/// The linger that both sides set.
const LINGER: Duration = Duration::from_secs(1);

/// What a wait for the end of anything may take.
const AMPLE: Duration = Duration::from_secs(20);

/// All figures of the registry; each is told as soon as it is there.
///
/// # Errors
///
/// If a socket can't be had, a message is missing, or a close does not end as it should.
pub fn run(rounds: Rounds, mut tell: impl FnMut(&dyn Display)) -> Result<Findings, BenchError> {
    let mut findings = Findings::default();
    let mut add = |figure: Figure| {
        tell(&figure);
        findings.figures.push(figure);
    };
    add(calls::send(rounds)?);
    add(calls::recv(rounds)?);
    add(opening::open(rounds)?);
    add(closing::observed(rounds, "registry_close_observed", 1)?);
    add(closing::observed(rounds, "registry_close_observed_16", 16)?);
    add(closing::unobserved(
        rounds,
        "registry_close_unobserved_16",
        16,
    )?);
    Ok(findings)
}

/// That so many sockets emptied, and the context ended.
fn is_clean(report: &Report, sockets: usize) -> Result<(), BenchError> {
    match report.is_clean() && report.sockets().len() == sockets {
        true => Ok(()),
        false => Err(BenchError::Wrong(format!(
            "not {sockets} that emptied\n{report}"
        ))),
    }
}
