//! Which process made something, and what one that was forked from it may still look at.
//!
//! A forked child has its parent's memory and descriptors, but of its threads only the one that
//! forked. What it does with a socket of the parent's, libzmq's threads in the parent come to feel:
//! to close one in the child aborted the parent. So in a child, what was inherited is never closed
//! and never ended, and of locks none is waited for: who held one may not be there.
//!
//! The guard is the id of the process, so it does not see a child that has the same one: that of
//! the first process of a container, which forks into another namespace of ids.

use std::mem;
use std::ops::Deref;
use std::process;

use forkguard::atfork::Guard;

/// The process that made something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Maker(u32);

impl Maker {
    pub(crate) fn this_process() -> Self {
        Self(process::id())
    }

    /// Whether this process was forked from it: a system call, so it is not asked for each message.
    pub(crate) fn is_other(self) -> bool {
        self.0 != process::id()
    }

    pub(crate) fn pid(self) -> u32 {
        self.0
    }
}

/// Notices a fork for next to nothing, where asking for the process's id would be felt.
///
/// It hears of what the C library forks. A process that was cloned past it is known by its id alone.
#[derive(Debug)]
pub(crate) struct Forks(Option<Guard>);

impl Forks {
    /// From now on.
    pub(crate) fn new() -> Self {
        Self(Guard::try_new().ok())
    }

    /// Whether this is a fork of the process `maker`, in which this was made.
    pub(crate) fn separate_from(&self, maker: Maker) -> bool {
        match &self.0 {
            Some(guard) => guard.clone().detected_fork(),
            // The C library had no room for the handler.
            None => maker.is_other(),
        }
    }
}

/// Looks at what an inherited lock guards, if nobody had it when the process was forked.
///
/// The lock is kept for good. To release it could mean to wake those who waited for it in the
/// parent, by way of `parking_lot`'s own locks, which may have been held then.
pub(crate) fn look<G: Deref, T>(guard: Option<G>, look: impl FnOnce(&G::Target) -> T) -> Option<T> {
    let guard = guard?;
    let seen = look(&guard);
    mem::forget(guard);
    Some(seen)
}
