//! The numbers that tell epochs, sessions and levels apart.

use std::fmt;

macro_rules! random_128 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Takes 128 bits, which the caller has drawn at random.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self(bits.to_be_bytes())
            }

            /// Takes the 16 bytes as they stand on the wire.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes as they stand on the wire.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", u128::from_be_bytes(self.0))
            }
        }

        /// As 32 hexadecimal digits.
        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

macro_rules! shown_whole {
    ($($name:ident)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        })*
    };
}

random_128! {
    /// One life of a publisher: 128 random bits, drawn when it starts.
    ///
    /// Sequences and topic numbers mean something only within an epoch. It stands whole in each
    /// control frame; a data envelope carries its last four bytes, the [tag](Epoch::tag).
    Epoch
}

random_128! {
    /// One membership of a subscriber: 128 random bits, drawn anew for each join.
    ///
    /// It is a secret between the subscriber and its publisher: who knows it can acknowledge in
    /// its name.
    SessionId
}

random_128! {
    /// Names a subscriber's private topic on the data connection: 128 random bits.
    ///
    /// Anyone who reads the data port can see it, so it is never the session id.
    Nonce
}

shown_whole!(Epoch Nonce);

/// Its last 32 bits: enough to tell sessions apart, too few to speak in their name.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [.., a, b, c, d] = self.0;
        write!(f, "SessionId(…{a:02x}{b:02x}{c:02x}{d:02x})")
    }
}

impl Epoch {
    /// Stands where no epoch is known yet: in HELLO.
    pub const UNKNOWN: Self = Self([0; 16]);

    /// The four bytes that a data envelope carries.
    #[must_use]
    pub const fn tag(&self) -> u32 {
        let bytes = &self.0;
        u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]])
    }
}

/// What a subscriber draws at random for each join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The secret of the membership.
    pub session: SessionId,
    /// The name of the private topic; independent of the session.
    pub nonce: Nonce,
}

/// What an acknowledgement of a member asserts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Level {
    /// The subscriber's library holds the message, in order. A crash can still lose it.
    Received,
    /// The application called `ack` for the message; nothing else counts.
    #[default]
    Processed,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Received => "received",
            Self::Processed => "processed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_the_epochs_last_four_bytes() {
        let epoch = Epoch::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
        assert_eq!(epoch.tag(), 0x0d0e_0f10);
        assert_eq!(epoch.to_string(), "0102030405060708090a0b0c0d0e0f10");
    }
}
