//! Receivers on threads of their own, and what they saw in a block.

use super::super::rounds::computed;
use super::pace::{age, paced};
use crate::bench::BenchError;
use crate::bench::ack::load::Load;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A thread that receives a block each time it is told to.
pub(super) struct Reader {
    go: Option<Sender<()>>,
    done: Receiver<Result<Vec<u64>, BenchError>>,
    thread: Option<JoinHandle<()>>,
}

/// Gives the next payload to a function; an error if none comes in time.
pub(super) trait Receive: Send + 'static {
    fn next(
        &mut self,
        see: impl FnOnce(&[u8]) -> Result<u64, BenchError>,
    ) -> Result<u64, BenchError>;
}

impl Reader {
    pub(super) fn new(load: Load, mut receive: impl Receive) -> Result<Self, BenchError> {
        let (go, told) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("bench reader".to_owned())
            .spawn(move || {
                while told.recv().is_ok() {
                    let ages = (0..load.messages).map(|_| receive.next(age)).collect();
                    if done.send(ages).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self {
            go: Some(go),
            done: is_done,
            thread: Some(thread),
        })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.go.take());
        // It ends at its next look.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The median, the 99th percentile, and what the process computed.
pub(super) fn block(
    load: Load,
    readers: &[Reader],
    send: impl FnMut(&[u8]) -> Result<(), BenchError>,
) -> Result<[Duration; 3], BenchError> {
    for reader in readers {
        // One that is gone shows below.
        let _ = reader.go.as_ref().map(|go| go.send(()));
    }
    let before = computed();
    paced(load.messages, load.payload, send)?;
    let gone = || Err(BenchError::Wrong("a receiver is gone".to_owned()));
    let ages = readers
        .iter()
        .map(|it| it.done.recv().unwrap_or_else(|_| gone()));
    let ages: Vec<Vec<u64>> = ages.collect::<Result<_, _>>()?;
    let computed = computed().saturating_sub(before);
    let mut ages = ages.concat();
    ages.sort_unstable();
    let at = |part: usize| ages.get(ages.len() * part / 100).copied();
    let time = |part| Duration::from_nanos(at(part).unwrap_or_default());
    Ok([time(50), time(99), computed])
}
