//! A payload that tells which message it is, and whether it is whole.

use std::fmt::Write as _;

/// The bytes that tell which message it is; no payload is shorter.
pub const HEADER: usize = 16;

/// The payload of a message: its publisher's life and its number, filled up to `len` bytes.
#[must_use]
pub fn make(life: u16, number: u64, len: usize) -> Vec<u8> {
    let mut text = String::with_capacity(len.max(HEADER));
    // Writing to a string does not fail.
    let _ = write!(text, "{life:03} {number:011} ");
    let mut payload = text.into_bytes();
    payload.resize(len.max(HEADER), fill(number));
    payload
}

/// The life and the number that a payload tells; `None` if it is not whole, or nobody made it.
#[must_use]
pub fn read(payload: &[u8]) -> Option<(u16, u64)> {
    let (header, filled) = payload.split_at_checked(HEADER)?;
    let text = std::str::from_utf8(header).ok()?;
    let (life, number) = text.strip_suffix(' ')?.split_once(' ')?;
    let (life, number) = (life.parse().ok()?, number.parse().ok()?);
    let is_whole = filled.iter().all(|&byte| byte == fill(number));
    is_whole.then_some((life, number))
}

fn fill(number: u64) -> u8 {
    b'a' + u8::try_from(number % 26).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_tells_which_message_it_is() {
        for (number, len) in [(0, 0), (507, 16), (99_999_999_999, 4_096)] {
            let payload = make(12, number, len);
            assert_eq!(payload.len(), len.max(HEADER));
            assert_eq!(read(&payload), Some((12, number)));
        }
    }

    #[test]
    fn a_payload_that_is_not_whole_tells_nothing() {
        let mut payload = make(1, 7, 64);
        payload[40] = b'z';
        assert_eq!(read(&payload), None);
        assert_eq!(read(&payload[..9]), None);
        assert_eq!(read(b"one two and more"), None);
    }
}
