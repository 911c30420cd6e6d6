//! **Whoever is heard in time never expires.**
//!
//! Judged when a member expires: no frame of its session was handed to the publisher for as long
//! as its expiry says, by the clock that everyone shares.

use super::ensure;
use crate::schedule::Time;

/// A member expired, and a frame of its was last handed over at `heard`.
pub(crate) fn expired(
    name: &str,
    now: Time,
    heard: Option<Time>,
    expiry: Time,
) -> Result<(), String> {
    let silent = heard.map_or(now, |heard| now.saturating_sub(heard));
    ensure(silent >= expiry, || {
        format!("{name} expired after {silent} µs of silence, of {expiry}")
    })
}
