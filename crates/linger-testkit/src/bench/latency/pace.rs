//! A fixed rate, and messages that carry the time.

use crate::bench::BenchError;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

/// Between two messages.
const INTERVAL: Duration = Duration::from_micros(500);

/// What times are counted from, on either side.
static ZERO: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Sends so many messages of so many bytes, one each [`INTERVAL`]. One that is late is sent at once.
pub(super) fn paced(
    messages: u32,
    bytes: usize,
    mut send: impl FnMut(&[u8]) -> Result<(), BenchError>,
) -> Result<(), BenchError> {
    let mut payload = vec![7; bytes];
    let begun = Instant::now();
    for number in 0..messages {
        let due = INTERVAL * number;
        thread::sleep(due.saturating_sub(begun.elapsed()));
        let sent = nanos(ZERO.elapsed()).to_be_bytes();
        if let Some(stamp) = payload.first_chunk_mut::<8>() {
            *stamp = sent;
        }
        send(&payload)?;
    }
    Ok(())
}

/// How long ago this was sent.
pub(super) fn age(payload: &[u8]) -> Result<u64, BenchError> {
    let now = nanos(ZERO.elapsed());
    let stamp = payload.first_chunk::<8>().map(|it| u64::from_be_bytes(*it));
    stamp
        .and_then(|sent| now.checked_sub(sent))
        .ok_or_else(|| BenchError::Wrong("a message without its time".to_owned()))
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
