//! What is to be stopped, and that it was: the same for both sides.

use crate::bench::BenchError;
use crate::bench::gate::Gate;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The topic of every message.
pub(super) const TOPIC: &str = "EURUSD";

/// The length of a payload, in bytes.
const PAYLOAD: usize = 64;

/// What a wait for anything may take.
pub(super) const AMPLE: Duration = Duration::from_secs(60);

/// SUB's high-water mark, in messages: libzmq's default and that of our subscribers.
pub(super) const RECEIVE_MARK: u16 = 1_000;

/// One stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// How many messages are published and not received when the clock starts.
    pub(super) backlog: u32,
    pub(super) subscribers: usize,
}

impl Load {
    /// Room for all of them, and for the one that comes first.
    pub(super) fn window(self) -> u32 {
        (self.backlog + 1).max(1_024)
    }

    /// PUB's high-water mark, in messages: for both sides that of a publisher with such a window.
    pub(super) fn send_mark(self) -> i32 {
        i32::try_from(2 * (self.window() + 64)).unwrap_or(i32::MAX)
    }

    /// The messages: the first is received before the clock starts, the others are the backlog.
    pub(super) fn sequences(self) -> std::ops::RangeInclusive<u32> {
        0..=self.backlog
    }
}

/// A message tells which one it is.
pub(super) fn payload(sequence: u32) -> [u8; PAYLOAD] {
    let mut payload = [7; PAYLOAD];
    for (to, from) in payload.iter_mut().zip(sequence.to_be_bytes()) {
        *to = from;
    }
    payload
}

/// That it is the one that was to come.
pub(super) fn is_next(found: &[u8], sequence: u32) -> Result<(), BenchError> {
    match *found == payload(sequence) {
        true => Ok(()),
        false => Err(BenchError::Wrong(format!("not message {sequence}"))),
    }
}

/// Applications, each on a thread of its own; held at a gate after the first message.
#[derive(Default)]
pub(super) struct Applications {
    gate: Arc<Gate>,
    exit: Arc<Gate>,
    threads: Vec<Application>,
}

/// It tells when it has the first message, and when it has the last.
struct Application {
    told: Receiver<Result<Instant, BenchError>>,
    thread: Option<JoinHandle<()>>,
}

/// What an application's thread holds: its word, and the gates.
pub(super) struct Hold {
    /// Open when the clock starts.
    pub(super) gate: Arc<Gate>,
    /// Open when it has stopped: nobody closes anything before, but who is measured.
    pub(super) exit: Arc<Gate>,
    tell: Sender<Result<Instant, BenchError>>,
}

impl Applications {
    /// One more. It is to tell twice, and to pass the gate in between.
    pub(super) fn add(
        &mut self,
        run: impl FnOnce(&Hold) -> Result<(), BenchError> + Send + 'static,
    ) -> Result<(), BenchError> {
        let (tell, told) = mpsc::channel();
        let hold = Hold {
            gate: Arc::clone(&self.gate),
            exit: Arc::clone(&self.exit),
            tell,
        };
        let thread = thread::Builder::new()
            .name("bench application".to_owned())
            .spawn(move || {
                if let Err(error) = run(&hold) {
                    // Whoever waits for it has given up already.
                    let _ = hold.tell.send(Err(error));
                }
            })?;
        self.threads.push(Application {
            told,
            thread: Some(thread),
        });
        Ok(())
    }

    /// When the last of them had the message that it waited for.
    pub(super) fn told(&self) -> Result<Option<Instant>, BenchError> {
        let limit = Instant::now() + AMPLE;
        let mut last = None;
        for application in &self.threads {
            let left = limit.saturating_duration_since(Instant::now());
            let told = match application.told.recv_timeout(left) {
                Ok(told) => told?,
                Err(RecvTimeoutError::Timeout) => {
                    return Err(BenchError::Wrong("a receiver still waits".to_owned()));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(BenchError::Wrong("a receiver is gone".to_owned()));
                }
            };
            last = last.max(Some(told));
        }
        Ok(last)
    }

    /// From here on they receive.
    pub(super) fn release(&self) {
        self.gate.open();
    }
}

impl Drop for Applications {
    fn drop(&mut self) {
        self.release();
        self.exit.open();
        for application in &mut self.threads {
            // What it had to say it has told.
            let _ = application.thread.take().map(JoinHandle::join);
        }
    }
}

impl Hold {
    pub(super) fn has_it(&self) {
        // Whoever waits for it may have given up.
        let _ = self.tell.send(Ok(Instant::now()));
    }
}
