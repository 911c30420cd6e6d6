//! The culprits.

mod hooks;
mod tasks;
mod threads;

use crate::stage::Ready;
use linger::linger_coordinator::{Coordinator, Phase, RegisterError};
use linger_testkit::trouble::Part;
use std::thread;

/// Where the member is registered: `file:line` of the statement on the next line.
macro_rules! next_line {
    () => {
        format!("{}:{}", file!(), line!() + 1)
    };
}
use next_line;

/// One that is to be cast.
#[derive(Clone, Copy)]
pub(crate) struct Cast<'a> {
    pub(crate) stop: &'a Coordinator,
    pub(crate) name: &'a str,
    pub(crate) phase: Phase,
    pub(crate) ready: &'a Ready,
}

impl Cast<'_> {
    /// Registers it; where.
    pub(crate) fn play(self, part: Part) -> Result<String, RegisterError> {
        match part {
            Part::TaskHangs => self.task_hangs(),
            Part::TaskBlocks => self.task_blocks(),
            Part::TaskBlocksInTheEnd => self.task_blocks_in_the_end(),
            Part::PoolNeverReturns => self.pool_never_returns(),
            Part::TaskDropPanics => self.task_drops(Bomb),
            Part::AbortedDropPanics => self.task_hangs_with(Bomb),
            Part::TaskDropBlocks => self.task_drops(Block),
            Part::AbortedDropBlocks => self.task_hangs_with(Block),
            Part::ClosureHangs => self.closure_hangs(),
            Part::ClosureDropPanics => self.closure_drops(Bomb),
            Part::ClosureDropBlocks => self.closure_drops(Block),
            Part::GuardDropPanics => self.guard_drops(Bomb),
            Part::GuardDropBlocks => self.guard_drops(Block),
            Part::HeedsForce => self.heeds_force(),
            Part::HookBlocks => self.hook_blocks(),
            Part::HookPanics => self.hook_panics(),
            Part::HookWithPanics => self.hook_with_panics(),
            Part::HookAsks => self.hook_asks(),
            Part::HookWaits => self.hook_waits(),
            Part::HookWaitsBlocking => self.hook_waits_blocking(),
            Part::BlockingHookHangs => self.blocking_hook_hangs(),
            Part::BlockingHookPanics => self.blocking_hook_panics(),
            Part::BlockingHookAsks => self.blocking_hook_asks(),
            Part::BlockingHookWaits => self.blocking_hook_waits(),
            // And whatever may be thought of later, until it is cast.
            _ => self.guard_hangs(),
        }
    }

    /// Short enough for a statement to begin on the line where it registers.
    fn place(&self) -> (&Coordinator, String, Phase) {
        (self.stop, self.name.to_owned(), self.phase)
    }
}

/// For ever, whatever it is told.
pub(crate) fn hang() -> ! {
    loop {
        thread::park();
    }
}

/// The same as what a task does: its output is nothing.
fn block() {
    hang()
}

/// The same for a panic.
fn panics() {
    panic!("out of luck");
}

/// Panics as it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in a drop");
    }
}

/// Blocks as it is dropped.
struct Block;

impl Drop for Block {
    fn drop(&mut self) {
        hang()
    }
}
