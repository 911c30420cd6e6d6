//! Reading a frame without ever reading past its end.

use crate::topic::TopicError;
use bytes::{Buf, Bytes};
use thiserror::Error;

/// Why a frame could not be read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireError {
    /// It ended before its last field.
    #[error("the frame ends before its field `{field}`")]
    Short {
        /// The field that was missing or cut off.
        field: &'static str,
    },
    /// It goes on after its last field.
    #[error("{extra} bytes stand after the frame's last field")]
    Long {
        /// How many bytes too many.
        extra: usize,
    },
    /// It doesn't begin with the bytes `LG`.
    #[error("not a frame of this protocol")]
    Magic,
    /// It speaks another version.
    #[error("version {found} of the protocol, where {VERSION} is spoken", VERSION = super::VERSION)]
    Version {
        /// The version that it names.
        found: u8,
    },
    /// Its kind is not one that travels this way.
    #[error("kind {found} can't travel this way")]
    Kind {
        /// The kind that it names.
        found: u8,
    },
    /// A field holds what it can't.
    #[error("the field `{field}` holds an impossible value")]
    Value {
        /// The field.
        field: &'static str,
    },
    /// A topic or prefix can't be one.
    #[error(transparent)]
    Topic(#[from] TopicError),
}

/// A cursor over one frame.
pub(super) struct Reader {
    rest: Bytes,
}

impl Reader {
    pub(super) fn new(frame: &Bytes) -> Self {
        Self {
            rest: frame.clone(),
        }
    }

    pub(super) fn take(&mut self, len: usize, field: &'static str) -> Result<Bytes, WireError> {
        if self.rest.len() < len {
            return Err(WireError::Short { field });
        }
        Ok(self.rest.split_to(len))
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], WireError> {
        let mut out = [0; N];
        out.copy_from_slice(&self.take(N, field)?);
        Ok(out)
    }

    pub(super) fn u8(&mut self, field: &'static str) -> Result<u8, WireError> {
        self.rest
            .try_get_u8()
            .map_err(|_| WireError::Short { field })
    }

    pub(super) fn bool(&mut self, field: &'static str) -> Result<bool, WireError> {
        match self.u8(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::Value { field }),
        }
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16, WireError> {
        self.rest
            .try_get_u16()
            .map_err(|_| WireError::Short { field })
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, WireError> {
        self.rest
            .try_get_u32()
            .map_err(|_| WireError::Short { field })
    }

    pub(super) fn u64(&mut self, field: &'static str) -> Result<u64, WireError> {
        self.rest
            .try_get_u64()
            .map_err(|_| WireError::Short { field })
    }

    /// A sequence: from 1, and never the last number there is, so that it has a next one.
    pub(super) fn sequence(&mut self, field: &'static str) -> Result<u64, WireError> {
        match self.u64(field)? {
            0 | u64::MAX => Err(WireError::Value { field }),
            sequence => Ok(sequence),
        }
    }

    /// Leaves the rest unread.
    pub(super) fn skip(&mut self) {
        self.rest.clear();
    }

    /// A length of two bytes, then that many bytes.
    pub(super) fn short_bytes(&mut self, field: &'static str) -> Result<Bytes, WireError> {
        let len = usize::from(self.u16(field)?);
        self.take(len, field)
    }

    /// A count of four bytes, then that many entries of at least `least` bytes each.
    ///
    /// What the frame has no room for is refused before anything is set aside for it.
    pub(super) fn list<T>(
        &mut self,
        field: &'static str,
        least: usize,
        mut entry: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        let count = self.u32(field)?;
        let count = usize::try_from(count).map_err(|_| WireError::Short { field })?;
        if count > self.rest.len() / least {
            return Err(WireError::Short { field });
        }
        (0..count).map(|_| entry(self)).collect()
    }

    pub(super) fn rest(self) -> Bytes {
        self.rest
    }

    pub(super) fn end(self) -> Result<(), WireError> {
        match self.rest.len() {
            0 => Ok(()),
            extra => Err(WireError::Long { extra }),
        }
    }
}

/// Writes a length of two bytes, then the bytes.
///
/// Callers keep what they pass below 64 KiB; what is longer is cut, never overrun.
pub(super) fn put_short_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(&bytes[..usize::from(len)]);
}

/// Writes a count of four bytes, then each entry.
pub(super) fn put_list<T>(out: &mut Vec<u8>, list: &[T], mut entry: impl FnMut(&mut Vec<u8>, &T)) {
    let count = u32::try_from(list.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&count.to_be_bytes());
    for item in list.iter().take(count as usize) {
        entry(out, item);
    }
}
