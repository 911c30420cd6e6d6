//! What wakes the closer thread.

#[cfg(not(all(test, loom)))]
pub(crate) use real::Bell;

#[cfg(all(test, loom))]
pub(crate) use modelled::Bell;

#[cfg(not(all(test, loom)))]
mod real {
    use std::io::{self, Read, Write};
    use std::os::fd::{AsRawFd, RawFd};
    use std::os::unix::net::UnixStream;

    /// Wakes the closer thread out of its poll.
    pub(crate) struct Bell {
        // Both ends live as long as the registry: writing never meets a closed pipe.
        ring: UnixStream,
        heard: UnixStream,
    }

    impl Bell {
        pub(crate) fn new() -> io::Result<Self> {
            let (ring, heard) = UnixStream::pair()?;
            ring.set_nonblocking(true)?;
            heard.set_nonblocking(true)?;
            Ok(Self { ring, heard })
        }

        pub(crate) fn ring(&self) {
            // Full means that it rings already.
            drop((&self.ring).write(&[1]));
        }

        /// Readable while it rings.
        pub(crate) fn descriptor(&self) -> RawFd {
            self.heard.as_raw_fd()
        }

        pub(crate) fn silence(&self) {
            let mut bytes = [0; 64];
            while matches!((&self.heard).read(&mut bytes), Ok(read) if read == bytes.len()) {}
        }
    }
}

#[cfg(all(test, loom))]
mod modelled {
    use crate::sync::{Condvar, Mutex};
    use std::io;
    use std::os::fd::RawFd;
    use std::time::Instant;

    /// Rings until it is heard, as a byte in a pipe does.
    pub(crate) struct Bell {
        rings: Mutex<bool>,
        changed: Condvar,
    }

    impl Bell {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self {
                rings: Mutex::new(false),
                changed: Condvar::new(),
            })
        }

        pub(crate) fn ring(&self) {
            *self.rings.lock() = true;
            self.changed.notify_all();
        }

        /// None: a model waits in `hear`.
        pub(crate) fn descriptor(&self) -> RawFd {
            -1
        }

        pub(crate) fn silence(&self) {
            *self.rings.lock() = false;
        }

        pub(crate) fn hear(&self) {
            let mut rings = self.rings.lock();
            while !*rings {
                self.changed.wait_until(&mut rings, Instant::now());
            }
            *rings = false;
        }
    }
}
