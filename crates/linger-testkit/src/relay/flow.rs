//! One direction of a connection: bytes that were read and are not written yet.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

const BUFFER: usize = 64 * 1024;

/// How much is held of what was read too early to be passed on.
const HELD: usize = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Flow {
    /// Read at once, to be passed on from a moment on; in order.
    chunks: VecDeque<Chunk>,
    held: usize,
    spare: Vec<u8>,
    state: State,
}

#[derive(Debug)]
struct Chunk {
    due: Instant,
    bytes: Vec<u8>,
    start: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The source has ended; what is held is still owed.
    Ending,
    /// The end was passed on.
    Ended,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self {
            chunks: VecDeque::new(),
            held: 0,
            spare: Vec::new(),
            state: State::Open,
        }
    }

    /// One buffer at a time; more only where bytes have to wait.
    pub(super) fn wants_to_read(&self, delay: Duration) -> bool {
        let room = if delay.is_zero() { 1 } else { HELD };
        self.state == State::Open && self.held < room
    }

    /// When the first of what is held may be passed on.
    pub(super) fn due(&self) -> Option<Instant> {
        self.chunks.front().map(|chunk| chunk.due)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Moves what can be moved without waiting, at most `limit` bytes; says how many went out.
    pub(super) fn pump(
        &mut self,
        from: &TcpStream,
        to: &TcpStream,
        (now, delay): (Instant, Duration),
        limit: u64,
    ) -> io::Result<u64> {
        if self.wants_to_read(delay) && !self.read(from, now + delay)? {
            return Ok(0);
        }
        let passed = self.write(to, now, limit)?;
        if self.state == State::Ending && self.chunks.is_empty() {
            // It may have gone already; then there is nobody to tell.
            let _ = to.shutdown(Shutdown::Write);
            self.state = State::Ended;
        }
        Ok(passed)
    }

    /// False where nothing is held and nothing came.
    fn read(&mut self, mut from: &TcpStream, due: Instant) -> io::Result<bool> {
        let mut bytes = std::mem::take(&mut self.spare);
        bytes.resize(BUFFER, 0);
        match from.read(&mut bytes) {
            Ok(0) => self.state = State::Ending,
            Ok(read) => {
                bytes.truncate(read);
                self.held += read;
                self.chunks.push_back(Chunk {
                    due,
                    bytes,
                    start: 0,
                });
            }
            Err(error) if is_later(&error) => {
                self.spare = bytes;
                return Ok(!self.chunks.is_empty());
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    fn write(&mut self, mut to: &TcpStream, now: Instant, limit: u64) -> io::Result<u64> {
        let mut passed = 0;
        while passed < limit {
            let Some(chunk) = self.chunks.front_mut().filter(|chunk| chunk.due <= now) else {
                break;
            };
            let room = usize::try_from(limit - passed).unwrap_or(usize::MAX);
            let end = chunk.bytes.len().min(chunk.start.saturating_add(room));
            match to.write(&chunk.bytes[chunk.start..end]) {
                Ok(written) => {
                    chunk.start += written;
                    self.held -= written;
                    passed += written as u64;
                }
                Err(error) if is_later(&error) => break,
                Err(error) => return Err(error),
            }
            if chunk.start == chunk.bytes.len() {
                self.spare = self
                    .chunks
                    .pop_front()
                    .map_or_else(Vec::new, |chunk| chunk.bytes);
            }
        }
        Ok(passed)
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
