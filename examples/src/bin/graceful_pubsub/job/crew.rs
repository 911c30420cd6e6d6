//! The processes of a run, and the relays: all of them end when this does.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Instant;

use linger_testkit::child::{Child, Heard};
use linger_testkit::relay::Relay;

use super::interrupt::Interrupt;
use super::plan::{SUBSCRIBERS, TO_END};
use super::watch::{Watch, Who};
use super::{JobError, progress::Progress};
use crate::input::Input;
use crate::ways::Way;
use crate::wire::Event;

/// What reaches the parent.
pub(super) enum News {
    Line(Who, String),
    End(Who),
    Interrupted,
}

/// Publisher, subscribers and relays, and the one channel that all their news come through.
pub(super) struct Crew {
    program: PathBuf,
    way: Way,
    tell: Sender<News>,
    news: Receiver<News>,
    pub(super) publisher: Child,
    pub(super) subscribers: Vec<Child>,
    relays: Vec<Relay>,
}

impl Crew {
    /// Starts the publisher.
    pub(super) fn start(way: Way, input: &Input, interrupt: &Interrupt) -> Result<Self, JobError> {
        let program = std::env::current_exe().map_err(JobError::OwnProgram)?;
        let (tell, news) = mpsc::channel();
        let interrupted = tell.clone();
        interrupt.tell(move || drop(interrupted.send(News::Interrupted)));
        let mut command = Command::new(&program);
        command.args([
            "publisher",
            "--way",
            way.name(),
            "--lines",
            &input.lines().to_string(),
        ]);
        if let Some(path) = input.path() {
            command.arg("--input").arg(path);
        }
        let publisher = spawn(Who::Publisher, &mut command, &tell)?;
        Ok(Self {
            program,
            way,
            tell,
            news,
            publisher,
            subscribers: vec![],
            relays: vec![],
        })
    }

    /// Starts the relays and the subscribers, once it is known where the publisher listens.
    pub(super) fn subscribe(&mut self, endpoints: &[String]) -> Result<(), JobError> {
        let mut relayed = Vec::new();
        for endpoint in endpoints {
            let upstream = address(endpoint)?;
            let relay = Relay::start(upstream).map_err(JobError::Relay)?;
            relayed.push(format!("tcp://{}", relay.addr()));
            self.relays.push(relay);
        }
        for (at, subscriber) in SUBSCRIBERS.iter().enumerate() {
            let mut command = Command::new(&self.program);
            command.args([
                "subscriber",
                "--way",
                self.way.name(),
                "--name",
                subscriber.name,
            ]);
            command.args(["--work-us", &subscriber.work.as_micros().to_string()]);
            for endpoint in if subscriber.relayed {
                &relayed
            } else {
                endpoints
            } {
                command.args(["--endpoint", endpoint]);
            }
            let child = spawn(Who::Subscriber(at), &mut command, &self.tell)?;
            self.subscribers.push(child);
        }
        Ok(())
    }

    /// Cuts every connection that goes through a relay, once.
    pub(super) fn cut(&self) {
        for relay in &self.relays {
            relay.cut();
        }
    }

    /// Takes in news until `deadline`, one at a time; false at the deadline.
    pub(super) fn hear(
        &self,
        watch: &mut Watch,
        progress: &mut Progress,
        deadline: Instant,
    ) -> Result<bool, JobError> {
        loop {
            progress.show_if_due(watch);
            let until = deadline.min(progress.next());
            let limit = until.saturating_duration_since(Instant::now());
            match self.news.recv_timeout(limit) {
                Ok(News::Interrupted) => return Err(JobError::Interrupted),
                Ok(News::Line(who, line)) => match serde_json::from_str::<Event>(&line) {
                    Ok(event) => watch.hear(who, event),
                    Err(_) => {
                        return Err(JobError::Event {
                            name: who.name(),
                            line,
                        });
                    }
                },
                Ok(News::End(who)) => watch.ended(who),
                // We hold a sender ourselves: it is the time that is up.
                Err(_) if Instant::now() >= deadline => return Ok(false),
                Err(_) => continue,
            }
            return match watch.ended_too_early() {
                Some(who) => Err(self.ended_too_early(who)),
                None => Ok(true),
            };
        }
    }

    fn child(&self, who: Who) -> Option<&Child> {
        match who {
            Who::Publisher => Some(&self.publisher),
            Who::Subscriber(at) => self.subscribers.get(at),
        }
    }

    fn ended_too_early(&self, who: Who) -> JobError {
        let how = self.child(who).map_or_else(String::new, |child| {
            // Its stdout has ended; its process is about to.
            let end = child.wait_for_exit(Instant::now() + TO_END);
            let status = end.map_or_else(
                |running| running.to_string(),
                |exit| exit.status.to_string(),
            );
            format!(" ({status}){}", last_errors(child))
        });
        JobError::Ended {
            name: who.name(),
            how,
        }
    }

    /// What everybody wrote to stderr last, to say with an error.
    pub(super) fn errors(&self) -> String {
        let all = std::iter::once(&self.publisher).chain(&self.subscribers);
        all.map(last_errors).collect()
    }
}

fn last_errors(child: &Child) -> String {
    match child.last_errors() {
        nothing if nothing.is_empty() => nothing,
        errors => format!("; {} said: {errors}", child.name()),
    }
}

fn spawn(who: Who, command: &mut Command, tell: &Sender<News>) -> Result<Child, JobError> {
    let tell = tell.clone();
    let child = Child::spawn_listening(who.name(), command, move |heard| {
        // Nobody listens any more when the run has ended.
        let _ = tell.send(match heard {
            Heard::Line(line) => News::Line(who, line.to_owned()),
            Heard::End => News::End(who),
        });
    })?;
    Ok(child)
}

fn address(endpoint: &str) -> Result<SocketAddr, JobError> {
    endpoint
        .strip_prefix("tcp://")
        .and_then(|address| address.parse().ok())
        .filter(|address: &SocketAddr| address.ip().is_loopback())
        .ok_or_else(|| JobError::Endpoint(endpoint.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_relayed_to() {
        assert_eq!(address("tcp://127.0.0.1:5556").unwrap().port(), 5556);
        for wrong in [
            "tcp://0.0.0.0:5556",
            "tcp://*:5556",
            "ipc:///run/x",
            "127.0.0.1:5556",
        ] {
            assert!(
                matches!(address(wrong), Err(JobError::Endpoint(_))),
                "{wrong}"
            );
        }
    }
}
