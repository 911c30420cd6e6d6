//! A tracing subscriber that blocks, as one does on a full pipe, holds up no shutdown.
#![expect(
    clippy::unwrap_used,
    reason = "tests: helpers beside the test functions"
)]

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use linger_coordinator::{Coordinator, Phase, Phases};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

struct Blocked {
    entered: Mutex<Sender<()>>,
    block: Mutex<Receiver<()>>,
}

impl Subscriber for Blocked {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        let _ = self.entered.lock().unwrap().send(());
        let _ = self.block.lock().unwrap().recv();
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_log_that_blocks_holds_up_nothing() {
    let (entered, seen) = channel();
    let (_held, block) = channel();
    let blocked = Blocked {
        entered: Mutex::new(entered),
        block: Mutex::new(block),
    };
    tracing::subscriber::set_global_default(blocked).unwrap();
    let limit = Duration::from_secs(30);
    let builder = Coordinator::builder()
        .phases(Phases::service())
        .budget(limit);
    #[cfg(feature = "systemd")]
    let manager = Manager::new();
    #[cfg(feature = "systemd")]
    let builder = builder.notify_socket(manager.folder.join("notify"));
    let stop = builder.start().unwrap();
    stop.spawn_blocking("works", Phase::WORK, |member| {
        member.wait();
        Ok(())
    })
    .unwrap();
    let since = Instant::now();
    stop.shutdown();
    let report = stop.wait_blocking();
    assert!(report.is_clean(), "{report}");
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
    seen.recv_timeout(limit)
        .expect("it was logged, and that blocked");
    #[cfg(feature = "systemd")]
    manager.heard("STATUS=Stopped in ", limit);
}

/// What listens in the place of systemd.
#[cfg(feature = "systemd")]
struct Manager {
    socket: std::os::unix::net::UnixDatagram,
    folder: std::path::PathBuf,
}

#[cfg(feature = "systemd")]
impl Manager {
    fn new() -> Self {
        let folder = format!("linger-blocked-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let socket = std::os::unix::net::UnixDatagram::bind(folder.join("notify")).unwrap();
        Self { socket, folder }
    }

    /// The log is not what systemd waits for.
    fn heard(&self, what: &str, limit: Duration) {
        self.socket.set_read_timeout(Some(limit)).unwrap();
        let mut datagram = [0; 4096];
        loop {
            let length = self.socket.recv(&mut datagram).unwrap();
            if String::from_utf8_lossy(&datagram[..length]).contains(what) {
                return;
            }
        }
    }
}

#[cfg(feature = "systemd")]
impl Drop for Manager {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
