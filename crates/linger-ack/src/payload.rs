//! What can be published.

use bytes::Bytes;
use linger_registry::zmq;

/// What can be the payload of a message; [`Bytes`] and `Vec<u8>` are taken without a copy.
pub trait Payload: sealed::Sealed {
    /// The payload as it is retained.
    fn into_bytes(self) -> Bytes;

    /// The same, lent: what is borrowed already is not shared once more for it.
    #[doc(hidden)]
    fn lend<R>(self, to: impl FnOnce(&Bytes) -> R) -> R
    where
        Self: Sized,
    {
        to(&self.into_bytes())
    }
}

mod sealed {
    #[expect(
        unnameable_types,
        reason = "the trait above is not for others to implement"
    )]
    pub trait Sealed {}
}

macro_rules! payload {
    ($($type:ty, $payload:ident => $bytes:expr;)*) => {$(
        impl sealed::Sealed for $type {}
        impl Payload for $type {
            fn into_bytes(self) -> Bytes {
                let $payload = self;
                $bytes
            }
        }
    )*};
}

payload! {
    Bytes, payload => payload;
    Vec<u8>, payload => Bytes::from(payload);
    String, payload => Bytes::from(payload);
    &[u8], payload => Bytes::copy_from_slice(payload);
    &Vec<u8>, payload => Bytes::copy_from_slice(payload);
    &str, payload => Bytes::copy_from_slice(payload.as_bytes());
    &String, payload => Bytes::copy_from_slice(payload.as_bytes());
    zmq::Message, payload => Bytes::copy_from_slice(&payload);
    &zmq::Message, payload => Bytes::copy_from_slice(payload);
}

impl sealed::Sealed for &Bytes {}
impl Payload for &Bytes {
    fn into_bytes(self) -> Bytes {
        self.clone()
    }

    fn lend<R>(self, to: impl FnOnce(&Bytes) -> R) -> R {
        to(self)
    }
}

impl<const N: usize> sealed::Sealed for &[u8; N] {}
impl<const N: usize> Payload for &[u8; N] {
    fn into_bytes(self) -> Bytes {
        Bytes::copy_from_slice(self)
    }
}
