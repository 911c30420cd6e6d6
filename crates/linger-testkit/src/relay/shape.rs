//! How slow a relay is: how long it holds bytes back, and how many it passes in a second.

use std::time::{Duration, Instant};

/// What may be passed at once after a pause, in time.
const BURST: Duration = Duration::from_millis(10);

/// What is waited for before anything is passed again, so that it does not go byte by byte.
const QUANTUM: f64 = 512.0;

#[derive(Debug)]
pub(super) struct Shape {
    pub(super) delay: Duration,
    rate: Option<f64>,
    /// What may be passed now, upwards and downwards, of a rate.
    tokens: [f64; 2],
    filled: Instant,
}

impl Shape {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            delay: Duration::ZERO,
            rate: None,
            tokens: [0.0; 2],
            filled: now,
        }
    }

    /// So many bytes a second each way, all connections together; `None` is without a limit.
    pub(super) fn throttle(&mut self, now: Instant, rate: Option<u64>) {
        // Nobody sends petabytes through this: the loss of precision is none.
        self.rate = rate.map(|rate| {
            Duration::from_secs(rate.min(1 << 40))
                .as_secs_f64()
                .max(1.0)
        });
        self.tokens = [0.0; 2];
        self.filled = now;
    }

    pub(super) fn fill(&mut self, now: Instant) {
        if let Some(rate) = self.rate {
            let passed = now.saturating_duration_since(self.filled).as_secs_f64();
            let most = (rate * BURST.as_secs_f64()).max(QUANTUM);
            for tokens in &mut self.tokens {
                *tokens = (*tokens + rate * passed).min(most);
            }
        }
        self.filled = now;
    }

    /// How many bytes may be passed now.
    pub(super) fn allows(&self, way: Way) -> u64 {
        match self.rate {
            None => u64::MAX,
            Some(_) if self.tokens[way as usize] < QUANTUM => 0,
            Some(_) => Duration::from_secs_f64(self.tokens[way as usize]).as_secs(),
        }
    }

    pub(super) fn used(&mut self, way: Way, bytes: u64) {
        if self.rate.is_some() {
            self.tokens[way as usize] -= Duration::from_secs(bytes).as_secs_f64();
        }
    }

    /// When something may be passed again.
    pub(super) fn next(&self, way: Way) -> Instant {
        let missing = (QUANTUM - self.tokens[way as usize]).max(0.0);
        let wait = self.rate.map_or(0.0, |rate| missing / rate);
        // A little later, so that rounding does not make it too early for ever.
        self.filled + Duration::from_secs_f64(wait) + Duration::from_micros(100)
    }
}

/// A direction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    Up = 0,
    Down = 1,
}
