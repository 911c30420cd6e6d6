//! What goes wrong, and what drives the members.

use super::part::Part;
use std::fmt;

/// What goes wrong in a run: a line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trouble {
    /// A task never ends.
    TaskHangs,
    /// A thread never ends.
    ThreadHangs,
    /// A task blocks one worker of two.
    WorkerBlocked,
    /// Tasks block all workers.
    AllWorkersBlocked,
    /// A task blocks the only thread of its runtime.
    CurrentThreadBlocked,
    /// A blocking closure never returns.
    BlockingNeverReturns,
    /// A hook panics.
    HookPanics,
    /// What a member holds panics as it is dropped.
    DropPanics,
    /// What a member holds blocks as it is dropped.
    DropBlocks,
    /// A signal comes while the process comes up.
    SignalDuringStart,
    /// A second signal comes while a member hangs.
    TwoSignals,
    /// A third one, too.
    ThreeSignals,
    /// A hook asks for the shutdown, or waits for it.
    AskedInsideHook,
    /// Stderr is a pipe that is full and never read.
    StderrFull,
    /// The tracing subscriber blocks.
    LogBlocks,
}

/// What the members run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Driver {
    /// tokio, with two workers.
    MultiThread,
    /// tokio, on the main thread alone.
    CurrentThread,
    /// No runtime.
    Threads,
}

impl Trouble {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 15] = [
        Self::TaskHangs,
        Self::ThreadHangs,
        Self::WorkerBlocked,
        Self::AllWorkersBlocked,
        Self::CurrentThreadBlocked,
        Self::BlockingNeverReturns,
        Self::HookPanics,
        Self::DropPanics,
        Self::DropBlocks,
        Self::SignalDuringStart,
        Self::TwoSignals,
        Self::ThreeSignals,
        Self::AskedInsideHook,
        Self::StderrFull,
        Self::LogBlocks,
    ];

    /// As it stands in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TaskHangs => "a task hangs",
            Self::ThreadHangs => "a thread hangs",
            Self::WorkerBlocked => "one worker blocked",
            Self::AllWorkersBlocked => "all workers blocked",
            Self::CurrentThreadBlocked => "current-thread runtime blocked",
            Self::BlockingNeverReturns => "a blocking closure never returns",
            Self::HookPanics => "a hook panics",
            Self::DropPanics => "a drop panics",
            Self::DropBlocks => "a drop blocks",
            Self::SignalDuringStart => "a signal during start-up",
            Self::TwoSignals => "two signals",
            Self::ThreeSignals => "three signals",
            Self::AskedInsideHook => "shutdown asked for inside a hook",
            Self::StderrFull => "stderr a full pipe",
            Self::LogBlocks => "a tracing subscriber that blocks",
        }
    }

    /// The drivers that can have it.
    pub(super) const fn drivers(self) -> &'static [Driver] {
        match self {
            Self::TaskHangs => &[Driver::MultiThread, Driver::CurrentThread],
            Self::WorkerBlocked | Self::AllWorkersBlocked => &[Driver::MultiThread],
            Self::CurrentThreadBlocked => &[Driver::CurrentThread],
            _ => &[Driver::MultiThread, Driver::CurrentThread, Driver::Threads],
        }
    }

    /// The parts that make it; where all workers are to be blocked, two of them.
    pub(super) const fn parts(self) -> &'static [Part] {
        use Part as P;
        match self {
            Self::TaskHangs => &[P::TaskHangs],
            Self::ThreadHangs => &[P::ClosureHangs, P::GuardHangs],
            Self::WorkerBlocked | Self::AllWorkersBlocked => {
                &[P::TaskBlocks, P::TaskBlocksInTheEnd]
            }
            Self::CurrentThreadBlocked => &[P::TaskBlocks, P::TaskBlocksInTheEnd, P::HookBlocks],
            Self::BlockingNeverReturns => {
                &[P::ClosureHangs, P::BlockingHookHangs, P::PoolNeverReturns]
            }
            Self::HookPanics => &[P::HookPanics, P::HookWithPanics, P::BlockingHookPanics],
            Self::DropPanics => &[
                P::TaskDropPanics,
                P::AbortedDropPanics,
                P::ClosureDropPanics,
                P::GuardDropPanics,
            ],
            Self::DropBlocks => &[
                P::TaskDropBlocks,
                P::AbortedDropBlocks,
                P::ClosureDropBlocks,
                P::GuardDropBlocks,
            ],
            Self::TwoSignals => &[
                P::HeedsForce,
                P::ClosureHangs,
                P::GuardHangs,
                P::TaskHangs,
                P::TaskBlocks,
            ],
            Self::SignalDuringStart | Self::ThreeSignals | Self::LogBlocks => {
                &[P::ClosureHangs, P::GuardHangs, P::TaskHangs]
            }
            Self::AskedInsideHook => &[
                P::HookAsks,
                P::HookWaits,
                P::HookWaitsBlocking,
                P::BlockingHookAsks,
                P::BlockingHookWaits,
            ],
            Self::StderrFull => &[
                P::ClosureHangs,
                P::GuardHangs,
                P::TaskHangs,
                P::TaskBlocks,
                P::BlockingHookPanics,
            ],
        }
    }
}

impl Driver {
    /// Whether there is a runtime for tasks.
    #[must_use]
    pub const fn has_tasks(self) -> bool {
        !matches!(self, Self::Threads)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MultiThread => "tokio, multi-thread",
            Self::CurrentThread => "tokio, current-thread",
            Self::Threads => "threads",
        })
    }
}
