//! A busy loop that looks at the flag each time.

use super::ours::{self, PHASES};
use crate::bench::figure::Case;
use crate::bench::{Bar, BenchError, Figure, Rounds};
use linger::linger_coordinator::Member;
use std::hint::black_box;
use std::time::Instant;

/// How many times a block computes.
const TIMES: u32 = 200_000;

/// Against the loop without a look at it.
pub(super) fn check(rounds: Rounds) -> Result<Figure, BenchError> {
    let stop = ours::coordinator(1)?;
    let member = stop.register("busy").phase(PHASES[0])?;
    let rounds = Rounds {
        operations: TIMES,
        ..rounds
    };
    rounds.compare(
        Case::new(
            "coordinator_flag",
            "the loop without a look",
            Bar::AtMost(1.05),
        ),
        |count| {
            let begun = Instant::now();
            black_box(unchecked(count));
            Ok(begun.elapsed())
        },
        |count| {
            let begun = Instant::now();
            let (done, _) = black_box(checked(count, &member));
            let took = begun.elapsed();
            match done == count {
                true => Ok(took),
                false => Err(BenchError::Wrong(format!("{done} times, not {count}"))),
            }
        },
    )
}

#[inline(never)]
fn unchecked(count: u32) -> (u32, u64) {
    let (mut done, mut state) = (0, black_box(1));
    while done < count {
        state = black_box(compute(state));
        done += 1;
    }
    (done, state)
}

#[inline(never)]
fn checked(count: u32, member: &Member) -> (u32, u64) {
    let (mut done, mut state) = (0, black_box(1));
    while done < count && !member.is_triggered() {
        state = black_box(compute(state));
        done += 1;
    }
    (done, state)
}

/// Some ten nanoseconds: each step needs the one before it.
#[inline(always)]
fn compute(mut state: u64) -> u64 {
    for _ in 0..6 {
        state ^= state >> 29;
        state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    state
}
