//! Lines of any bytes and any length, read in bounded memory.

use std::io::{self, BufRead};

/// The longest line that can be a message, in bytes.
pub(crate) const MAX_LINE: usize = 1 << 20;

/// A line without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Whole(&'a [u8]),
    /// Longer than [`MAX_LINE`]: read past, not kept.
    TooLong,
}

/// Reads lines; a last one without newline counts, and one too long costs no memory.
#[derive(Debug)]
pub(crate) struct LineReader<R> {
    from: R,
    line: Vec<u8>,
}

impl<R: BufRead> LineReader<R> {
    pub(crate) const fn new(from: R) -> Self {
        Self {
            from,
            line: Vec::new(),
        }
    }

    /// The next line, or none at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut any = false;
        let mut too_long = false;
        loop {
            let available = match self.from.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let newline = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..newline.unwrap_or(available.len())];
            too_long |= self.line.len() + part.len() > MAX_LINE;
            if !too_long {
                self.line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(newline.is_some());
            self.from.consume(used);
            if newline.is_some() {
                break;
            }
        }
        Ok(match (any, too_long) {
            (false, _) => None,
            (true, true) => Some(Line::TooLong),
            (true, false) => Some(Line::Whole(&self.line)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    /// What every line was, through a buffer of a few bytes, so that lines span reads.
    fn read(bytes: &[u8]) -> Vec<Option<Vec<u8>>> {
        let mut reader = LineReader::new(BufReader::with_capacity(7, bytes));
        let mut lines = Vec::new();
        while let Some(line) = reader.next().unwrap() {
            lines.push(match line {
                Line::Whole(line) => Some(line.to_owned()),
                Line::TooLong => None,
            });
        }
        lines
    }

    fn whole(lines: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
        lines.iter().map(|line| Some(line.to_vec())).collect()
    }

    #[test]
    fn bytes_are_lines_whatever_they_are() {
        assert_eq!(read(b""), whole(&[]));
        assert_eq!(read(b"\n"), whole(&[b""]));
        assert_eq!(read(b"a,1\nb,2\n"), whole(&[b"a,1", b"b,2"]));
        assert_eq!(
            read(b"a,1\r\n\n\xff\x00z"),
            whole(&[b"a,1\r", b"", b"\xff\x00z"])
        );
        assert_eq!(
            read(b"longer than a buffer,\nx"),
            whole(&[b"longer than a buffer,", b"x"])
        );
    }

    #[test]
    fn a_line_over_the_limit_is_one_line_and_the_next_is_whole() {
        let mut bytes = vec![b'x'; MAX_LINE];
        bytes.extend_from_slice(b"\n");
        bytes.extend_from_slice(&vec![b'y'; MAX_LINE + 1]);
        bytes.extend_from_slice(b"\nz,1\n");
        bytes.extend_from_slice(&vec![b'w'; 3 * MAX_LINE]);
        let lines = read(&bytes);
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0].as_ref().map(Vec::len), Some(MAX_LINE));
        assert_eq!(lines[1], None);
        assert_eq!(lines[2].as_deref(), Some(&b"z,1"[..]));
        assert_eq!(lines[3], None);
    }
}
