//! One way, once: from the first process to the account.

use std::time::{Duration, Instant};

use linger_testkit::child::Signal;

use super::JobError;
use super::crew::Crew;
use super::interrupt::Interrupt;
use super::plan::{Marks, SILENCE, SUBSCRIBERS, TO_BE_READY, TO_END, TO_STOP};
use super::progress::Progress;
use super::watch::Watch;
use crate::input::Input;
use crate::outcome::Outcome;
use crate::ways::Way;
use crate::wire::{GONE, START};

/// Runs one way; `kill` names the subscriber that is killed in mid-stream.
pub(super) fn run(
    way: Way,
    input: &Input,
    kill: Option<&str>,
    interrupt: &Interrupt,
) -> Result<Outcome, JobError> {
    let mut run = Run {
        crew: Crew::start(way, input, interrupt)?,
        watch: Watch::new(),
        progress: Progress::of(way),
    };
    run.gather()?;
    run.stream(Marks::of(input.lines()), kill)?;
    let stop = run.stop()?;
    run.drain()?;
    let Watch {
        accepted, refused, ..
    } = run.watch;
    let subscribers = run
        .watch
        .shares()
        .map_err(|(name, source)| JobError::Account { name, source })?;
    let known = run.watch.stopped.take().unwrap_or_default();
    Ok(Outcome {
        way,
        accepted,
        refused,
        stop,
        subscribers,
        known,
    })
}

struct Run {
    crew: Crew,
    watch: Watch,
    progress: Progress,
}

impl Run {
    /// Until every subscriber gets what the publisher sends.
    fn gather(&mut self) -> Result<(), JobError> {
        let deadline = Instant::now() + TO_BE_READY;
        let endpoints = loop {
            if let Some(endpoints) = self.watch.endpoints.take() {
                break endpoints;
            }
            self.hear_by(deadline, "the publisher's address", TO_BE_READY)?;
        };
        self.crew.subscribe(&endpoints)?;
        let deadline = Instant::now() + TO_BE_READY;
        while !self.watch.subscribers.iter().all(|seen| seen.ready) {
            self.hear_by(deadline, "a subscriber's first message", TO_BE_READY)?;
        }
        Ok(())
    }

    /// From the first message until it is time for the signal; the cut and the kill on the way.
    fn stream(&mut self, marks: Marks, kill: Option<&str>) -> Result<(), JobError> {
        self.crew.publisher.say(START)?;
        let mut kill = kill;
        let mut cut = false;
        loop {
            // The end of the lines stands for every mark that was not reached.
            let read = if self.watch.over {
                u64::MAX
            } else {
                self.watch.read()
            };
            if !cut && read > marks.cut {
                cut = true;
                self.crew.cut();
                self.progress.show("the relayed subscriber is cut");
            }
            if let Some(name) = kill.take_if(|_| read > marks.kill) {
                self.kill(name)?;
            }
            if read >= marks.signal && cut && kill.is_none() {
                return Ok(());
            }
            self.hear_by(
                Instant::now() + SILENCE,
                "the publisher's progress",
                SILENCE,
            )?;
        }
    }

    fn kill(&mut self, name: &str) -> Result<(), JobError> {
        for (at, subscriber) in SUBSCRIBERS.iter().enumerate() {
            if subscriber.name == name {
                self.watch.subscribers[at].killed = true;
                self.crew.subscribers[at].signal(Signal::Kill)?;
                self.progress.show(&format!("{name} is killed"));
            }
        }
        Ok(())
    }

    /// SIGTERM, and how long the publisher's process took to end.
    fn stop(&mut self) -> Result<Duration, JobError> {
        let signalled = Instant::now();
        self.crew.publisher.signal(Signal::Terminate)?;
        self.progress.show("SIGTERM to the publisher");
        let deadline = signalled + TO_STOP;
        let mut killed = false;
        while !self.watch.publisher_ended {
            let limit = if killed { deadline + TO_END } else { deadline };
            if !self.crew.hear(&mut self.watch, &mut self.progress, limit)? {
                if killed {
                    return Err(self.limit("the publisher's end", TO_STOP + TO_END));
                }
                killed = true;
                self.crew.publisher.signal(Signal::Kill)?;
            }
        }
        let exit = self.crew.publisher.wait_for_exit(Instant::now() + TO_END)?;
        if let (true, Some(known)) = (killed, &mut self.watch.stopped) {
            known.knew.push_str(", and had to be killed");
        }
        Ok(exit.at.saturating_duration_since(signalled))
    }

    /// Until every subscriber has processed what still reached it.
    fn drain(&mut self) -> Result<(), JobError> {
        for (child, seen) in self.crew.subscribers.iter().zip(&self.watch.subscribers) {
            if !seen.killed {
                // One that was told by its way may have ended by itself; one that ended too early
                // is found out below.
                let _ = child.say(GONE);
            }
        }
        while !self.watch.subscribers.iter().all(|seen| seen.ended) {
            self.hear_by(Instant::now() + SILENCE, "a subscriber's end", SILENCE)?;
        }
        self.progress.show(&self.watch.progress());
        Ok(())
    }

    fn hear_by(
        &mut self,
        deadline: Instant,
        waiting_for: &'static str,
        limit: Duration,
    ) -> Result<(), JobError> {
        if self
            .crew
            .hear(&mut self.watch, &mut self.progress, deadline)?
        {
            return Ok(());
        }
        Err(self.limit(waiting_for, limit))
    }

    fn limit(&self, waiting_for: &'static str, limit: Duration) -> JobError {
        JobError::Limit {
            waiting_for,
            limit,
            errors: self.crew.errors(),
        }
    }
}
