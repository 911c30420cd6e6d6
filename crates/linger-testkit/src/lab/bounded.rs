//! Calls that may never return: each on a thread of its own, awaited with a limit.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::error::LabError;

/// A call under way. A thread that does not come back is left to itself.
#[derive(Debug)]
pub(crate) struct Call<T> {
    returned: Receiver<(T, Duration)>,
}

impl<T: Send + 'static> Call<T> {
    pub(crate) fn start(name: &str, call: impl FnOnce() -> T + Send + 'static) -> io::Result<Self> {
        let (tell, returned) = mpsc::channel();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let begun = Instant::now();
                let value = call();
                // Whoever gave it up needs no answer.
                let _ = tell.send((value, begun.elapsed()));
            })?;
        Ok(Self { returned })
    }

    /// What it returned, and how long it took; `None` where it is still under way after `limit`.
    ///
    /// The limit counts from now; may be asked again until it has answered.
    pub(crate) fn within(&self, limit: Duration) -> Result<Option<(T, Duration)>, LabError> {
        match self.returned.recv_timeout(limit) {
            Ok(returned) => Ok(Some(returned)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(LabError::Panicked),
        }
    }

    /// What it returned, and how long it took; an error where that takes longer than `limit`.
    pub(crate) fn must_return(&self, limit: Duration) -> Result<(T, Duration), LabError> {
        self.within(limit)?.ok_or(LabError::Endless(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_under_way_can_be_asked_again() {
        let (go, wait) = mpsc::channel::<u8>();
        let call = Call::start("waits", move || wait.recv().unwrap_or(0)).unwrap();
        assert!(call.within(Duration::ZERO).unwrap().is_none());
        go.send(7).unwrap();
        let (value, _) = call.must_return(Duration::from_secs(10)).unwrap();
        assert_eq!(value, 7);
    }

    #[test]
    fn a_panic_is_told_from_a_call_that_hangs() {
        let call = Call::<()>::start("panics", || panic!("on purpose")).unwrap();
        let error = call.must_return(Duration::from_secs(10)).unwrap_err();
        assert!(matches!(error, LabError::Panicked), "{error}");
    }
}
