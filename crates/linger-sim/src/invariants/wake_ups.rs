//! **Idle, nobody wakes but for a timer, and timers are few.**
//!
//! Judged while nothing is wrong and nothing is published: so many wake-ups a second for beats and
//! for looking who is silent, and no more; and at every wake-up: it is not asked for again at once.

use super::ensure;
use crate::schedule::{SECOND, Time};

/// So many processes woke so often without a frame in `time`.
pub(crate) fn idle(members: u64, expiry: Time, time: Time, wakes: u64) -> Result<(), String> {
    // A beat each fifth of the expiry, with a look of the publisher at each clock of a member.
    let beats = time * 5 / expiry + 2;
    let limit = (members + 2) * beats * 2 + 10 * (time / SECOND + 1);
    ensure(wakes <= limit, || {
        format!("{wakes} wake-ups in {time} µs, with {members} members; {limit} may be")
    })
}
