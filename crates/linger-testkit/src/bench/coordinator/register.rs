//! A member that comes and goes while the service runs.

use super::ours::{self, PHASES};
use crate::bench::figure::Case;
use crate::bench::{Bar, BenchError, Figure, Rounds};
use linger::linger_coordinator::Coordinator;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Others, which stay: a service has some.
const STAY: usize = 1_000;

/// How often a block does it, on each thread.
const TIMES: u32 = 20_000;

/// On so many threads at once.
pub(super) fn and_drop(
    rounds: Rounds,
    name: &'static str,
    threads: u32,
) -> Result<Figure, BenchError> {
    let rounds = Rounds {
        operations: (rounds.operations * 4).min(TIMES) * threads,
        ..rounds
    };
    let (root, tracker) = (CancellationToken::new(), TaskTracker::new());
    let stay = |_| (root.child_token(), tracker.token());
    let _tokens: Vec<_> = (0..STAY).map(stay).collect();
    let stop = ours::coordinator(1)?;
    let register = |_| stop.register("connection").phase(PHASES[0]);
    let members: Result<Vec<_>, _> = (0..STAY).map(register).collect();
    let _members = members?;
    rounds.compare(
        Case::new(name, "CancellationToken, TaskTracker", Bar::AtMost(1.0)),
        |count| {
            at_once(threads, || {
                for _ in 0..count / threads {
                    drop(black_box((root.child_token(), tracker.token())));
                }
                Ok(())
            })
        },
        |count| at_once(threads, || come_and_go(&stop, count / threads)),
    )
}

fn come_and_go(stop: &Coordinator, count: u32) -> Result<(), BenchError> {
    for _ in 0..count {
        drop(black_box(stop.register("connection").phase(PHASES[0])?));
    }
    Ok(())
}

/// From the moment at which all may begin, to the end of the last.
fn at_once(
    threads: u32,
    work: impl Fn() -> Result<(), BenchError> + Sync,
) -> Result<Duration, BenchError> {
    if threads == 1 {
        let begun = Instant::now();
        work()?;
        return Ok(begun.elapsed());
    }
    let all = Barrier::new(usize::try_from(threads).unwrap_or(usize::MAX));
    let one = || {
        all.wait();
        let begun = Instant::now();
        work().map(|()| (begun, Instant::now()))
    };
    let times: Vec<_> = thread::scope(|scope| {
        let one = &one;
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let ended = started.into_iter().map(|thread| thread.join());
        let ended = ended.map(|it| {
            it.unwrap_or_else(|_| Err(BenchError::Wrong("a thread panicked".to_owned())))
        });
        ended.collect::<Result<_, _>>()
    })?;
    let begun = times.iter().map(|(begun, _)| *begun).min();
    let ended = times.iter().map(|(_, ended)| *ended).max();
    Ok(ended
        .zip(begun)
        .map(|(ended, begun)| ended - begun)
        .unwrap_or_default())
}
