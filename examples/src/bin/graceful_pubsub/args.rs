//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

use crate::job::plan;
use crate::ways::{UnknownWay, Way};

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Usage: graceful_pubsub [OPTIONS]

A publisher and three subscribers, real processes on loopback; in mid-stream the publisher gets
SIGTERM. Once for each way of stopping; then a table of who lost what, and what the publisher knew.

Options:
  --input FILE   each line is a message, its first comma-separated field the topic;
                 - reads stdin; without it, 100,000 quote-like lines from a fixed seed
  --way NAME     only this way: exit, linger, term or acked; can be given again
  --kill NAME    kill this subscriber in mid-stream: fast, slow or relayed
  --runs N       N times, a line for each run, and how many lost nothing; of the acked way
                 unless --way says otherwise
  --json         print the result as one JSON object on the last line
  --help         print this
";

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Job(JobOptions),
    Publisher(PublisherOptions),
    Subscriber(SubscriberOptions),
}

/// Where the lines come from, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InputChoice {
    Quotes,
    Stdin,
    File(PathBuf),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JobOptions {
    pub(crate) input: InputChoice,
    pub(crate) ways: Vec<Way>,
    pub(crate) kill: Option<String>,
    /// None: once, with a table.
    pub(crate) runs: Option<u32>,
    pub(crate) json: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PublisherOptions {
    pub(crate) way: Way,
    /// How many lines the input has; they set the pace of a short one.
    pub(crate) lines: u64,
    /// None: the quotes.
    pub(crate) input: Option<PathBuf>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SubscriberOptions {
    pub(crate) way: Way,
    pub(crate) name: String,
    pub(crate) work: Duration,
    pub(crate) endpoints: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ArgsError {
    #[error(transparent)]
    Syntax(#[from] lexopt::Error),
    #[error(transparent)]
    Way(#[from] UnknownWay),
    #[error("no subscriber is named {0:?}: they are fast, slow and relayed")]
    UnknownSubscriber(String),
    #[error("--runs takes a number from 1 to 10000, not {0}")]
    Runs(u32),
    #[error("{0} is missing")]
    Missing(&'static str),
}

/// Reads a whole command line, the program's name first.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, ArgsError> {
    let mut parser = lexopt::Parser::from_iter(args);
    let mut given = Given::default();
    let mut role = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Long("help") | Short('h') => return Ok(Command::Help),
            Long("input") => given.input = Some(parser.value()?),
            Long("way") => given.ways.push(parser.value()?.string()?.parse()?),
            Long("kill") if role.is_none() => given.kill = Some(parser.value()?.string()?),
            Long("runs") if role.is_none() => given.runs = Some(parser.value()?.parse()?),
            Long("json") if role.is_none() => given.json = true,
            Long("lines") if role == Some(Role::Publisher) => {
                given.lines = Some(parser.value()?.parse()?);
            }
            Long("name") if role == Some(Role::Subscriber) => {
                given.name = Some(parser.value()?.string()?);
            }
            Long("work-us") if role == Some(Role::Subscriber) => {
                given.work = Some(Duration::from_micros(parser.value()?.parse()?));
            }
            Long("endpoint") if role == Some(Role::Subscriber) => {
                given.endpoints.push(parser.value()?.string()?);
            }
            Value(value) if role.is_none() && value == "publisher" => role = Some(Role::Publisher),
            Value(value) if role.is_none() && value == "subscriber" => {
                role = Some(Role::Subscriber);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    match role {
        None => given.job().map(Command::Job),
        Some(Role::Publisher) => given.publisher().map(Command::Publisher),
        Some(Role::Subscriber) => given.subscriber().map(Command::Subscriber),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Publisher,
    Subscriber,
}

#[derive(Default)]
struct Given {
    input: Option<OsString>,
    ways: Vec<Way>,
    kill: Option<String>,
    runs: Option<u32>,
    json: bool,
    lines: Option<u64>,
    name: Option<String>,
    work: Option<Duration>,
    endpoints: Vec<String>,
}

impl Given {
    fn job(self) -> Result<JobOptions, ArgsError> {
        if let Some(name) = &self.kill {
            if !plan::SUBSCRIBERS
                .iter()
                .any(|subscriber| subscriber.name == name)
            {
                return Err(ArgsError::UnknownSubscriber(name.clone()));
            }
        }
        if let Some(runs) = self.runs {
            if !(1..=10_000).contains(&runs) {
                return Err(ArgsError::Runs(runs));
            }
        }
        let mut ways = Vec::new();
        for way in self.ways {
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        if ways.is_empty() {
            ways = if self.runs.is_some() {
                vec!["acked".parse()?]
            } else {
                Way::ALL.to_vec()
            };
        }
        let input = match self.input {
            None => InputChoice::Quotes,
            Some(dash) if dash == "-" => InputChoice::Stdin,
            Some(path) => InputChoice::File(path.into()),
        };
        Ok(JobOptions {
            input,
            ways,
            kill: self.kill,
            runs: self.runs,
            json: self.json,
        })
    }

    fn way(&self) -> Result<Way, ArgsError> {
        self.ways
            .first()
            .copied()
            .ok_or(ArgsError::Missing("--way"))
    }

    fn publisher(self) -> Result<PublisherOptions, ArgsError> {
        let way = self.way()?;
        let lines = self.lines.ok_or(ArgsError::Missing("--lines"))?;
        Ok(PublisherOptions {
            way,
            lines,
            input: self.input.map(PathBuf::from),
        })
    }

    fn subscriber(self) -> Result<SubscriberOptions, ArgsError> {
        let way = self.way()?;
        let name = self.name.ok_or(ArgsError::Missing("--name"))?;
        let work = self.work.ok_or(ArgsError::Missing("--work-us"))?;
        if self.endpoints.is_empty() {
            return Err(ArgsError::Missing("--endpoint"));
        }
        Ok(SubscriberOptions {
            way,
            name,
            work,
            endpoints: self.endpoints,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Command, ArgsError> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn job(line: &str) -> JobOptions {
        match read(line) {
            Ok(Command::Job(options)) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_given_is_every_way_over_the_quotes() {
        let options = job("graceful_pubsub");
        assert_eq!(options.ways, Way::ALL);
        assert_eq!(options.input, InputChoice::Quotes);
        assert_eq!(
            (options.kill, options.runs, options.json),
            (None, None, false)
        );
    }

    #[test]
    fn everything_given_is_kept() {
        let options = job("g --input - --way term --way exit --way term --kill slow --json");
        assert_eq!(options.input, InputChoice::Stdin);
        assert_eq!(options.ways, [Way::Term, Way::Exit]);
        assert_eq!(options.kill.as_deref(), Some("slow"));
        assert!(options.json);
        let options = job("g --input=lines.csv --runs 3 --way linger");
        assert_eq!(options.input, InputChoice::File("lines.csv".into()));
        assert_eq!((options.runs, options.ways), (Some(3), vec![Way::Linger]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, named) in [
            ("g --speed 9", "--speed"),
            ("g --way best", "best"),
            ("g --kill bob", "bob"),
            ("g --runs 0", "not 0"),
            ("g --runs many", "many"),
            ("g --input", "--input"),
            ("g stray", "stray"),
            ("g --lines 3", "--lines"),
            ("g publisher --way exit", "--lines"),
            ("g subscriber --way exit --name a --work-us 5", "--endpoint"),
        ] {
            let error = read(line).unwrap_err().to_string();
            assert!(error.contains(named), "{line}: {error}");
        }
    }

    #[test]
    fn the_roles_read_what_the_parent_writes() {
        let publisher = read("g publisher --way exit --lines 12 --input a.csv").unwrap();
        let input = Some(PathBuf::from("a.csv"));
        let options = PublisherOptions {
            way: Way::Exit,
            lines: 12,
            input,
        };
        assert_eq!(publisher, Command::Publisher(options));
        let subscriber = read("g subscriber --way term --name slow --work-us 50 --endpoint e");
        let options = SubscriberOptions {
            way: Way::Term,
            name: "slow".to_owned(),
            work: Duration::from_micros(50),
            endpoints: vec!["e".to_owned()],
        };
        assert_eq!(subscriber.unwrap(), Command::Subscriber(options));
    }
}
