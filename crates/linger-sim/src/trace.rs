//! What happened, as a hash that is the same on every run and machine, and as text if wanted.

use crate::schedule::Time;

/// Mixes every event into one number.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
    events: u64,
    lines: Option<Vec<String>>,
}

const PRIME: u64 = 0x0000_0100_0000_01B3;

impl Trace {
    pub(crate) fn new(is_kept: bool) -> Self {
        Self {
            hash: 0xCBF2_9CE4_8422_2325,
            events: 0,
            lines: is_kept.then(Vec::new),
        }
    }

    /// Mixes in an event: when it was, and what.
    pub(crate) fn event(&mut self, now: Time, what: u64) {
        self.events += 1;
        self.mix(now);
        self.mix(what);
    }

    pub(crate) fn mix(&mut self, number: u64) {
        self.hash = (self.hash ^ number).wrapping_mul(PRIME);
        self.hash ^= self.hash >> 29;
    }

    /// Mixes in a frame, eight bytes at a time.
    pub(crate) fn mix_bytes(&mut self, bytes: &[u8]) {
        self.mix(bytes.len() as u64);
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.mix(u64::from_be_bytes(word));
        }
        for &byte in chunks.remainder() {
            self.mix(byte.into());
        }
    }

    /// Keeps a line, if lines are kept. They don't change the hash.
    pub(crate) fn line(&mut self, now: Time, text: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            let (seconds, rest) = (now / 1_000_000, now % 1_000_000);
            lines.push(format!("{seconds:>3}.{rest:06} {}", text()));
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_do_not_change_the_hash_and_order_does() {
        let (mut kept, mut plain, mut other) =
            (Trace::new(true), Trace::new(false), Trace::new(false));
        for trace in [&mut kept, &mut plain] {
            trace.event(1, 2);
            trace.mix_bytes(b"nine byte");
            trace.line(1, || "a line".to_owned());
        }
        other.mix_bytes(b"nine byte");
        other.event(1, 2);
        assert_eq!(kept.hash(), plain.hash());
        assert_ne!(plain.hash(), other.hash());
        assert_eq!(kept.into_lines(), ["  0.000001 a line"]);
    }
}
