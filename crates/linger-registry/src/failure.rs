//! Calls into `zmq` that may fail with an errno it has no name for.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a call failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An errno that `zmq` knows.
    Zmq(zmq::Error),
    /// One it doesn't.
    System(io::Error),
}

/// Runs the call, and turns the panic of `zmq` into an error.
///
/// `zmq` 0.10 panics on an errno that it has no variant for, such as `ENOTDIR`, `EROFS` or
/// `EAFNOSUPPORT`. The panic comes after libzmq's call has returned, so no state of ours or
/// theirs is torn. The panic hook runs, and with `panic = "abort"` there is no catching it.
pub(crate) fn guarded<T>(call: impl FnOnce() -> zmq::Result<T>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(Failure::Zmq),
        Err(panic) => Err(Failure::System(unnamed(panic.as_ref()))),
    }
}

/// Makes the call again as long as a signal interrupts it.
///
/// Calls that wait for nothing are interrupted too: `bind`, `connect` and `monitor` of libzmq begin
/// with a poll for what other threads told the socket, and fail with `EINTR`, having done nothing,
/// if a signal is pending then.
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> zmq::Result<T>) -> zmq::Result<T> {
    loop {
        match call() {
            Err(zmq::Error::EINTR) => {}
            done => return done,
        }
    }
}

/// The errno is in the text of the panic: `unknown error [20]: Not a directory`.
fn unnamed(panic: &(dyn Any + Send)) -> io::Error {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown error");
    let errno = text
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .and_then(|(number, _)| number.parse().ok());
    match errno {
        Some(errno) => io::Error::from_raw_os_error(errno),
        None => io::Error::other(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errno_without_a_name_becomes_an_error() {
        let failure = guarded(|| -> zmq::Result<()> { Err(zmq::Error::from_raw(20)) });
        assert!(matches!(failure, Err(Failure::System(e)) if e.raw_os_error() == Some(20)));
    }

    #[test]
    fn another_panic_keeps_its_text() {
        let failure = guarded(|| -> zmq::Result<()> { panic!("something else") });
        assert!(matches!(failure, Err(Failure::System(e)) if e.to_string() == "something else"));
    }
}
