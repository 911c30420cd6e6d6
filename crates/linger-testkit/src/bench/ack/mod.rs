//! Acknowledged publishing in the steady state, beside bare PUB and SUB.
//!
//! | figure | bare | ours |
//! |---|---|---|
//! | `ack_tcp_64B_1sub`, … | frames of topic and payload through `PUB` and `SUB`, each receiver on a thread of its own: from the first message sent to the last received | the same messages by a [`Publisher`](linger::Publisher), each delivery acknowledged by the application (level *processed*) |
//! | `ack_cpu_tcp_64B_1sub`, … | what the process computed in those blocks, for each message published | the same |
//! | `ack_single_tcp_64B_1sub`, … | the same | the application takes and acknowledges one delivery after the other; in the figures above, what is ready at once |
//!
//! Both sides are whole and connected all the time, in one process, with a context of its own for each
//! end; a block is so many messages through one of them. Each receiver has to have every message and
//! every byte; with ours the publisher has to know it, too: a flush follows each block, and its time is
//! not counted. Both send from one buffer, again and again.
//!
//! `PUB` drops what is beyond its high-water mark, so which mark a skilled user would set depends on the
//! load. It is looked for anew in each run, for each case: of those that lost nothing in any of several
//! blocks, the one with the fastest median; should it lose something later, the next best.

pub(super) mod bare;
mod calibrate;
pub(super) mod load;
mod ours;

use self::bare::Bare;
use self::load::{Load, Transport};
use self::ours::{Ours, Take};
use super::figure::Case;
use super::{Bar, BenchError, Effort, Plan};

/// What the name of a case is made of, and its bar.
const CASES: [(&str, usize, [f64; 2]); 3] = [
    ("64B", 64, [0.90, 0.90]),
    ("1KiB", 1 << 10, [0.95, 0.95]),
    ("64KiB", 64 << 10, [0.95, 0.90]),
];

/// How many subscribers.
const SUBSCRIBERS: [usize; 2] = [1, 4];

/// All figures of the steady state.
///
/// # Errors
///
/// If a socket can't be had, or a message is missing.
pub fn run(plan: &mut Plan<'_>) -> Result<(), BenchError> {
    for transport in [Transport::Tcp, Transport::Ipc] {
        for (size, bytes, bars) in CASES {
            for (subscribers, bar) in SUBSCRIBERS.into_iter().zip(bars) {
                let load = Load {
                    transport,
                    payload: bytes,
                    subscribers,
                    messages: messages(plan.effort(), bytes, subscribers),
                };
                let case = format!("{transport}_{size}_{subscribers}sub");
                compare(plan, &case, load, Take::Batches, Bar::AtLeast(bar))?;
                if bytes < 1_000 && matches!(transport, Transport::Tcp) {
                    let case = format!("single_{case}");
                    compare(plan, &case, load, Take::Single, Bar::None)?;
                }
            }
        }
    }
    Ok(())
}

fn compare(
    plan: &mut Plan<'_>,
    case: &str,
    load: Load,
    take: Take,
    bar: Bar,
) -> Result<(), BenchError> {
    let names = [format!("ack_{case}"), format!("ack_cpu_{case}")];
    if !names.iter().any(|name| plan.wants(name)) {
        return Ok(());
    }
    let [rate, cpu] = names;
    let cases = [
        Case::new(rate, "PUB, SUB", bar),
        Case::new(cpu, "PUB, SUB", Bar::None),
    ];
    let rounds = plan.effort().rounds(load.messages);
    for marks in calibrate::by_speed(plan.effort(), load)? {
        let mut bare = Bare::new(load, marks)?;
        let mut ours = Ours::new(load, take)?;
        let figures = rounds.compare_cost(cases.clone(), |_| bare.block(), |_| ours.block());
        ours.end()?;
        match figures {
            Ok(figures) => {
                plan.remark(format_args!("{}: {marks}", cases[0].name));
                for figure in figures {
                    if plan.wants(&figure.name) {
                        plan.figure(figure);
                    }
                }
                return Ok(());
            }
            // It was luck that it had lost nothing: the next best.
            Err(BenchError::Lost(how)) => {
                plan.remark(format_args!("{}: {marks}: {how}", cases[0].name));
            }
            Err(error) => return Err(error),
        }
    }
    Err(BenchError::Lost("with all marks".to_owned()))
}

/// So many that a block takes some tenths of a second.
fn messages(effort: Effort, bytes: usize, subscribers: usize) -> u32 {
    let all = match bytes {
        0..1_000 => 400_000,
        1_000..60_000 => 200_000,
        _ => 10_000,
    };
    let all = all / u32::try_from(subscribers).unwrap_or(u32::MAX);
    effort.pick(all, all / 4, all / 100)
}
