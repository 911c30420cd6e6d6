//! The lines that a child wrote, as they come.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// How many lines are kept to show what a child said last.
const TAIL: usize = 40;

/// One stream's lines: a reader thread puts them in, whoever waits takes them out.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<String>,
    tail: VecDeque<String>,
    ended: bool,
}

/// Why a wait for a line ended without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    Deadline,
    Ended,
}

impl Lines {
    /// Reads until the stream ends; `keep` says whether a line waits to be taken.
    pub(crate) fn read(&self, stream: impl Read, mut keep: impl FnMut(&str) -> bool) {
        let mut stream = BufReader::new(stream);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            // A read error on a pipe is the end of it as well.
            if !stream
                .read_until(b'\n', &mut bytes)
                .is_ok_and(|read| read > 0)
            {
                break;
            }
            if bytes.last() == Some(&b'\n') {
                bytes.pop();
            }
            let line = String::from_utf8_lossy(&bytes).into_owned();
            let keep = keep(&line);
            let mut state = self.state.lock();
            if state.tail.len() == TAIL {
                state.tail.pop_front();
            }
            state.tail.push_back(line.clone());
            if keep {
                state.waiting.push_back(line);
                drop(state);
                self.changed.notify_all();
            }
        }
        self.state.lock().ended = true;
        self.changed.notify_all();
    }

    /// Takes lines until one passes; those before it are gone.
    pub(crate) fn take(
        &self,
        deadline: Instant,
        mut wanted: impl FnMut(&str) -> bool,
    ) -> Result<String, Missed> {
        let mut state = self.state.lock();
        loop {
            while let Some(line) = state.waiting.pop_front() {
                if wanted(&line) {
                    return Ok(line);
                }
            }
            if state.ended {
                return Err(Missed::Ended);
            }
            if self.changed.wait_until(&mut state, deadline).timed_out() && state.waiting.is_empty()
            {
                return Err(if state.ended {
                    Missed::Ended
                } else {
                    Missed::Deadline
                });
            }
        }
    }

    /// Waits for the end of the stream; false where `deadline` comes first.
    pub(crate) fn wait_for_end(&self, deadline: Instant) -> bool {
        let mut state = self.state.lock();
        while !state.ended {
            if self.changed.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        state.ended
    }

    /// The last lines, oldest first, one a line.
    pub(crate) fn tail(&self) -> String {
        let state = self.state.lock();
        state
            .tail
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_newline_and_bytes_that_are_no_text_count() {
        let lines = Lines::default();
        lines.read(&b"one\n\xff\nlast"[..], |_| true);
        assert_eq!(lines.tail(), "one\n\u{fffd}\nlast");
        let now = Instant::now();
        assert_eq!(
            lines.take(now, |line| line.starts_with('l')),
            Ok("last".to_owned())
        );
        assert_eq!(lines.take(now, |_| true), Err(Missed::Ended));
    }

    #[test]
    fn lines_that_are_not_kept_still_show_in_the_tail() {
        let lines = Lines::default();
        let mut heard = Vec::new();
        lines.read(&b"a\nb\n"[..], |line| {
            heard.push(line.to_owned());
            false
        });
        assert_eq!(heard, ["a", "b"]);
        assert_eq!(lines.tail(), "a\nb");
        assert_eq!(lines.take(Instant::now(), |_| true), Err(Missed::Ended));
    }

    #[test]
    fn no_line_by_the_deadline_is_told_apart_from_the_end() {
        let lines = Lines::default();
        assert_eq!(lines.take(Instant::now(), |_| true), Err(Missed::Deadline));
    }
}
