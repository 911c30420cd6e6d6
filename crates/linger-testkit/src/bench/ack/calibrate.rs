//! Which high-water marks are best for the bare side: the fastest of those that lose nothing.

use super::bare::{Bare, Marks};
use super::load::Load;
use crate::bench::{BenchError, Effort};
use std::time::Duration;

/// Those that are tried: libzmq's own, what ours has, what is often set, and none.
const TRIED: [Marks; 5] = [
    marks(1_000, 1_000),
    marks(10_000, 10_000),
    marks(65_664, 1_000),
    marks(100_000, 100_000),
    marks(0, 0),
];

const fn marks(send: i32, receive: i32) -> Marks {
    Marks { send, receive }
}

/// Those with which some blocks lost nothing, the one with the fastest median first.
///
/// # Errors
///
/// If a socket can't be had.
pub(super) fn by_speed(effort: Effort, load: Load) -> Result<Vec<Marks>, BenchError> {
    let blocks = effort.pick(5, 3, 1);
    let mut found: Vec<(Duration, Marks)> = Vec::new();
    for marks in TRIED {
        if let Some(took) = median(load, marks, blocks)? {
            found.push((took, marks));
        }
    }
    found.sort_by_key(|(took, _)| *took);
    Ok(found.into_iter().map(|(_, marks)| marks).collect())
}

/// `None`: something was lost.
fn median(load: Load, marks: Marks, blocks: usize) -> Result<Option<Duration>, BenchError> {
    let mut bare = Bare::new(load, marks)?;
    let mut times = Vec::with_capacity(blocks);
    // The first warms up, and does not count but for what it loses.
    for _ in 0..=blocks {
        match bare.block() {
            Ok(took) => times.push(took),
            Err(BenchError::Lost(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    times.remove(0);
    times.sort();
    Ok(times.get(times.len() / 2).copied())
}
