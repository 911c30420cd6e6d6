//! The ways of stopping, each with its publisher and its subscriber.
//!
//! A way gets a [`Stream`] to publish, or a [`Worker`] to hand what it receives to; how it does
//! so, and how it stops, is all that differs between the ways.

mod acked;
mod exit;
mod linger;
mod plain;
mod term;

use std::fmt;
use std::str::FromStr;

use crate::roles::RoleError;
use crate::roles::publisher::Stream;
use crate::roles::subscriber::Worker;

/// The window of the acked way, in messages.
pub(crate) const WINDOW: i32 = 32_768;

/// The high-water mark of every way's sockets: what the acked way takes for its window.
pub(crate) const HIGH_WATER_MARK: i32 = 2 * (WINDOW + 64);

/// How a publisher stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Close the socket, then exit.
    Exit,
    /// The tutorials' LINGER of a second, close, exit.
    Linger,
    /// Close the socket, then terminate the context.
    Term,
    /// The crates of this workspace: wait until subscribers have acknowledged.
    Acked,
}

impl Way {
    /// Every way, in the order of the table.
    pub(crate) const ALL: [Self; 4] = [Self::Exit, Self::Linger, Self::Term, Self::Acked];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Exit => "exit",
            Self::Linger => "linger",
            Self::Term => "term",
            Self::Acked => "acked",
        }
    }

    /// Whether losing a message with nobody killed is a failure of the job.
    pub(crate) const fn promises_all(self) -> bool {
        match self {
            Self::Exit | Self::Linger | Self::Term => false,
            Self::Acked => true,
        }
    }

    /// Publishes the stream until it halts, stops this way, and says what it knows.
    pub(crate) fn publish(self, stream: &mut Stream) -> Result<(), RoleError> {
        match self {
            Self::Exit => plain::publish(stream, exit::stop),
            Self::Linger => plain::publish(stream, linger::stop),
            Self::Term => plain::publish(stream, term::stop),
            Self::Acked => acked::publish(stream),
        }
    }

    /// Hands what is published to the worker until nothing more comes.
    pub(crate) fn subscribe(
        self,
        worker: &mut Worker,
        endpoints: &[String],
    ) -> Result<(), RoleError> {
        match self {
            Self::Exit | Self::Linger | Self::Term => plain::subscribe(worker, endpoints),
            Self::Acked => acked::subscribe(worker, endpoints),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no way.
#[derive(Debug, thiserror::Error)]
#[error("no way is named {0:?}: they are exit, linger, term and acked")]
pub(crate) struct UnknownWay(String);

impl FromStr for Way {
    type Err = UnknownWay;

    fn from_str(name: &str) -> Result<Self, UnknownWay> {
        let mut ways = Self::ALL.into_iter();
        ways.find(|way| way.name() == name)
            .ok_or_else(|| UnknownWay(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_found_by_its_name() {
        for way in Way::ALL {
            assert_eq!(way.name().parse::<Way>().unwrap(), way);
        }
        assert!("".parse::<Way>().is_err());
    }
}
