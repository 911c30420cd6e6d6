//! Wakes a thread that polls its sockets: a descriptor in the same poll.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

/// Both ends of a stream; any number of wakes before the thread looks are one.
#[derive(Debug)]
pub(crate) struct Waker {
    pending: AtomicBool,
    writer: UnixStream,
    reader: UnixStream,
}

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        let (writer, reader) = UnixStream::pair()?;
        writer.set_nonblocking(true)?;
        reader.set_nonblocking(true)?;
        Ok(Self {
            pending: AtomicBool::new(false),
            writer,
            reader,
        })
    }

    /// Makes the descriptor readable. Never blocks.
    pub(crate) fn wake(&self) {
        // If a wake is pending already, the thread has not looked since, and will see what we did.
        if !self.pending.swap(true, Ordering::AcqRel) {
            // A full stream is a readable one: nothing is lost with the error.
            let _ = (&self.writer).write(&[1]);
        }
    }

    /// The descriptor to poll for reading.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.reader.as_raw_fd()
    }

    /// Takes the wakes. What was done before them is to be looked at after this call.
    pub(crate) fn take(&self) {
        self.take_with(|| {});
    }

    /// `between` runs where a wake from another thread could do harm.
    fn take_with(&self, between: impl FnOnce()) {
        // Nobody has woken it: a wake that begins now makes it readable, so it is taken next time.
        if !self.pending.load(Ordering::Acquire) {
            return;
        }
        let mut bytes = [0; 64];
        while matches!((&self.reader).read(&mut bytes), Ok(64)) {}
        between();
        // The flag falls last. The other way round, a wake between the two would leave it up with
        // its byte gone, and every wake after that would be lost. This way, a wake between the two
        // writes nothing, and is seen by the look that follows.
        self.pending.swap(false, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linger_registry::zmq;

    fn is_readable(waker: &Waker) -> bool {
        let mut items = [zmq::PollItem::from_fd(waker.descriptor(), zmq::POLLIN)];
        zmq::poll(&mut items, 0).expect("a poll without waiting");
        items[0].is_readable()
    }

    #[test]
    fn wakes_are_seen_once() {
        let waker = Waker::new().expect("a stream");
        assert!(!is_readable(&waker));
        waker.wake();
        waker.wake();
        assert!(is_readable(&waker));
        waker.take();
        assert!(!is_readable(&waker));
        waker.wake();
        assert!(is_readable(&waker));
    }

    #[test]
    fn a_wake_in_the_middle_of_taking_does_not_swallow_the_next_one() {
        let waker = Waker::new().expect("a stream");
        waker.wake();
        waker.take_with(|| waker.wake());
        // The look that follows sees what the wake was for; from then on wakes work as ever.
        waker.wake();
        assert!(is_readable(&waker));
    }
}
