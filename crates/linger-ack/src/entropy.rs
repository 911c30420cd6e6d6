//! Random bits for epochs, sessions and nonces.

use linger_ack_proto::{Epoch, Identity, Nonce, SessionId};
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::OnceLock;

/// Opened once and kept: who has to join anew must not need a descriptor when there is none left.
static GENERATOR: OnceLock<File> = OnceLock::new();

/// 128 bits from the operating system's generator.
fn random() -> io::Result<u128> {
    let mut generator = match GENERATOR.get() {
        Some(generator) => generator,
        None => {
            let opened = File::open("/dev/urandom")?;
            GENERATOR.get_or_init(|| opened)
        }
    };
    let mut bytes = [0; 16];
    generator.read_exact(&mut bytes)?;
    Ok(u128::from_be_bytes(bytes))
}

pub(crate) fn epoch() -> io::Result<Epoch> {
    Ok(Epoch::from_u128(random()?))
}

pub(crate) fn identity() -> io::Result<Identity> {
    let session = SessionId::from_u128(random()?);
    let nonce = Nonce::from_u128(random()?);
    Ok(Identity { session, nonce })
}
