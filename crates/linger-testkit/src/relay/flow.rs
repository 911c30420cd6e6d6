//! One direction of a connection: bytes that were read and are not written yet.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

const BUFFER: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Flow {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The source has ended; what is buffered is still owed.
    Ending,
    /// The end was passed on.
    Ended,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self {
            buffer: vec![0; BUFFER].into(),
            start: 0,
            end: 0,
            state: State::Open,
        }
    }

    pub(super) fn wants_to_read(&self) -> bool {
        self.state == State::Open && self.start == self.end
    }

    pub(super) const fn wants_to_write(&self) -> bool {
        self.start < self.end
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Moves what can be moved without waiting, at most `limit` bytes; says how many went out.
    pub(super) fn pump(
        &mut self,
        mut from: &TcpStream,
        mut to: &TcpStream,
        limit: u64,
    ) -> io::Result<u64> {
        let mut passed = 0;
        if self.wants_to_read() {
            match from.read(&mut self.buffer) {
                Ok(0) => self.state = State::Ending,
                Ok(read) => (self.start, self.end) = (0, read),
                Err(error) if is_later(&error) => return Ok(0),
                Err(error) => return Err(error),
            }
        }
        while self.wants_to_write() && passed < limit {
            let room = usize::try_from(limit - passed).unwrap_or(usize::MAX);
            let end = self.end.min(self.start.saturating_add(room));
            match to.write(&self.buffer[self.start..end]) {
                Ok(written) => {
                    self.start += written;
                    passed += written as u64;
                }
                Err(error) if is_later(&error) => break,
                Err(error) => return Err(error),
            }
        }
        if self.state == State::Ending && !self.wants_to_write() {
            // It may have gone already; then there is nobody to tell.
            let _ = to.shutdown(Shutdown::Write);
            self.state = State::Ended;
        }
        Ok(passed)
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
