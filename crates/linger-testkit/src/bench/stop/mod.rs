//! The time to stop: from the word to the report.
//!
//! | figure | bare | ours |
//! |---|---|---|
//! | `stop_100k_1sub`, … | `PUB` is closed and its context terminated, both with a linger without end: from the close to the end of the context and to the last message of the last receiver, whichever comes last | [`close_by`](linger::Publisher::close_by), from the call to the report: *drained*, everyone has processed everything |
//! | `stop_10k_…`, `stop_0_…` | the same with a smaller backlog, and with none | the same |
//! | `stop_idle_1sub`, … | not a bare stop but a round trip: a message is published, all applications acknowledge it at once, the publisher knows it | `close_by` with no backlog |
//!
//! The backlog is there when the clock starts: published, and not received by any application. All
//! applications are held at a gate while it builds up, on both sides; the first act of a stop opens
//! the gate. Both sides have the same high-water marks: `PUB`'s takes all of the backlog, `SUB`'s is
//! libzmq's default, so most of it waits at the publisher and in the kernel, and is yet to be sent.
//! Each end has a context of its own, as it would have in a process of its own. Before the backlog
//! one message goes through, so that everyone is connected, and a member.
//!
//! A round trip is the shortest of several: acknowledgements wait up to 5 ms for company unless a
//! subscriber is told otherwise, and a stop is to be compared with those that don't. A stop's own
//! subscribers are left as they are by default.
//!
//! With 100,000 messages for 64 subscribers a block has 6.4 million deliveries: a full run has 7
//! rounds of it, a quick one has one.

mod bare;
mod load;
mod ours;
mod round_trip;

use self::load::Load;
use self::round_trip::{Circle, WAYS};
use super::figure::Case;
use super::{Bar, BenchError, Effort, Plan, Rounds};

/// The backlogs, and what a stop may take of the bare one.
const BACKLOGS: [(&str, u32, Bar); 3] = [
    ("0", 0, Bar::None),
    ("10k", 10_000, Bar::None),
    ("100k", 100_000, Bar::AtMost(1.15)),
];

const SUBSCRIBERS: [usize; 3] = [1, 8, 64];

/// How many round trips a stop may take with nothing to wait for.
const ROUND_TRIPS: Bar = Bar::AtMost(5.0);

/// How many round trips tell which way is the shortest.
const TRIED: u32 = 50;

/// All figures of stops; for a test with small backlogs, and few subscribers.
///
/// # Errors
///
/// If a socket can't be had, or a message is missing.
pub fn run(plan: &mut Plan<'_>) -> Result<(), BenchError> {
    let effort = plan.effort();
    let most = effort.pick(64, 64, 8);
    for (size, backlog, bar) in BACKLOGS {
        for subscribers in SUBSCRIBERS.into_iter().filter(|count| *count <= most) {
            let name = format!("stop_{size}_{subscribers}sub");
            if plan.wants(&name) {
                let load = Load {
                    backlog: effort.pick(backlog, backlog, backlog / 100),
                    subscribers,
                };
                let rounds = rounds(effort, load);
                let case = Case::new(name, "close, terminate", bar);
                plan.figure(rounds.compare(case, |_| bare::stop(load), |_| ours::stop(load))?);
            }
        }
    }
    for subscribers in SUBSCRIBERS.into_iter().filter(|count| *count <= most) {
        let name = format!("stop_idle_{subscribers}sub");
        if plan.wants(&name) {
            idle(plan, name, subscribers)?;
        }
    }
    Ok(())
}

fn idle(plan: &mut Plan<'_>, name: String, subscribers: usize) -> Result<(), BenchError> {
    let mut shortest = None;
    for way in WAYS {
        let mut circle = Circle::new(way, subscribers)?;
        // The first ones warm up.
        circle.times(TRIED / 5)?;
        let took = circle.times(TRIED)? / TRIED;
        circle.end()?;
        plan.remark(format_args!("{name}: a round trip {way}: {took:.3?}"));
        shortest = shortest
            .into_iter()
            .chain([(took, way)])
            .min_by_key(|(took, _)| *took);
    }
    let Some((_, way)) = shortest else {
        return Ok(());
    };
    let mut circle = Circle::new(way, subscribers)?;
    let stop = Load {
        backlog: 0,
        subscribers,
    };
    let rounds = plan.effort().rounds(plan.effort().pick(10, 5, 1));
    let figure = rounds.compare(
        Case::new(name, "a round trip", ROUND_TRIPS),
        |count| circle.times(count),
        |count| (0..count).map(|_| ours::stop(stop)).sum(),
    )?;
    circle.end()?;
    plan.figure(figure);
    Ok(())
}

/// A block is one stop; what takes long has fewer rounds, in a full run never fewer than 7.
fn rounds(effort: Effort, load: Load) -> Rounds {
    let deliveries = u64::from(load.backlog) * load.subscribers as u64;
    let count = match deliveries {
        0..1_000_000 => effort.pick(11, 5, 1),
        _ => effort.pick(7, 1, 1),
    };
    Rounds {
        count,
        operations: 1,
    }
}
