//! Tasks that wait, and the count of those that do: a clock starts when all are parked.

use crate::bench::BenchError;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The most members there are at once.
pub(super) const MOST: usize = 100_000;

/// How long all of them may take until they wait.
const AMPLE: Duration = Duration::from_secs(60);

// Statics, so that a task carries neither a reference that is counted nor a channel: the clock
// would be about those.
static PARKED: AtomicUsize = AtomicUsize::new(0);
static ENDED: [AtomicBool; MOST] = [const { AtomicBool::new(false) }; MOST];

/// What each task is on either side: it waits, counts as parked with its first `Pending`, and says
/// that it has run to its end.
pub(super) async fn waits(number: usize, wait: impl Future) {
    let mut wait = pin!(wait);
    let mut is_parked = false;
    poll_fn(|context| {
        let poll = wait.as_mut().poll(context);
        if poll.is_pending() && !is_parked {
            is_parked = true;
            PARKED.fetch_add(1, Ordering::Release);
        }
        poll.map(drop)
    })
    .await;
    if let Some(ended) = ENDED.get(number) {
        ended.store(true, Ordering::Relaxed);
    }
}

/// Before the first task of a block.
pub(super) fn reset() {
    PARKED.store(0, Ordering::Release);
    for ended in &ENDED {
        ended.store(false, Ordering::Relaxed);
    }
}

/// Returns when so many tasks wait.
pub(super) async fn all_parked(count: usize) -> Result<(), BenchError> {
    let limit = Instant::now() + AMPLE;
    loop {
        let parked = PARKED.load(Ordering::Acquire);
        if parked == count {
            return Ok(());
        }
        if Instant::now() > limit {
            return Err(BenchError::Wrong(format!("{parked} of {count} wait")));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// After the clock: that so many tasks waited, and ran to their ends.
pub(super) fn all_ended(count: usize) -> Result<(), BenchError> {
    let parked = PARKED.load(Ordering::Acquire);
    let ended = |ended: &&AtomicBool| ended.load(Ordering::Acquire);
    let ended = ENDED.iter().filter(ended).count();
    match (parked, ended) == (count, count) {
        true => Ok(()),
        false => Err(BenchError::Wrong(format!(
            "of {count} tasks {parked} waited and {ended} ended"
        ))),
    }
}
