//! Tells systemd how a stop goes, by the protocol of `sd_notify(3)`.
//!
//! On a thread of its own, over a socket that never blocks: a service manager that does not read
//! holds up nothing. What is told is worked out in [`told`], and sent by [`socket`].

mod progress;
mod socket;
mod status;
mod told;

use std::ffi::OsStr;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use self::socket::{Sent, Socket};
use self::told::Told;
use crate::builder::Builder;
use crate::coordinator::Coordinator;
use crate::narrator::Line;
use crate::phase::Phase;
use crate::room::Room;

/// Where the service manager listens.
const VARIABLE: &str = "NOTIFY_SOCKET";

/// Messages that may wait for the thread; more are lost.
const WAITING: usize = 64;

/// When a socket is full, the next try comes after this, then after twice as long, up to `LATEST`.
const RETRY: Duration = Duration::from_millis(10);
const LATEST: Duration = Duration::from_secs(1);

/// What the thread hears of.
enum Message {
    Ready,
    Triggered {
        hard: Instant,
    },
    Begun {
        phase: Phase,
        rooms: Vec<Arc<Room>>,
        members: usize,
    },
    Forced {
        phase: Phase,
    },
    Progress {
        phase: Phase,
    },
    Ended {
        phase: Phase,
    },
    /// The second part is dropped when that was tried to be sent.
    Stopped {
        clean: bool,
        took: Duration,
        tried: SyncSender<()>,
    },
}

/// The thread's end of the work: it ends when this is dropped.
#[derive(Clone)]
pub(crate) struct Systemd {
    messages: SyncSender<Message>,
}

impl Systemd {
    /// Starts the thread; `None` if the address is none that can be sent to.
    pub(crate) fn start(address: &OsStr) -> io::Result<Option<Self>> {
        let Some(socket) = Socket::to(address) else {
            return Ok(None);
        };
        let (messages, receiver) = sync_channel(WAITING);
        thread::Builder::new()
            .name("linger-systemd".to_owned())
            .spawn(move || run(&receiver, &socket))?;
        Ok(Some(Self { messages }))
    }

    pub(crate) fn ready(&self) {
        self.say(Message::Ready);
    }

    /// Takes what it needs of a line.
    pub(crate) fn hear(&self, line: &Line) {
        self.say(match line {
            Line::Triggered { hard, .. } => Message::Triggered { hard: *hard },
            Line::Begun {
                phase,
                rooms,
                members,
                ..
            } => Message::Begun {
                phase: *phase,
                rooms: rooms.clone(),
                members: *members,
            },
            Line::Forced { phase, .. } => Message::Forced { phase: *phase },
            Line::Ended { rooms, .. } => match rooms.first() {
                Some(room) => Message::Ended {
                    phase: room.phase(),
                },
                None => return,
            },
            Line::Progress { phase, .. } => Message::Progress { phase: *phase },
            Line::Stopped(report, told) => Message::Stopped {
                clean: report.is_clean(),
                took: report.took(),
                tried: told.clone(),
            },
        });
    }

    fn say(&self, message: Message) {
        let _ = self.messages.try_send(message);
    }
}

fn run(messages: &Receiver<Message>, socket: &Socket) {
    let mut told = Told::default();
    let mut retry = RETRY;
    loop {
        let message = if told.is_told() {
            messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            messages.recv_timeout(retry)
        };
        let _tried = match message {
            Ok(message) => {
                retry = RETRY;
                told.hear(message)
            }
            Err(RecvTimeoutError::Timeout) => {
                retry = (retry * 2).min(LATEST);
                None
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if let Some(datagram) = told.datagram(Instant::now()) {
            match socket.send(&datagram) {
                // A manager that is gone wants to know nothing of what was.
                Sent::Taken | Sent::Gone => told.set_told(),
                Sent::Full => {}
            }
        }
    }
}

impl Builder {
    /// Tells systemd how the stop goes, where `NOTIFY_SOCKET` is set; elsewhere it does nothing.
    ///
    /// After the trigger `STOPPING=1`; at each phase, and every 2 s, a `STATUS` with who is left
    /// and how much time; and `EXTEND_TIMEOUT_USEC` as the stop advances (a member has ended or
    /// said something new): until the hard end and 2 s more, so that a `TimeoutStopSec` below the
    /// budget cuts nothing that is within it. A stop that hangs is not extended. `READY=1` is told
    /// by [`Coordinator::notify_ready`]. The protocol is that of `sd_notify(3)`.
    ///
    /// It never blocks: a manager that does not read is told the last state once it does.
    pub fn notify_systemd(mut self) -> Self {
        self.notify = std::env::var_os(VARIABLE);
        self
    }

    /// The same to a socket of this address, for tests.
    #[doc(hidden)]
    pub fn notify_socket(mut self, address: impl Into<std::ffi::OsString>) -> Self {
        self.notify = Some(address.into());
        self
    }
}

impl Coordinator {
    /// Tells systemd that the service is ready: `READY=1` of `sd_notify(3)`.
    ///
    /// For units of `Type=notify`, once, when the service can do its work. Never blocks. It does
    /// nothing without [`Builder::notify_systemd`], without `NOTIFY_SOCKET`, and after the trigger.
    pub fn notify_ready(&self) {
        if let Some(systemd) = &self.core().systemd {
            systemd.ready();
        }
    }
}
