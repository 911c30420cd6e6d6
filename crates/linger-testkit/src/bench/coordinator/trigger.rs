//! From the trigger to the last member.

use super::ours::{self, Wait};
use super::peers::{self, Token};
use crate::bench::figure::Case;
use crate::bench::{Bar, BenchError, Figure, Rounds};
use tokio::runtime::Runtime;

/// What a shutdown by the coordinator is compared with.
#[derive(Clone, Copy)]
pub(super) enum Peer {
    /// Children of one root for each phase, and a tracker for each.
    Children { phases: usize },
    /// The same, flat; our tasks wait for a token of their own too.
    Tokens,
    /// Clones of one token, and a tracker.
    Clones,
    /// tokio-graceful-shutdown.
    Subsystems { groups: usize },
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Self::Children { .. } | Self::Tokens => "TaskTracker, child tokens",
            Self::Clones => "TaskTracker, clones of one token",
            Self::Subsystems { .. } => "tokio-graceful-shutdown",
        }
    }

    fn bar(self) -> Bar {
        match self {
            Self::Children { .. } => Bar::AtMost(0.8),
            Self::Tokens => Bar::AtMost(1.1),
            Self::Clones => Bar::None,
            Self::Subsystems { .. } => Bar::AtLeast(10.0),
        }
    }
}

/// Compares the two, with so many tasks.
pub(super) fn to_last(
    runtime: &Runtime,
    rounds: Rounds,
    name: &'static str,
    count: usize,
    peer: Peer,
) -> Result<Figure, BenchError> {
    let (phases, wait) = match peer {
        Peer::Children { phases } => (phases, Wait::Triggered),
        Peer::Tokens => (1, Wait::Token),
        Peer::Clones | Peer::Subsystems { .. } => (1, Wait::Triggered),
    };
    of(rounds, count).compare(
        Case::new(name, peer.name(), peer.bar()),
        |_| match peer {
            Peer::Children { phases } => peers::tokens(runtime, count, phases, Token::Child),
            Peer::Tokens => peers::tokens(runtime, count, 1, Token::Child),
            Peer::Clones => peers::tokens(runtime, count, 1, Token::Clone),
            Peer::Subsystems { groups } => peers::subsystems(runtime, count, groups),
        },
        |_| ours::shutdown(runtime, count, phases, wait),
    )
}

/// A block is one shutdown; the more members there are, the fewer rounds it takes.
fn of(rounds: Rounds, count: usize) -> Rounds {
    let is_quick = rounds.count <= Rounds::QUICK.count;
    let most = match (count, is_quick) {
        (0..5_000, _) => 101,
        (5_000..50_000, false) => 31,
        (_, false) => 11,
        (5_000..50_000, true) => 7,
        (_, true) => 3,
    };
    Rounds {
        count: rounds.count.min(most),
        operations: u32::try_from(count).unwrap_or(u32::MAX),
    }
}
