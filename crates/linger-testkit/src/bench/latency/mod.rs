//! How long a message takes to the application at a moderate rate, beside bare PUB and SUB.
//!
//! | figure | bare | ours |
//! |---|---|---|
//! | `latency_p50_tcp_64B_1sub`, `latency_p99_…` | from right before `send` to the return of `recv`, on a thread of its own for each receiver | from right before [`publish`](linger::Publisher::publish) to the delivery, which is then acknowledged (level *processed*) |
//! | `latency_cpu_tcp_64B_1sub`, … | what the process computed in those blocks, for each message published | the same |
//!
//! 2,000 messages a second, each by itself; each carries the time at which it was sent. The publisher
//! sleeps in between, as one that spins would take one of two cores from those it is to wake; so each
//! message finds every thread asleep, which is the hardest case. Of each block the median and the 99th
//! percentile of all receivers' messages are taken.

mod bare;
mod block;
mod ours;
mod pace;

use self::bare::Bare;
use self::ours::Ours;
use super::ack::load::{Load, Transport};
use super::figure::{Case, Figure};
use super::{Bar, BenchError, Plan};

/// Of times: ours in multiples of the bare one.
const BAR: Bar = Bar::AtMost(1.2);

/// Payloads, in bytes; a time has to fit.
const PAYLOADS: [(&str, usize); 2] = [("64B", 64), ("1KiB", 1 << 10)];

/// All figures of the latency.
///
/// # Errors
///
/// If a socket can't be had, or a message is missing.
pub fn run(plan: &mut Plan<'_>) -> Result<(), BenchError> {
    for transport in [Transport::Tcp, Transport::Ipc] {
        for (size, payload) in PAYLOADS {
            for subscribers in [1, 4] {
                let case = format!("{transport}_{size}_{subscribers}sub");
                let load = Load {
                    transport,
                    payload,
                    subscribers,
                    messages: plan.effort().pick(2_000, 500, 50),
                };
                compare(plan, &case, load)?;
            }
        }
    }
    Ok(())
}

fn compare(plan: &mut Plan<'_>, case: &str, load: Load) -> Result<(), BenchError> {
    let [p50, p99, cpu] = ["p50", "p99", "cpu"].map(|what| format!("latency_{what}_{case}"));
    if ![&p50, &p99, &cpu].into_iter().any(|name| plan.wants(name)) {
        return Ok(());
    }
    let mut bare = Bare::new(load)?;
    let mut ours = Ours::new(load)?;
    let rounds = plan.effort().rounds(1);
    let [half, most, costs] = rounds.rounds(|| bare.block(), || ours.block())?;
    ours.end()?;
    let figures = [
        Figure::of(Case::new(p50, "PUB, SUB", BAR), &half, 2),
        Figure::of(Case::new(p99, "PUB, SUB", BAR), &most, 2),
        Figure::of(
            Case::new(cpu, "PUB, SUB", Bar::None),
            &costs,
            2 * load.messages,
        ),
    ];
    for figure in figures {
        if plan.wants(&figure.name) {
            plan.figure(figure);
        }
    }
    Ok(())
}
