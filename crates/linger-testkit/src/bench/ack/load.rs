//! What goes through either side, and where.

use crate::bench::BenchError;
use crate::port;
use std::env;
use std::fmt;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The topic of every message, and what receivers subscribe to.
pub(in crate::bench) const TOPIC: &str = "EURUSD";
pub(in crate::bench) const PREFIX: &str = "EUR";

/// What a wait for anything may take.
pub(in crate::bench) const AMPLE: Duration = Duration::from_secs(20);

/// How the ends are connected.
#[derive(Clone, Copy, Debug)]
pub(in crate::bench) enum Transport {
    /// On the loopback device.
    Tcp,
    /// By sockets in the file system.
    Ipc,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Ipc => "ipc",
        })
    }
}

impl Transport {
    /// Endpoints that nobody else has.
    pub(in crate::bench) fn endpoints<const N: usize>(self) -> Result<[String; N], BenchError> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        Ok(match self {
            Self::Tcp => port::free_ports()?.map(|port| format!("tcp://127.0.0.1:{port}")),
            Self::Ipc => [(); N].map(|()| {
                let number = COUNT.fetch_add(1, Ordering::Relaxed);
                let file = format!("linger-bench-{}-{number}.sock", process::id());
                format!("ipc://{}", env::temp_dir().join(file).display())
            }),
        })
    }
}

/// What one block is.
#[derive(Clone, Copy, Debug)]
pub(in crate::bench) struct Load {
    pub(in crate::bench) transport: Transport,
    /// The length of a payload, in bytes.
    pub(in crate::bench) payload: usize,
    pub(in crate::bench) subscribers: usize,
    pub(in crate::bench) messages: u32,
}

impl Load {
    /// That a receiver got all of a block.
    pub(in crate::bench) fn is_whole(self, messages: u32, bytes: u64) -> Result<(), BenchError> {
        let expected = u64::from(self.messages) * self.payload as u64;
        match messages == self.messages && bytes == expected {
            true => Ok(()),
            false => Err(BenchError::Wrong(format!(
                "{messages} of {} messages, {bytes} of {expected} bytes",
                self.messages
            ))),
        }
    }
}
