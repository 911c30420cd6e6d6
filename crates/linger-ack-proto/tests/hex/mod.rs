//! Bytes from hexadecimal text.

use bytes::Bytes;

/// The bytes that an even number of hexadecimal digits stands for.
pub(crate) fn decode(text: &str) -> Bytes {
    assert_eq!(text.len() % 2, 0, "an odd number of digits: {text}");
    let pairs = (0..text.len()).step_by(2);
    let bytes = pairs.map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal"));
    bytes.collect()
}
