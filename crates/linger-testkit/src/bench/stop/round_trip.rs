//! How long it takes until a publisher knows that a message was processed by all.

use super::load::{AMPLE, TOPIC, payload};
use crate::bench::BenchError;
use linger::linger_ack::Event;
use linger::{Publisher, Quorum, Subscriber};
use std::fmt;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What a round trip is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Acknowledgements wait for company, up to 5 ms; the publisher asks for them with a flush.
    Default,
    /// They go out at once; the publisher asks for them all the same.
    Flushed,
    /// They go out at once, and the publisher only waits.
    Bare,
}

/// All ways.
pub(super) const WAYS: [Way; 3] = [Way::Default, Way::Flushed, Way::Bare];

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "by a flush, acknowledgements within 5 ms",
            Self::Flushed => "by a flush, acknowledgements at once",
            Self::Bare => "without one, acknowledgements at once",
        })
    }
}

/// A publisher, and subscribers whose applications acknowledge at once.
pub(super) struct Circle {
    way: Way,
    publisher: Publisher,
    /// Told whenever messages were let go.
    room: Receiver<()>,
    applications: Vec<JoinHandle<Result<(), BenchError>>>,
    sent: u32,
}

impl Circle {
    pub(super) fn new(way: Way, subscribers: usize) -> Result<Self, BenchError> {
        let (tell, room) = mpsc::channel();
        let publisher = Publisher::builder("quotes")
            .on_event(move |event| {
                if event == Event::Room {
                    // Nobody may be left to be told.
                    let _ = tell.send(());
                }
            })
            .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")?;
        let mut applications = Vec::new();
        for number in 0..subscribers {
            let subscriber = Subscriber::builder(format!("reader-{number}"))
                .subscribe(TOPIC)
                .configure(|config| {
                    if way != Way::Default {
                        config.ack_delay = Duration::ZERO;
                    }
                })
                .connect(publisher.data_endpoint(), publisher.control_endpoint())?;
            applications.push(thread::spawn(move || {
                for delivery in subscriber.deliveries() {
                    delivery?.ack();
                }
                Ok(())
            }));
        }
        publisher.wait_for_members(subscribers, Instant::now() + AMPLE)?;
        Ok(Self {
            way,
            publisher,
            room,
            applications,
            sent: 0,
        })
    }

    /// So many, one after the other.
    pub(super) fn times(&mut self, count: u32) -> Result<Duration, BenchError> {
        let begun = Instant::now();
        let late = begun + AMPLE;
        for _ in 0..count {
            self.publisher.publish(TOPIC, &payload(self.sent)[..])?;
            self.sent += 1;
            if self.way != Way::Bare {
                self.publisher.flush_by(late, Quorum::All)?;
            }
            while self.publisher.outstanding().messages > 0 {
                if self.room.recv_timeout(AMPLE).is_err() {
                    let what = format!("message {} is not acknowledged", self.sent);
                    return Err(BenchError::Wrong(what));
                }
            }
        }
        Ok(begun.elapsed())
    }

    /// That all of them were had by all.
    pub(super) fn end(self) -> Result<(), BenchError> {
        let late = Instant::now() + AMPLE;
        let report = self.publisher.close_by(late, Quorum::All);
        for application in self.applications {
            let ended = application.join();
            ended.unwrap_or_else(|_| Err(BenchError::Wrong("an application panicked".into())))?;
        }
        let whole = report
            .members
            .iter()
            .filter(|member| member.owed() == u64::from(self.sent) && member.unacked() == 0);
        match report.is_drained() && whole.count() == report.members.len() {
            true => Ok(()),
            false => Err(BenchError::Wrong(report.to_string())),
        }
    }
}
