//! One cycle: the processes, the faults in their time, the stop, and what is left of it.

use super::actor::Actor;
use super::error::ChaosError;
use super::fault::Fault;
use super::feed::Feed;
use super::hosts::Hosts;
use super::judge::{Evidence, Life, LifeEnd, Quorum, Stop};
use super::plan::{Plan, Step};
use super::programs::Programs;
use crate::child::{Child, Signal};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the stream may need for its messages, beside the time of the faults.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a process may need to come up, or to go once it was killed.
const SOON: Duration = Duration::from_secs(20);

/// After how long members that saw the end of the stream need no SIGTERM any more.
const BY_ITSELF: Duration = Duration::from_millis(400);

/// How often it is looked whether a member has left that is to come back.
const LOOK: Duration = Duration::from_millis(50);

/// How often each fault happened.
pub(super) type Faults = BTreeMap<Fault, u64>;

/// What a cycle is made of.
pub(super) struct Cycle<'a> {
    pub(super) programs: &'a Programs,
    pub(super) hosts: &'a Hosts,
    pub(super) plan: &'a Plan,
    pub(super) folder: &'a Path,
    /// How many messages are to be accepted at least.
    pub(super) messages: u64,
    /// A planted bug; see `Options`.
    pub(super) forget: u64,
}

/// A cycle on its way.
struct Stage<'a> {
    cycle: &'a Cycle<'a>,
    feed: Arc<Feed>,
    source: Child,
    journals: Vec<PathBuf>,
    actors: Vec<Actor>,
    faults: Faults,
    stops: Vec<Stop>,
}

impl Cycle<'_> {
    /// Carries it out; what it left, and the faults that came to pass.
    pub(super) fn run(&self) -> Result<(Evidence, Faults), ChaosError> {
        let mut stage = self.begin()?;
        stage.act()?;
        let end = stage.stop()?;
        stage.heal()?;
        stage.dismiss()?;
        Ok((stage.evidence(end)?, stage.faults))
    }

    fn begin(&self) -> Result<Stage<'_>, ChaosError> {
        let feed = Arc::new(Feed::default());
        let journal = self.journal(1);
        let listen = self.hosts.listen();
        let source = self.source(&feed, 1, &listen, &listen)?;
        let (data, control) = feed.news().bound.unwrap_or_default();
        let mut actors = Vec::new();
        for (number, sink) in (0_u16..).zip(&self.plan.sinks) {
            let is_last = usize::from(number) + 1 == self.plan.sinks.len();
            let at = (data.as_str(), control.as_str());
            let mut actor = Actor::new(number, sink.clone(), is_last, self.hosts, at)?;
            actor.forget = self.forget;
            actor.start(self.programs, self.hosts, self.folder)?;
            actors.push(actor);
        }
        let mut faults = Faults::new();
        for fault in self.plan.settings() {
            *faults.entry(fault).or_default() += 1;
        }
        Ok(Stage {
            cycle: self,
            feed,
            source,
            journals: vec![journal],
            actors,
            faults,
            stops: Vec::new(),
        })
    }

    fn journal(&self, life: usize) -> PathBuf {
        self.folder.join(format!("publisher.{life}"))
    }

    /// Starts a publisher, and waits until it is bound. A port that it had may be taken for a
    /// moment, by a connection of somebody else.
    fn source(
        &self,
        feed: &Arc<Feed>,
        life: usize,
        data: &str,
        control: &str,
    ) -> Result<Child, ChaosError> {
        let deadline = Instant::now() + SOON;
        let mut said = None;
        loop {
            let mut command = self
                .programs
                .node(self.hosts, Hosts::of_publisher(), "source");
            let plan = &self.plan.source;
            command
                .arg("name=ticks")
                .arg(format!("life={life}"))
                .arg(format!("data={data}"))
                .arg(format!("control={control}"))
                .arg(format!("journal={}", self.journal(life).display()))
                .arg(format!("budget_ms={}", plan.budget.as_millis()))
                .arg(format!("window={}", plan.window))
                .arg(format!("expiry_ms={}", plan.expiry.as_millis()))
                .arg(format!("payload={}", plan.payload))
                .arg(format!("rate={}", plan.rate))
                .arg(format!("wait={}", if life == 1 { plan.wait } else { 0 }));
            match plan.quorum {
                Quorum::All => {}
                Quorum::AtLeast(least) => {
                    command.arg(format!("at_least={least}"));
                }
                Quorum::Named(first) => {
                    command.args((0..first).map(|number| format!("named=member-{number}")));
                }
            }
            if let Some(limit) = plan.evict_after {
                command.arg(format!("evict_ms={}", limit.as_millis()));
            }
            if plan.has_small_buffers {
                command.arg("send_buffer=4096");
            }
            if plan.is_durable {
                let names = 0..self.plan.sinks.len();
                command.args(names.map(|number| format!("durable=member-{number}")));
            }
            let child = Child::spawn_listening("publisher", &mut command, feed.begin())?;
            feed.wait_until(deadline, |news| news.bound.is_some() || news.has_ended);
            let news = feed.news();
            if news.bound.is_some() {
                return Ok(child);
            }
            said = news.error.or(said);
            if Instant::now() >= deadline {
                let said = said.unwrap_or_else(|| child.last_lines());
                return Err(ChaosError::NotBegun { said });
            }
        }
    }
}

impl Stage<'_> {
    /// The faults in their time, and then the rest of the stream.
    fn act(&mut self) -> Result<(), ChaosError> {
        self.feed.wait_until(Instant::now() + SOON, |news| {
            news.is_streaming || news.has_ended
        });
        let begun = Instant::now();
        let mut agenda = self.cycle.plan.steps.clone();
        while !agenda.is_empty() {
            let mut step = agenda.remove(0);
            self.feed.wait_until(begun + step.at, |_| false);
            if !self.take(&step)? {
                step.at = begun.elapsed() + LOOK;
                agenda.push(step);
                agenda.sort_by_key(|step| step.at);
            }
        }
        let wanted = self.cycle.messages;
        let enough = |feed: &Feed, wait| {
            feed.wait_until(Instant::now() + wait, |news| {
                news.accepted() >= wanted || news.has_ended
            })
        };
        if !enough(&self.feed, PATIENCE / 10) {
            // Somebody holds the stream up for good.
            self.heal()?;
            enough(&self.feed, PATIENCE);
        }
        Ok(())
    }

    /// Carries a step out; false if it is to be tried again.
    fn take(&mut self, step: &Step) -> Result<bool, ChaosError> {
        let Cycle {
            programs,
            hosts,
            folder,
            ..
        } = *self.cycle;
        let Step {
            fault,
            member,
            begins,
            ..
        } = *step;
        let Some(actor) = self.actors.get_mut(usize::from(member)) else {
            return Ok(true);
        };
        let happened = match (fault, begins) {
            (Fault::SubscriberKilled, true) => actor.kill()?,
            (Fault::SubscriberSuspended, true) => actor.signal(Signal::Stop),
            (Fault::SubscriberSuspended, false) => {
                actor.signal(Signal::Continue);
                false
            }
            (Fault::SubscriberTerminated, true) => actor.terminate(),
            (Fault::SubscriberKilled | Fault::SubscriberTerminated, false) => {
                self.stops.extend(actor.left_by(Instant::now()));
                if actor.is_leaving() {
                    return Ok(false);
                }
                actor.start(programs, hosts, folder)?;
                false
            }
            (Fault::PublisherKilled, true) => {
                // Where it has ended by itself, that is for the judge.
                let _ = self.source.signal(Signal::Kill);
                self.source.wait_for_exit(Instant::now() + SOON)?;
                true
            }
            (Fault::PublisherKilled, false) => {
                self.restart()?;
                false
            }
            (Fault::PublisherSuspended, true) => self.source.signal(Signal::Stop).is_ok(),
            (Fault::PublisherSuspended, false) => {
                let _ = self.source.signal(Signal::Continue);
                false
            }
            (Fault::LinkDown, _) => {
                hosts.link(Hosts::of_member(member), !begins)?;
                begins
            }
            _ => actor.wires.as_ref().is_some_and(|wires| {
                wires.take(fault, begins);
                begins
            }),
        };
        *self.faults.entry(fault).or_default() += u64::from(happened);
        Ok(true)
    }

    /// The next life of the publisher, on the ports of the one before.
    fn restart(&mut self) -> Result<(), ChaosError> {
        let Some((data, control)) = self.feed.news().bound else {
            return Ok(());
        };
        let life = self.journals.len() + 1;
        self.source = self.cycle.source(&self.feed, life, &data, &control)?;
        self.journals.push(self.cycle.journal(life));
        Ok(())
    }

    /// SIGTERM in mid-stream.
    fn stop(&mut self) -> Result<LifeEnd, ChaosError> {
        let budget = self.cycle.plan.source.budget;
        let begun = Instant::now();
        let is_streaming = self.source.signal(Signal::Terminate).is_ok();
        *self.faults.entry(Fault::SigtermInMidStream).or_default() += u64::from(is_streaming);
        for step in self.cycle.plan.last_steps.clone() {
            if self.source.wait_for_exit(begun + step.at).is_ok() {
                break;
            }
            // Who has not left by now comes back too late.
            self.take(&step)?;
        }
        let took = match self.source.wait_for_exit(begun + budget + SOON) {
            Ok(exit) => exit.at.saturating_duration_since(begun),
            Err(_) => begun.elapsed(),
        };
        self.stops
            .push(Stop::new("publisher".to_owned(), budget, took));
        let code = self.source.exited().and_then(|exit| exit.status.code());
        self.feed.wait_until(begun + budget + SOON, |news| {
            news.stopped.is_some() || news.has_ended
        });
        Ok(match self.feed.news().stopped {
            Some(report) => LifeEnd::Reported { report, code },
            None => LifeEnd::Silent,
        })
    }

    /// Takes all faults away; who was killed stays so.
    fn heal(&mut self) -> Result<(), ChaosError> {
        for (number, actor) in (0_u16..).zip(&mut self.actors) {
            actor.signal(Signal::Continue);
            if let Some(wires) = &actor.wires {
                wires.heal();
            }
            self.cycle.hosts.link(Hosts::of_member(number), true)?;
        }
        Ok(())
    }

    /// Who does not end by itself is told to, and has to by its own deadline.
    fn dismiss(&mut self) -> Result<(), ChaosError> {
        let soon = Instant::now() + BY_ITSELF;
        for actor in &mut self.actors {
            actor.ended_by(soon);
        }
        for actor in &mut self.actors {
            actor.terminate();
        }
        let deadline = Instant::now() + SOON;
        for actor in &mut self.actors {
            self.stops.extend(actor.left_by(deadline));
            self.stops.extend(actor.give_up());
        }
        Ok(())
    }

    fn evidence(&self, end: LifeEnd) -> Result<Evidence, ChaosError> {
        let last = self.journals.len();
        let mut lives = Vec::new();
        for (number, path) in (1..).zip(&self.journals) {
            let end = if number == last {
                end.clone()
            } else {
                LifeEnd::Killed
            };
            lives.push(Life::new(std::fs::read(path)?, end));
        }
        let members = self.actors.iter().map(Actor::evidence);
        Ok(Evidence {
            lives,
            members: members.collect::<Result<_, _>>()?,
            stops: self.stops.clone(),
            quorum: self.cycle.plan.source.quorum,
            may_repeat: self.cycle.plan.source.is_durable,
        })
    }
}
