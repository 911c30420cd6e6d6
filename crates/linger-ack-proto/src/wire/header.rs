//! What each control frame begins with.

use super::reader::{Reader, WireError};
use crate::id::{Epoch, SessionId};
use bytes::Bytes;

/// The version of the protocol that this crate speaks.
pub const VERSION: u8 = 1;

/// The length of a header, in bytes.
pub const HEADER_LEN: usize = 36;

const MAGIC: [u8; 2] = *b"LG";

/// Which epoch and session a control frame belongs to.
///
/// ```text
///  0        2         3      4              20               36
///  ┌────────┬─────────┬──────┬───────────────┬────────────────┐
///  │ L    G │ version │ kind │ epoch         │ session        │ body …
///  └────────┴─────────┴──────┴───────────────┴────────────────┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The publisher's epoch; [`Epoch::UNKNOWN`] in HELLO.
    pub epoch: Epoch,
    /// The subscriber's session.
    pub session: SessionId,
}

impl Header {
    /// Reads the header of a frame that may be of any version; what follows it is not looked at.
    ///
    /// # Errors
    ///
    /// If the frame is too short for one, or is none of this protocol.
    pub fn peek(frame: &Bytes) -> Result<(Self, u8), WireError> {
        let (header, version, _) = Self::read_any(&mut Reader::new(frame))?;
        Ok((header, version))
    }

    pub(super) fn write(&self, kind: u8, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&[VERSION, kind]);
        out.extend_from_slice(self.epoch.as_bytes());
        out.extend_from_slice(self.session.as_bytes());
    }

    pub(super) fn read(reader: &mut Reader) -> Result<(Self, u8), WireError> {
        let (header, version, kind) = Self::read_any(reader)?;
        if version != VERSION {
            return Err(WireError::Version { found: version });
        }
        Ok((header, kind))
    }

    /// Reads a header of any version: its length and its places never change.
    pub(super) fn read_any(reader: &mut Reader) -> Result<(Self, u8, u8), WireError> {
        if reader.array::<2>("magic")? != MAGIC {
            return Err(WireError::Magic);
        }
        let version = reader.u8("version")?;
        let kind = reader.u8("kind")?;
        let epoch = Epoch::from_bytes(reader.array("epoch")?);
        let session = SessionId::from_bytes(reader.array("session")?);
        Ok((Self { epoch, session }, version, kind))
    }
}
