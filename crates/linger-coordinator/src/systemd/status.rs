//! The line that `systemctl status` shows.

use std::fmt::Write;
use std::time::Duration;

use crate::phase::Phase;
use crate::room::Left;

/// Members by name.
const NAMES: usize = 4;

/// Bytes of a line. A datagram beyond 4 KiB (`PIPE_BUF`) is refused as a whole.
const LONGEST: usize = 1024;

/// Who is left in the phases that run, and the time left.
pub(super) fn draining<'a>(
    phases: impl Iterator<Item = (Phase, bool, &'a [Left])>,
    time: Duration,
) -> String {
    let mut text = "Stopping".to_owned();
    for (count, (phase, forced, left)) in phases.enumerate() {
        text.push_str(if count == 0 { ": " } else { "; " });
        // Writing to a string fails only where a `Display` does.
        let _ = write!(text, "{phase}, {} left", left.len());
        if forced {
            text.push_str(", forced");
        }
        for (count, member) in left.iter().take(NAMES).enumerate() {
            text.push_str(if count == 0 { " (" } else { ", " });
            text.push_str(&member.name);
            if let Some(note) = &member.note {
                let _ = write!(text, " “{note}”");
            }
        }
        match left.len() {
            0 => {}
            count if count > NAMES => text.push_str(", …)"),
            _ => text.push(')'),
        }
    }
    let _ = write!(text, "; {:.1} s left", time.as_secs_f64());
    line(text)
}

pub(super) fn stopped(clean: bool, took: Duration) -> String {
    let how = if clean { "clean" } else { "not clean" };
    format!("Stopped in {:.3} s, {how}", took.as_secs_f64())
}

/// One line: a name with a line end in it must not become an assignment of its own.
fn line(text: String) -> String {
    let mut line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if line.len() > LONGEST {
        let end = (0..=LONGEST - '…'.len_utf8()).rev();
        let end = end.into_iter().find(|&end| line.is_char_boundary(end));
        line.truncate(end.unwrap_or(0));
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_say_anything_of_its_own() {
        let text = line("Stopping: a\nMAINPID=1\r\u{0}b".to_owned());
        assert_eq!(text, "Stopping: a MAINPID=1  b");
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        for pad in 0..4 {
            let text = line(format!("{}{}", "x".repeat(pad), "é€".repeat(1000)));
            assert!(
                text.len() <= LONGEST && text.len() > LONGEST - 8,
                "{}",
                text.len()
            );
            assert!(text.ends_with('…'));
        }
    }
}
