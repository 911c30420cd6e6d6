//! The subscriber that is written in Python, as a process.

use super::{Publisher, Stopped, must, soon};
use linger_testkit::child::{Child, Signal};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A module of `examples/python`, run by the Python that `cargo xtask test --setup` prepares.
pub fn module(name: &str) -> Command {
    // Beside the folder for temporary files, in the target folder.
    let interpreter: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .with_file_name("python")
        .join("bin/python3");
    let mut command = Command::new(interpreter);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/python"));
    command.args(["-m", name]);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// A message as it prints one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub topic: String,
    pub sequence: u64,
    pub number: u64,
}

impl Message {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("message ")?.split(' ');
        Some(Self {
            topic: words.next()?.to_owned(),
            sequence: words.next()?.parse().ok()?,
            number: words.next()?.parse().ok()?,
        })
    }
}

/// A running one, and all that it has printed as far as it was read.
pub struct PythonSubscriber {
    pub child: Child,
    lines: Vec<String>,
}

impl PythonSubscriber {
    pub fn start(name: &str, data: &str, control: &str, more: &[&str]) -> Self {
        let mut command = module("linger_subscriber");
        command
            .args(["--name", name, "--data", data, "--control", control])
            .args(more);
        Self {
            child: must(Child::spawn(name, &mut command)),
            lines: Vec::new(),
        }
    }

    pub fn of(name: &str, publisher: &Publisher) -> Self {
        Self::start(name, &publisher.data, &publisher.control, &[])
    }

    /// Reads on up to the first line that passes.
    #[track_caller]
    pub fn wait_for(&mut self, mut wanted: impl FnMut(&str) -> bool) -> String {
        let lines = &mut self.lines;
        must(self.child.wait_for_line(soon(), |line| {
            lines.push(line.to_owned());
            wanted(line)
        }))
    }

    #[track_caller]
    pub fn wait_until_printed(&mut self, count: u64) {
        let mut had = self.messages().len() as u64;
        if had < count {
            self.wait_for(|line| {
                had += u64::from(line.starts_with("message "));
                had >= count
            });
        }
    }

    /// Reads on to the end of what it says, or until then.
    #[track_caller]
    pub fn read_until(&mut self, limit: Instant) {
        let lines = &mut self.lines;
        let more = self.child.wait_for_line(limit, |line| {
            lines.push(line.to_owned());
            false
        });
        assert!(more.is_err(), "no line passes");
    }

    /// Waits for its closing line and its end; whether it ended like that, and well.
    #[track_caller]
    pub fn ends(&mut self, outcome: &str) -> String {
        let last = self.wait_for(|line| line.starts_with("end "));
        assert!(last.starts_with(&format!("end {outcome}: ")), "{last}");
        let exit = must(self.child.wait_for_exit(soon()));
        let code = i32::from(outcome == "superseded");
        assert_eq!(exit.status.code(), Some(code), "{last}");
        last
    }

    #[track_caller]
    pub fn terminate(&mut self) -> String {
        must(self.child.signal(Signal::Terminate));
        self.ends("confirmed")
    }

    pub fn messages(&self) -> Vec<Message> {
        let lines = self.lines.iter();
        lines.filter_map(|line| Message::parse(line)).collect()
    }

    pub fn lines_with(&self, beginning: &str) -> Vec<&str> {
        let lines = self.lines.iter().map(String::as_str);
        lines.filter(|line| line.starts_with(beginning)).collect()
    }

    /// Stops its publisher: everything was acknowledged, printed once and in order.
    #[track_caller]
    pub fn lost_nothing(&mut self, publisher: &Publisher) -> Stopped {
        let stopped = publisher.stop().drained();
        self.ends("confirmed");
        self.has_exactly(stopped.accepted());
        assert_eq!(stopped.unacked(self.child.name()), 0, "{stopped}");
        stopped
    }

    /// How many messages it was told that it will never have.
    pub fn gone(&self) -> u64 {
        let gone = self.lines_with("gone ");
        let lengths = gone.iter().map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let (first, last): (u64, u64) = (words[2].parse().unwrap(), words[4].parse().unwrap());
            last - first + 1
        });
        lengths.sum()
    }

    /// Checks that it printed exactly the messages below `count`, each once, topics in order.
    #[track_caller]
    pub fn has_exactly(&self, count: u64) {
        let messages = self.messages();
        in_order(&messages);
        let mut numbers: Vec<u64> = messages.iter().map(|message| message.number).collect();
        numbers.sort_unstable();
        let wrong = numbers.iter().zip(0..).find(|(had, wanted)| *had != wanted);
        assert_eq!(wrong, None, "lost (or twice) from there on");
        assert_eq!(numbers.len() as u64, count);
    }
}

/// Checks that each topic's sequences follow each other without a gap.
#[track_caller]
pub fn in_order(messages: &[Message]) {
    let mut last = BTreeMap::new();
    for message in messages {
        if let Some(before) = last.insert(&message.topic, message.sequence) {
            assert_eq!(message.sequence, before + 1, "in {}", message.topic);
        }
    }
}
