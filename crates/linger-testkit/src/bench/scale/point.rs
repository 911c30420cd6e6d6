//! One publisher in a process of its own, from its start to its end.

use super::audience::Audience;
use super::bare::Peers;
use super::shape::{Shape, Side};
use crate::bench::BenchError;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The first argument of a process that is started for a publisher.
pub const SERVES: &str = "serves";

/// What was measured of one publisher.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// From the close to the report.
    pub(super) took: Duration,
    /// By how many bytes the process grew for members, topics and messages.
    pub(super) grown: [u64; 3],
}

struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(program: &Path, shape: Shape) -> Result<Self, BenchError> {
        let mut child = Command::new(program)
            .arg(SERVES)
            .args(shape.args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let Some(out) = child.stdout.take() else {
            return Err(BenchError::Wrong("it has no stdout".to_owned()));
        };
        Ok(Self {
            child,
            lines: BufReader::new(out).lines(),
        })
    }

    fn line(&mut self) -> Result<String, BenchError> {
        match self.lines.next() {
            Some(line) => Ok(line?),
            None => Err(BenchError::Wrong(format!(
                "the publisher has ended: {}",
                self.child.wait()?
            ))),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended, or is of no use.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it, has it closed, and looks whether everyone had everything.
pub(super) fn measure(program: &Path, shape: Shape) -> Result<Point, BenchError> {
    let mut publisher = Process::start(program, shape)?;
    let line = publisher.line()?;
    let endpoints: Vec<&str> = line.split(' ').collect();
    let &[data, control] = endpoints.as_slice() else {
        return Err(BenchError::Wrong(format!("{line:?} are no endpoints")));
    };
    let (mut audience, mut peers) = (None, None);
    match shape.side {
        Side::Ours => audience = Some(Audience::connect(shape, [data, control])?),
        Side::Bare => peers = Some(Peers::connect(shape, [data, control])?),
    }
    let line = publisher.line()?;
    let mut numbers = line.split(' ').map(str::parse);
    let [Some(Ok(members)), Some(Ok(topics)), Some(Ok(messages))] =
        [numbers.next(), numbers.next(), numbers.next()]
    else {
        return Err(BenchError::Wrong(format!("{line:?} are no sizes")));
    };
    if let Some(word) = &mut publisher.child.stdin {
        word.write_all(b"close\n")?;
    }
    if let Some(audience) = &audience {
        audience.release();
    }
    let line = publisher.line()?;
    let nanos = line.parse();
    let nanos = nanos.map_err(|_| BenchError::Wrong(format!("{line:?} is no time")))?;
    if let Some(audience) = &audience {
        audience.had_all(shape)?;
    }
    drop((audience, peers));
    Ok(Point {
        took: Duration::from_nanos(nanos),
        grown: [members, topics, messages],
    })
}
