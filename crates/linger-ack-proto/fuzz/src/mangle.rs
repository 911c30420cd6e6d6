//! Frames that were whole, with something changed.

use super::input::Input;
use bytes::Bytes;

/// Changes a frame in one to four places.
pub fn mangle(frame: &[u8], input: &mut Input<'_>) -> Bytes {
    let mut out = frame.to_vec();
    for _ in 0..=input.below(4) {
        let at = usize::from(input.u16()) % (out.len() + 1);
        match input.byte() % 6 {
            0 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte ^= 1 << (input.byte() % 8);
                }
            }
            1 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte = input.byte();
                }
            }
            2 => out.truncate(at),
            3 => out.extend_from_slice(input.take(at % 32)),
            4 => {
                let number = input.number(1).to_be_bytes();
                for (byte, new) in out.iter_mut().skip(at).zip(number) {
                    *byte = new;
                }
            }
            _ => {
                let rest = out.split_off(at);
                let len = input.below(16);
                out.extend_from_slice(input.take(len));
                out.extend_from_slice(&rest);
            }
        }
    }
    out.into()
}
