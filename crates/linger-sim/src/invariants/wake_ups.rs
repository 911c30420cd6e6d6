//! **Idle, nobody wakes but for a timer, and timers are few.**
//!
//! Judged while nothing is wrong and nothing is published: so many wake-ups a second for beats and
//! for looking who is silent, and no more; and at every wake-up: it is not asked for again at once.

use super::ensure;
use crate::schedule::Time;

/// So many processes woke so often without a frame in `time`.
pub(crate) fn idle(
    (publishers, members): (u64, u64),
    expiry: Time,
    time: Time,
    wakes: u64,
) -> Result<(), String> {
    // A beat each fifth of the expiry; and a look whenever a clock may have run off.
    let (beats, looks) = (time * 5 / expiry + 2, time * 2 / expiry + 4);
    let limit = members * beats + publishers * looks;
    ensure(wakes <= limit, || {
        format!("{wakes} wake-ups in {time} µs, with {members} members; {limit} may be")
    })
}
