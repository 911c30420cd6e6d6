//! Where one storm happens: what all its threads share.

use super::board::Board;
use super::plan::{Plan, Transport};
use linger::linger_registry::Registry;
use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What nothing in a storm that passes comes near.
pub(crate) const AMPLE: Duration = Duration::from_secs(20);

pub(crate) struct Scene {
    pub(crate) plan: Plan,
    pub(crate) registry: Registry,
    pub(crate) board: Board,
    /// No wait for another's word goes on longer.
    pub(crate) limit: Instant,
    /// For the endpoints of ipc.
    folder: PathBuf,
    /// The kernel takes connections for it, and nobody ever says a word on them.
    silent: TcpListener,
}

impl Scene {
    pub(crate) fn new(plan: Plan, folder: PathBuf) -> io::Result<Self> {
        Ok(Self {
            registry: Registry::new(),
            board: Board::new(plan.links.len(), plan.sockets()),
            plan,
            limit: Instant::now() + AMPLE,
            folder,
            silent: TcpListener::bind("127.0.0.1:0")?,
        })
    }

    /// Where the end of this link that binds is to bind.
    pub(crate) fn to_bind(&self, number: usize) -> String {
        match self.plan.links[number].transport {
            // An address of its own: whoever reconnects to a port that was given away meanwhile
            // would talk to another link.
            Transport::Tcp => format!("tcp://127.1.{}.{}:*", number / 250, number % 250 + 1),
            Transport::Ipc => format!("ipc://{}/{number}", self.folder.display()),
            Transport::Inproc => format!("inproc://{number}"),
        }
    }

    /// Where nobody ever is: some refuse, some keep silent, some are not there.
    pub(crate) fn nowhere(&self, number: usize) -> io::Result<String> {
        Ok(match self.plan.links[number].transport {
            Transport::Tcp if number % 2 == 0 => format!("tcp://{}", self.silent.local_addr()?),
            // Nobody listens at port 1 of the loopback.
            Transport::Tcp => "tcp://127.0.0.1:1".to_owned(),
            Transport::Ipc | Transport::Inproc => self.to_bind(number),
        })
    }
}
