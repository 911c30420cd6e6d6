//! Wakes a thread that polls its sockets: a descriptor in the same poll.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU8, Ordering};

/// It was woken; its byte may be yet to be written.
const WOKEN: u8 = 1;

/// The byte is there.
const WRITTEN: u8 = 2;

/// Both ends of a stream; any number of wakes before the thread looks are one.
#[derive(Debug)]
pub(crate) struct Waker {
    state: AtomicU8,
    writer: UnixStream,
    reader: UnixStream,
}

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        let (writer, reader) = UnixStream::pair()?;
        writer.set_nonblocking(true)?;
        reader.set_nonblocking(true)?;
        Ok(Self {
            state: AtomicU8::new(0),
            writer,
            reader,
        })
    }

    /// Makes the descriptor readable. Never blocks.
    pub(crate) fn wake(&self) {
        self.wake_with(|| {});
    }

    /// `between` runs where a look from another thread could do harm.
    fn wake_with(&self, between: impl FnOnce()) {
        // If a wake is pending already, the thread has not looked since, and will see what we did.
        if self.state.fetch_or(WOKEN, Ordering::AcqRel) == 0 {
            between();
            // A full stream is a readable one: nothing is lost with the error.
            let _ = (&self.writer).write(&[1]);
            self.state.fetch_or(WRITTEN, Ordering::AcqRel);
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
        // Nobody has woken it, or the byte comes in a moment, and this is called once more for it:
        // to take the wake without its byte would leave the descriptor readable for nothing.
        if self.state.load(Ordering::Acquire) & WRITTEN == 0 {
            return;
        }
        let mut bytes = [0; 64];
        while matches!((&self.reader).read(&mut bytes), Ok(64)) {}
        between();
        // The flags fall last. The other way round, a wake between the two would leave them up with
        // its byte gone, and every wake after that would be lost. This way, a wake between the two
        // writes nothing, and is seen by the look that follows.
        self.state.swap(0, Ordering::AcqRel);
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
    fn a_look_in_the_middle_of_a_wake_leaves_nothing_to_be_seen_for_ever() {
        let waker = Waker::new().expect("a stream");
        waker.wake_with(|| waker.take());
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
