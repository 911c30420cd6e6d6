//! Whose sessions there are. Frames in the corpora carry them.

use linger_ack_proto::{Identity, Nonce, SessionId};

/// The session of a subscriber, from 0, in one of its lives, from 0.
pub fn identity(slot: usize, generation: usize) -> Identity {
    let (slot, generation) = (slot as u128 + 1, generation as u128 + 1);
    Identity {
        session: SessionId::from_u128(slot << 64 | generation),
        nonce: Nonce::from_u128(slot << 96 | generation),
    }
}
