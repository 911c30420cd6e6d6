//! Whoever can reach a port: bytes, and ZMTP 3.0 spoken by hand.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::must;

/// How long a stranger waits for whatever it waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes that look like nothing, the same for the same seed: xorshift.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// A connection to a `tcp://` endpoint, open until it is dropped.
pub struct Stranger(TcpStream);

impl Stranger {
    #[track_caller]
    pub fn connect(endpoint: &str) -> Self {
        let stream = must(TcpStream::connect(endpoint.trim_start_matches("tcp://")));
        must(stream.set_read_timeout(Some(PATIENCE)));
        must(stream.set_write_timeout(Some(PATIENCE)));
        must(stream.set_nodelay(true));
        Self(stream)
    }

    /// Shakes hands as libzmq would, with the mechanism NULL, as a socket of this type.
    #[track_caller]
    pub fn greeted(endpoint: &str, socket_type: &str) -> Self {
        let mut stranger = Self::connect(endpoint);
        let mut greeting = [0; 64];
        (greeting[0], greeting[9], greeting[10]) = (0xFF, 0x7F, 3);
        greeting[12..16].copy_from_slice(b"NULL");
        stranger.say(&greeting);
        must(stranger.0.read_exact(&mut [0; 64]));
        let mut ready = b"\x05READY\x0BSocket-Type".to_vec();
        ready.extend(u32::try_from(socket_type.len()).unwrap_or(0).to_be_bytes());
        ready.extend(socket_type.as_bytes());
        stranger.frame(0x04, &ready);
        // Theirs is a short command, too.
        let mut head = [0; 2];
        must(stranger.0.read_exact(&mut head));
        assert_eq!(head[0], 0x04, "a command");
        must(stranger.0.read_exact(&mut vec![0; head[1].into()]));
        stranger
    }

    /// Says bytes as they are. Whoever hangs up meanwhile has heard enough.
    pub fn say(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// Sends a frame with a body of at most 255 bytes; 1 in `flags` is "more", 4 a command.
    pub fn frame(&mut self, flags: u8, body: &[u8]) {
        let mut frame = vec![flags, u8::try_from(body.len()).unwrap_or(u8::MAX)];
        frame.extend(body);
        self.say(&frame);
    }

    /// Sends a frame of any length.
    pub fn long_frame(&mut self, body: &[u8]) {
        self.announce(body.len() as u64);
        self.say(body);
    }

    /// Takes a whole frame: whether there is more of the message, and its body.
    #[track_caller]
    pub fn hear(&mut self) -> (bool, Vec<u8>) {
        let mut flags = [0];
        must(self.0.read_exact(&mut flags));
        let mut length = [0; 8];
        let from = if flags[0] & 0x02 == 0 { 7 } else { 0 };
        must(self.0.read_exact(&mut length[from..]));
        let mut body = vec![0; usize::try_from(u64::from_be_bytes(length)).unwrap()];
        must(self.0.read_exact(&mut body));
        (flags[0] & 0x01 != 0, body)
    }

    /// Whether anything comes within a fifth of a second.
    #[track_caller]
    pub fn is_spoken_to(&self) -> bool {
        must(self.0.set_read_timeout(Some(Duration::from_millis(200))));
        let heard = self.0.peek(&mut [0]);
        must(self.0.set_read_timeout(Some(PATIENCE)));
        heard.is_ok()
    }

    /// Announces a frame of so many bytes, which never come.
    pub fn announce(&mut self, length: u64) {
        self.say(&[0x02]);
        self.say(&length.to_be_bytes());
    }

    /// Waits until the other side hangs up; what it said first is skipped.
    #[track_caller]
    pub fn until_hung_up_on(mut self) {
        let mut heard = [0; 4_096];
        loop {
            match self.0.read(&mut heard) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return,
                Err(error) => panic!("it is still connected: {error}"),
            }
        }
    }
}
