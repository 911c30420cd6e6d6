//! Where a new member goes: each thread has a shard for a while, so that threads seldom meet.

use super::SHARDS;

/// A shard, and a number that no other member has; members of one thread count up.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) shard: usize,
    pub(super) sequence: u64,
}

#[cfg(not(all(test, loom)))]
mod here {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Place, SHARDS};

    /// How many members a thread puts into one shard before it goes on to the next.
    const STAY: u64 = 64;

    /// How many runs of `STAY` numbers were taken.
    static RUNS: AtomicU64 = AtomicU64::new(0);

    thread_local! {
        // Without a destructor, so it can be used as long as the thread runs.
        static NEXT: Cell<u64> = const { Cell::new(0) };
    }

    impl Place {
        pub(in crate::room) fn here() -> Self {
            let mut sequence = NEXT.get();
            if sequence % STAY == 0 {
                sequence = RUNS.fetch_add(1, Ordering::Relaxed) * STAY + 1;
            }
            NEXT.set(sequence + 1);
            Self {
                shard: usize::try_from(sequence / STAY).unwrap_or(0) % SHARDS,
                sequence,
            }
        }
    }
}

/// loom's threads are all one thread of the system: here they take turns.
#[cfg(all(test, loom))]
mod here {
    use super::{Place, SHARDS};

    loom::lazy_static! {
        static ref NEXT: loom::sync::atomic::AtomicUsize = loom::sync::atomic::AtomicUsize::new(0);
    }

    impl Place {
        pub(in crate::room) fn here() -> Self {
            let number = NEXT.fetch_add(1, loom::sync::atomic::Ordering::Relaxed);
            Self {
                shard: number % SHARDS,
                sequence: number as u64,
            }
        }
    }
}
