//! What a member does that makes trouble.

use super::kind::Driver;

/// What a member or a hook does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// A task that is pending for ever.
    TaskHangs,
    /// A blocking closure that never returns.
    ClosureHangs,
    /// A guard on a thread that never lets go of it.
    GuardHangs,
    /// A task that blocks its thread from the beginning.
    TaskBlocks,
    /// A task that blocks its thread once it is triggered.
    TaskBlocksInTheEnd,
    /// An async hook that blocks its thread.
    HookBlocks,
    /// A blocking hook that never returns.
    BlockingHookHangs,
    /// A task that awaits a closure in the runtime's own pool, which never returns.
    PoolNeverReturns,
    /// An async closure as a hook, which panics.
    HookPanics,
    /// A `ShutdownHook` that panics.
    HookWithPanics,
    /// A blocking hook that panics.
    BlockingHookPanics,
    /// A task that ends, and a drop in it panics.
    TaskDropPanics,
    /// A task that has to be aborted, and a drop in it panics.
    AbortedDropPanics,
    /// A blocking closure that ends, and a drop in it panics.
    ClosureDropPanics,
    /// A thread that ends, and a drop in it panics before its guard is let go.
    GuardDropPanics,
    /// A task that ends, and a drop in it never returns.
    TaskDropBlocks,
    /// A task that has to be aborted, and a drop in it never returns.
    AbortedDropBlocks,
    /// A blocking closure that ends, and a drop in it never returns.
    ClosureDropBlocks,
    /// A thread that ends, and a drop in it never returns.
    GuardDropBlocks,
    /// A thread that ends only when it is forced.
    HeedsForce,
    /// An async hook that asks for the shutdown.
    HookAsks,
    /// An async hook that asks for the shutdown, and waits for its own report.
    HookWaits,
    /// An async hook that does so blocking its thread.
    HookWaitsBlocking,
    /// A blocking hook that asks for the shutdown.
    BlockingHookAsks,
    /// A blocking hook that asks for the shutdown, and waits for its own report.
    BlockingHookWaits,
}

/// How the report says that a member ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ends {
    /// By itself, in time: it is no culprit.
    Done,
    /// By a panic.
    Panicked,
    /// By itself, but only when it was forced.
    Forced,
    /// It was aborted.
    Aborted,
    /// It did not end.
    Abandoned,
}

impl Part {
    /// Whether it needs a runtime.
    #[must_use]
    pub const fn is_task(self) -> bool {
        matches!(
            self,
            Self::TaskHangs
                | Self::TaskBlocks
                | Self::TaskBlocksInTheEnd
                | Self::HookBlocks
                | Self::PoolNeverReturns
                | Self::HookPanics
                | Self::HookWithPanics
                | Self::TaskDropPanics
                | Self::AbortedDropPanics
                | Self::TaskDropBlocks
                | Self::AbortedDropBlocks
                | Self::HookAsks
                | Self::HookWaits
                | Self::HookWaitsBlocking
        )
    }

    /// Whether it blocks a thread of its runtime for ever.
    #[must_use]
    pub const fn blocks_its_thread(self) -> bool {
        matches!(
            self,
            Self::TaskBlocks
                | Self::TaskBlocksInTheEnd
                | Self::HookBlocks
                | Self::TaskDropBlocks
                | Self::AbortedDropBlocks
        )
    }

    /// Whether a runtime that is dropped waits for it for ever.
    #[must_use]
    pub const fn holds_its_runtime(self) -> bool {
        self.blocks_its_thread() || matches!(self, Self::PoolNeverReturns)
    }

    /// Whether nobody can say so on stdout: the main thread is the one that it blocks.
    #[must_use]
    pub fn holds_main(self, driver: Driver) -> bool {
        driver == Driver::CurrentThread && self.blocks_its_thread()
    }

    /// How the report is to say that it ended.
    #[must_use]
    pub const fn ends(self, is_stderr_full: bool) -> Ends {
        match self {
            Self::TaskHangs
            | Self::PoolNeverReturns
            | Self::AbortedDropPanics
            | Self::HookWaits => Ends::Aborted,
            Self::ClosureHangs
            | Self::GuardHangs
            | Self::TaskBlocks
            | Self::TaskBlocksInTheEnd
            | Self::HookBlocks
            | Self::BlockingHookHangs
            | Self::TaskDropBlocks
            | Self::AbortedDropBlocks
            | Self::ClosureDropBlocks
            | Self::GuardDropBlocks
            | Self::HookWaitsBlocking
            | Self::BlockingHookWaits => Ends::Abandoned,
            // The text of the panic is written to stderr first, and that never returns.
            Self::HookPanics
            | Self::HookWithPanics
            | Self::BlockingHookPanics
            | Self::TaskDropPanics
            | Self::ClosureDropPanics
            | Self::GuardDropPanics => match is_stderr_full {
                true => Ends::Abandoned,
                false => Ends::Panicked,
            },
            Self::HeedsForce => Ends::Forced,
            Self::HookAsks | Self::BlockingHookAsks => Ends::Done,
        }
    }
}

impl Ends {
    /// As it stands in a saved report.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Panicked => "panicked",
            Self::Forced => "forced",
            Self::Aborted => "aborted",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether that is what the report may say.
    ///
    /// On a machine that is not quiet, who was aborted may not have got to it by the end.
    #[must_use]
    pub fn is_word(self, word: &str, is_quiet: bool) -> bool {
        word == self.word() || !is_quiet && self == Self::Aborted && word == Self::Abandoned.word()
    }

    /// Whether work was left undone because time was over.
    #[must_use]
    pub const fn is_incomplete(self) -> bool {
        matches!(self, Self::Forced | Self::Aborted | Self::Abandoned)
    }
}
