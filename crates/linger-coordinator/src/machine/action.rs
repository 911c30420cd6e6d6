//! What whoever drives the machine has to do.

use crate::budget::Window;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The reason is fixed and the budget runs.
    Armed,
    /// Refuse new members of this phase, wake those it has, run its hooks unless the window is
    /// empty. Answer with `Emptied` when none is left.
    Begin { phase: usize, window: Window },
    /// Tell the members of this phase that they are forced.
    Force { phase: usize, window: Window },
    /// The members of this phase have longer than they were told.
    Extend { phase: usize, window: Window },
    /// Abort the tasks of this phase.
    Abort { phase: usize },
    /// Give up who is left in this phase.
    End { phase: usize },
    /// Say what remains.
    Progress { phase: usize },
    /// End the process, if it is owned.
    Exit { signal: i32 },
    /// Write the report. Nothing follows.
    Finish,
}
