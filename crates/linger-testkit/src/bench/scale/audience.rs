//! The members of a publisher that is in another process.

use super::shape::{AMPLE, Shape};
use crate::bench::BenchError;
use crate::bench::gate::Gate;
use linger::{Registry, Subscriber};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// How many share a context: it holds at most 1,023 sockets, and each member has two.
pub(super) const AT_ONE: usize = 400;

/// Members, their applications held at a gate until the publisher closes.
pub(super) struct Audience {
    gate: Arc<Gate>,
    subscribers: Vec<Arc<Subscriber>>,
    applications: Vec<JoinHandle<()>>,
    /// How many messages each has had.
    had: Receiver<Result<u32, BenchError>>,
    registries: Vec<Registry>,
}

impl Audience {
    pub(super) fn connect(shape: Shape, [data, control]: [&str; 2]) -> Result<Self, BenchError> {
        let (tell, had) = mpsc::channel();
        let mut all = Self {
            gate: Arc::default(),
            subscribers: Vec::new(),
            applications: Vec::new(),
            had,
            registries: Vec::new(),
        };
        for number in 0..shape.members {
            if number % AT_ONE == 0 {
                all.registries.push(Registry::new());
            }
            let mut builder = Subscriber::builder(format!("member-{number}")).subscribe("");
            if let Some(registry) = all.registries.last() {
                builder = builder.registry(registry);
            }
            if shape.is_received {
                builder = builder.queue(usize::MAX);
            }
            let subscriber = Arc::new(builder.connect(data, control)?);
            all.subscribers.push(Arc::clone(&subscriber));
            let (gate, tell) = (Arc::clone(&all.gate), tell.clone());
            all.applications
                .push(
                    thread::Builder::new()
                        .stack_size(256 << 10)
                        .spawn(move || {
                            gate.pass();
                            // Whoever waits for it may have given up.
                            let _ = tell.send(receive(&subscriber));
                        })?,
                );
        }
        Ok(all)
    }

    /// The publisher closes.
    pub(super) fn release(&self) {
        self.gate.open();
    }

    /// That every member had every message.
    pub(super) fn had_all(&self, shape: Shape) -> Result<(), BenchError> {
        for _ in 0..shape.members {
            let had = self.had.recv_timeout(AMPLE);
            let had = had.map_err(|_| BenchError::Wrong("a member still waits".to_owned()))??;
            if had != shape.messages {
                let what = format!("{had} of {} messages at a member", shape.messages);
                return Err(BenchError::Wrong(what));
            }
        }
        Ok(())
    }
}

fn receive(subscriber: &Subscriber) -> Result<u32, BenchError> {
    let mut had = 0;
    for delivery in subscriber.deliveries() {
        delivery?.ack();
        had += 1;
    }
    Ok(had)
}

impl Drop for Audience {
    fn drop(&mut self) {
        self.release();
        for subscriber in &self.subscribers {
            // If the publisher is gone without a word, nothing else would end it.
            subscriber.stop();
        }
        for application in self.applications.drain(..) {
            // What it had to say it has told.
            let _ = application.join();
        }
        self.subscribers.clear();
        for registry in &self.registries {
            let _ = registry.close_by(Instant::now() + AMPLE);
        }
    }
}
