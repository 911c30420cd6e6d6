//! Where a socket was bound and connected to.

use std::fmt;

/// An address that a socket was bound or connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Endpoint {
    /// Bound; a wildcard port is the port that the kernel chose.
    Bound(String),
    /// Connected, as it was asked for: whether anybody listens there is not known.
    Connected(String),
}

impl Endpoint {
    /// The address alone, such as `tcp://127.0.0.1:5555`.
    #[must_use]
    pub fn address(&self) -> &str {
        match self {
            Self::Bound(address) | Self::Connected(address) => address,
        }
    }

    /// In one context: libzmq applies no linger to such a connection.
    pub(crate) fn is_inproc(&self) -> bool {
        self.address().starts_with("inproc://")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bound(address) => write!(f, "bound {address}"),
            Self::Connected(address) => write!(f, "connected {address}"),
        }
    }
}
