//! Whoever can reach a port: ZMTP 3.0 spoken by hand, so that it can fall silent or say too much.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use super::error::LabError;
use super::wire::SOON;

/// A connection to a `tcp://` endpoint, as of a libzmq socket of a chosen type.
#[derive(Debug)]
pub(crate) struct Stranger(TcpStream);

impl Stranger {
    /// Shakes hands with the mechanism NULL; without `identity` it has no routing id.
    pub(crate) fn greeted(
        endpoint: &str,
        socket_type: &str,
        identity: &[u8],
    ) -> Result<Self, LabError> {
        let stream = TcpStream::connect(endpoint.trim_start_matches("tcp://"))?;
        stream.set_read_timeout(Some(SOON))?;
        stream.set_write_timeout(Some(SOON))?;
        stream.set_nodelay(true)?;
        let mut stranger = Self(stream);
        let mut greeting = [0; 64];
        (greeting[0], greeting[9], greeting[10]) = (0xFF, 0x7F, 3);
        greeting[12..16].copy_from_slice(b"NULL");
        stranger.0.write_all(&greeting)?;
        stranger.0.read_exact(&mut [0; 64])?;
        let mut ready = b"\x05READY".to_vec();
        property(&mut ready, b"Socket-Type", socket_type.as_bytes());
        property(&mut ready, b"Identity", identity);
        stranger.0.write_all(&frame(COMMAND, &ready))?;
        // Theirs is a command, too.
        stranger.hear()?;
        Ok(stranger)
    }

    /// Says frames as they are, back to back.
    pub(crate) fn say(&mut self, frames: &[u8]) -> io::Result<()> {
        self.0.write_all(frames)
    }

    /// Takes the body of a whole frame.
    pub(crate) fn hear(&mut self) -> io::Result<Vec<u8>> {
        let mut flags = [0];
        self.0.read_exact(&mut flags)?;
        let mut length = [0; 8];
        let from = if flags[0] & LONG == 0 { 7 } else { 0 };
        self.0.read_exact(&mut length[from..])?;
        let length = usize::try_from(u64::from_be_bytes(length)).unwrap_or(usize::MAX);
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(body)
    }
}

const LONG: u8 = 0x02;
const COMMAND: u8 = 0x04;

/// A message of one frame.
pub(crate) fn message(body: &[u8]) -> Vec<u8> {
    frame(0, body)
}

fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = match u8::try_from(body.len()) {
        Ok(length) => vec![flags, length],
        Err(_) => {
            let mut head = vec![flags | LONG];
            head.extend((body.len() as u64).to_be_bytes());
            head
        }
    };
    frame.extend(body);
    frame
}

fn property(command: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    let name_length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    let value_length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    command.push(name_length);
    command.extend(name);
    command.extend(value_length.to_be_bytes());
    command.extend(value);
}
