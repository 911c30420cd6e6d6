//! A forked child of this test, and its parent's view of it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::thread;
use std::time::Duration;

use fork::{Fork, WEXITSTATUS, WIFEXITED, fork, waitpid_nohang};

use crate::support::eventually;

/// A child that has not come to its end by then waits for what never comes.
const LIFE: Duration = Duration::from_secs(8);

const FAILED: i32 = 1;
const STUCK: i32 = 3;

/// The parent's hold on its child.
pub(crate) struct Child {
    pid: i32,
    stay: UnixStream,
}

/// The child's view of its parent.
pub(crate) struct Parent {
    stay: UnixStream,
}

/// What one is after a fork.
pub(crate) enum Side {
    Parent(Child),
    Child(Parent),
}

/// Forks; with threads, so the child must exit, and by `end`.
pub(crate) fn split() -> Side {
    let (ours, theirs) = UnixStream::pair().unwrap();
    match fork().unwrap() {
        Fork::Parent(pid) => Side::Parent(Child { pid, stay: ours }),
        Fork::Child => {
            thread::spawn(|| {
                thread::park_timeout(LIFE);
                process::exit(STUCK);
            });
            Side::Child(Parent { stay: theirs })
        }
    }
}

impl Child {
    /// Lets it go if it stays, and waits for its end: it did all it had to, and nothing failed.
    #[track_caller]
    pub(crate) fn ends_well(mut self) {
        // It may be gone already.
        drop(self.stay.write_all(&[1]));
        let mut status = None;
        eventually("the child has ended", || {
            status = waitpid_nohang(self.pid).unwrap();
            status.is_some()
        });
        let status = status.unwrap();
        assert!(WIFEXITED(status), "the child was killed: {status:#x}");
        match WEXITSTATUS(status) {
            0 => {}
            STUCK => panic!("the child waited for what never comes"),
            code => panic!("the child failed with {code}"),
        }
    }
}

impl Parent {
    /// Waits until the parent wants the child to end.
    pub(crate) fn stay(&mut self) {
        self.stay.read_exact(&mut [0]).unwrap();
    }
}

/// Runs what the child has to do, and exits: the test goes on in the parent alone.
pub(crate) fn end(work: impl FnOnce()) -> ! {
    let Err(panic) = catch_unwind(AssertUnwindSafe(work)) else {
        process::exit(0);
    };
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    // Past what the harness captures: it does not see what a child writes.
    drop(writeln!(std::io::stderr(), "in the child: {text:?}"));
    process::exit(FAILED);
}
