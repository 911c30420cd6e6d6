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

use super::{BenchError, Effort, Figure, Plan, Rounds};
use linger::linger_registry::Report;
use std::time::Duration;

/// The linger that both sides set.
const LINGER: Duration = Duration::from_secs(1);

/// What a wait for the end of anything may take.
const AMPLE: Duration = Duration::from_secs(20);

/// All figures of the registry.
///
/// # Errors
///
/// If a socket can't be had, a message is missing, or a close does not end as it should.
pub fn run(plan: &mut Plan<'_>) -> Result<(), BenchError> {
    let rounds = match plan.effort() {
        Effort::Full => Rounds::FULL,
        Effort::Quick | Effort::Smoke => Rounds::QUICK,
    };
    type Measure = fn(Rounds, &'static str) -> Result<Figure, BenchError>;
    let all: [(_, Measure); 6] = [
        ("registry_send_64B", calls::send),
        ("registry_recv_64B", calls::recv),
        ("registry_open", opening::open),
        ("registry_close_observed", |rounds, name| {
            closing::observed(rounds, name, 1)
        }),
        ("registry_close_observed_16", |rounds, name| {
            closing::observed(rounds, name, 16)
        }),
        ("registry_close_unobserved_16", |rounds, name| {
            closing::unobserved(rounds, name, 16)
        }),
    ];
    for (name, measure) in all {
        if plan.wants(name) {
            plan.figure(measure(rounds, name)?);
        }
    }
    Ok(())
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
