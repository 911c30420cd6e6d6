//! The reading end of a monitor.

use std::mem;
use std::ops::Deref;
use std::thread;

/// A monitor's reader.
///
/// It must live until `MONITOR_STOPPED` was read, or until its context is being ended: libzmq sends
/// the events with a blocking send, from the thread that does all its closing and from those that
/// do its I/O, and without a reader they would stand still, for other sockets too. So in a panic
/// it is not dropped, but stays, unread: without a high-water mark, that blocks nobody.
pub(super) struct Reader(Option<zmq::Socket>);

impl Reader {
    pub(super) fn new(socket: zmq::Socket) -> Self {
        Self(Some(socket))
    }
}

impl Deref for Reader {
    type Target = zmq::Socket;

    #[expect(clippy::expect_used, reason = "only `drop` takes it")]
    fn deref(&self) -> &zmq::Socket {
        self.0.as_ref().expect("a reader that is not being dropped")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if thread::panicking() {
            mem::forget(self.0.take());
        }
    }
}
