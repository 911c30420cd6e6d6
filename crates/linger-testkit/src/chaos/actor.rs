//! One member of a cycle: its name, its wires, and the process that lives now.

use super::error::ChaosError;
use super::hosts::Hosts;
use super::judge::{Member, Stop};
use super::plan::Sink;
use super::programs::Programs;
use crate::child::{Child, Exit, Signal};
use crate::relay::Relay;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a member's stop may take.
const BUDGET: Duration = Duration::from_secs(2);

/// A subscriber that comes and goes under one name.
pub(super) struct Actor {
    name: String,
    host: u16,
    sink: Sink,
    is_python: bool,
    /// Where it connects to.
    data: String,
    control: String,
    pub(super) wires: Option<Wires>,
    /// A planted bug; see `Options`.
    pub(super) forget: u64,
    journals: Vec<PathBuf>,
    state: State,
}

/// A relay before each of its connections.
pub(super) struct Wires {
    pub(super) data: Relay,
    pub(super) control: Relay,
}

enum State {
    Down,
    Up(Child),
    /// It was told to stop then.
    Leaving(Child, Instant),
}

impl Actor {
    pub(super) fn new(
        number: u16,
        sink: Sink,
        is_python: bool,
        hosts: &Hosts,
        (data, control): (&str, &str),
    ) -> Result<Self, ChaosError> {
        let wires = match hosts.has_relays() {
            true => Some(Wires {
                data: Relay::start(addr(data)?)?,
                control: Relay::start(addr(control)?)?,
            }),
            false => None,
        };
        let endpoint = |relay: &Relay| format!("tcp://{}", relay.addr());
        let (data, control) = match &wires {
            Some(wires) => (endpoint(&wires.data), endpoint(&wires.control)),
            None => (data.to_owned(), control.to_owned()),
        };
        Ok(Self {
            name: format!("member-{number}"),
            host: Hosts::of_member(number),
            sink,
            is_python,
            data,
            control,
            wires,
            forget: 0,
            journals: Vec::new(),
            state: State::Down,
        })
    }

    pub(super) const fn is_down(&self) -> bool {
        matches!(self.state, State::Down)
    }

    pub(super) const fn is_leaving(&self) -> bool {
        matches!(self.state, State::Leaving(..))
    }

    /// Starts it, if it is down.
    pub(super) fn start(
        &mut self,
        programs: &Programs,
        hosts: &Hosts,
        folder: &Path,
    ) -> Result<(), ChaosError> {
        if !self.is_down() {
            return Ok(());
        }
        let journal = folder.join(format!("{}.{}", self.name, self.journals.len() + 1));
        let node = || programs.node(hosts, self.host, "sink");
        let python = programs.python(hosts, self.host).filter(|_| self.is_python);
        let mut command = python.unwrap_or_else(node);
        let Sink {
            queue,
            high_water_mark,
            work,
            batch,
            is_backwards,
            prefix,
        } = &self.sink;
        command
            .arg(format!("name={}", self.name))
            .arg(format!("data={}", self.data))
            .arg(format!("control={}", self.control))
            .arg(format!("journal={}", journal.display()))
            .arg(format!("budget_ms={}", BUDGET.as_millis()))
            .arg(format!("queue={queue}"))
            .arg(format!("receive_high_water_mark={high_water_mark}"))
            .arg(format!("work_us={}", work.as_micros()))
            .arg(format!("batch={batch}"))
            .arg(format!("backwards={}", u8::from(*is_backwards)))
            .arg(format!("prefix={prefix}"))
            .arg(format!("forget={}", self.forget));
        self.state = State::Up(Child::spawn(&self.name, &mut command)?);
        self.journals.push(journal);
        Ok(())
    }

    /// SIGKILL; whether there was one to kill.
    pub(super) fn kill(&mut self) -> Result<bool, ChaosError> {
        let State::Up(child) = &self.state else {
            return Ok(false);
        };
        // It may have ended by itself.
        let _ = child.signal(Signal::Kill);
        child.wait_for_exit(Instant::now() + Duration::from_secs(10))?;
        self.state = State::Down;
        Ok(true)
    }

    /// SIGSTOP or SIGCONT; whether there was one to send it to.
    pub(super) fn signal(&mut self, signal: Signal) -> bool {
        match &self.state {
            State::Up(child) => child.signal(signal).is_ok(),
            // It is never stopped while it leaves: that would not be its own lateness.
            State::Leaving(child, _) => signal == Signal::Continue && child.signal(signal).is_ok(),
            State::Down => false,
        }
    }

    /// SIGTERM; whether there was one to tell.
    pub(super) fn terminate(&mut self) -> bool {
        match std::mem::replace(&mut self.state, State::Down) {
            State::Up(child) => {
                let _ = child.signal(Signal::Continue);
                let begun = Instant::now();
                // It may have ended by itself; then this is a stop that took no time.
                let _ = child.signal(Signal::Terminate);
                self.state = State::Leaving(child, begun);
                true
            }
            state => {
                self.state = state;
                false
            }
        }
    }

    /// How its stop went, once it has left; `None` if there is nothing to wait for.
    pub(super) fn left_by(&mut self, deadline: Instant) -> Option<Stop> {
        let State::Leaving(child, begun) = &self.state else {
            return None;
        };
        let exit = child.wait_for_exit(deadline).ok()?;
        let took = exit.at.saturating_duration_since(*begun);
        self.state = State::Down;
        Some(Stop::new(self.name.clone(), BUDGET, took))
    }

    /// How it ended by itself, if it does by `deadline`.
    pub(super) fn ended_by(&mut self, deadline: Instant) -> Option<Exit> {
        let State::Up(child) = &self.state else {
            return None;
        };
        let exit = child.wait_for_exit(deadline).ok()?;
        self.state = State::Down;
        Some(exit)
    }

    /// SIGKILL for whoever does not end otherwise; how late that was.
    pub(super) fn give_up(&mut self) -> Option<Stop> {
        let State::Leaving(_, begun) = &self.state else {
            return None;
        };
        let took = begun.elapsed();
        self.state = State::Down;
        Some(Stop::new(self.name.clone(), BUDGET, took))
    }

    /// What it leaves.
    pub(super) fn evidence(&self) -> std::io::Result<Member> {
        // Whoever was killed before it began has none.
        let journals = self.journals.iter().filter(|path| path.exists());
        let journals = journals.map(std::fs::read).collect::<Result<_, _>>()?;
        Ok(Member::new(self.name.clone(), journals))
    }
}

fn addr(endpoint: &str) -> std::io::Result<SocketAddr> {
    let addr = endpoint.trim_start_matches("tcp://");
    addr.parse()
        .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidInput, error))
}
