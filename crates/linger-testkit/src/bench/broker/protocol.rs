//! The client's half of the NATS protocol, as far as a stream needs it.
//!
//! <https://docs.nats.io/reference/reference-protocols/nats-protocol> describes it: lines of text, and
//! payloads whose length stands in the line before.

use super::AMPLE;
use crate::bench::BenchError;
use std::io::{Read, Write};
use std::net::TcpStream;

/// As much as is read at once.
const BUFFER: usize = 1 << 20;

/// What a client says first: an answer to each command would only cost time.
const HELLO: &[u8] = br#"CONNECT {"verbose":false,"pedantic":false,"lang":"rust","version":"0","protocol":1,"headers":true,"no_responders":true}
"#;

/// A message for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// Where an answer goes; nothing if none is wanted.
    pub(super) reply: &'a [u8],
    pub(super) payload: &'a [u8],
}

/// What the server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation<'a> {
    Message(Message<'a>),
    Ping,
    Pong,
    /// What needs no answer.
    Word,
}

/// A connection to the server.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// What of the buffer was read and is not used up.
    filled: usize,
    used: usize,
}

impl Connection {
    /// Connects, subscribes to one subject, and returns when the server knows.
    pub(super) fn open(address: &str, subject: &str) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(AMPLE))?;
        stream.set_write_timeout(Some(AMPLE))?;
        let mut connection = Self {
            stream,
            buffer: vec![0; BUFFER],
            filled: 0,
            used: 0,
        };
        connection.write(HELLO)?;
        connection.write(format!("SUB {subject} 1\r\nPING\r\n").as_bytes())?;
        while !connection.read(|_| Ok(()))? {}
        Ok(connection)
    }

    /// Writes commands, however many.
    pub(super) fn write(&mut self, commands: &[u8]) -> Result<(), BenchError> {
        Ok(self.stream.write_all(commands)?)
    }

    /// Reads once, hands over every message that is whole, and tells whether a PONG was among it.
    pub(super) fn read(
        &mut self,
        mut take: impl FnMut(Message<'_>) -> Result<(), BenchError>,
    ) -> Result<bool, BenchError> {
        self.buffer.copy_within(self.used..self.filled, 0);
        self.filled -= self.used;
        self.used = 0;
        match self.stream.read(&mut self.buffer[self.filled..])? {
            0 => return wrong("the server has closed a connection"),
            read => self.filled += read,
        }
        let mut is_answered = false;
        while let Some((operation, length)) = parse(&self.buffer[self.used..self.filled])? {
            match operation {
                Operation::Message(message) => take(message)?,
                Operation::Ping => self.stream.write_all(b"PONG\r\n")?,
                Operation::Pong => is_answered = true,
                Operation::Word => {}
            }
            self.used += length;
        }
        Ok(is_answered)
    }

    /// Asks the server, on a connection that has subscribed to `inbox` and awaits nothing else.
    pub(super) fn ask(
        &mut self,
        subject: &str,
        inbox: &str,
        body: &str,
    ) -> Result<Vec<u8>, BenchError> {
        let length = body.len();
        self.write(format!("PUB {subject} {inbox} {length}\r\n{body}\r\n").as_bytes())?;
        let mut answer = None;
        while answer.is_none() {
            self.read(|message| {
                answer = Some(message.payload.to_vec());
                Ok(())
            })?;
        }
        Ok(answer.unwrap_or_default())
    }
}

/// The first operation and how long it is; `None` if it is not all there.
fn parse(bytes: &[u8]) -> Result<Option<(Operation<'_>, usize)>, BenchError> {
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
        return Ok(None);
    };
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    let operation = match line {
        [b'M', b'S', b'G', b' ', words @ ..] => return message(words, bytes, end + 1),
        b"PING" => Operation::Ping,
        b"PONG" => Operation::Pong,
        [b'I', b'N', b'F', b'O', ..] => Operation::Word,
        // An error; or a message with headers, in which the server says why it gives us nothing.
        other => {
            let rest = String::from_utf8_lossy(&bytes[end + 1..]);
            let other = String::from_utf8_lossy(other);
            return wrong(&format!("the server says {other} {}", rest.trim()));
        }
    };
    Ok(Some((operation, end + 1)))
}

/// `MSG`, whose words are: subject, number of the subscription, where to answer or nothing, length.
fn message<'a>(
    words: &[u8],
    bytes: &'a [u8],
    begin: usize,
) -> Result<Option<(Operation<'a>, usize)>, BenchError> {
    let malformed = || {
        wrong(&format!(
            "not a message: {}",
            String::from_utf8_lossy(words)
        ))
    };
    let mut split = words.rsplitn(2, |&byte| byte == b' ');
    let (Some(length), Some(before)) = (split.next(), split.next()) else {
        return malformed();
    };
    let Some(length) = number(length) else {
        return malformed();
    };
    let end = begin + length;
    if bytes.len() < end + 2 {
        return Ok(None);
    }
    // The words are in the bytes, behind `MSG `: so is where to answer.
    let mut split = before.splitn(3, |&byte| byte == b' ').skip(2);
    let reply = split.next().map_or(0, <[u8]>::len);
    let reply = &bytes[4 + before.len() - reply..][..reply];
    let payload = &bytes[begin..end];
    Ok(Some((
        Operation::Message(Message { reply, payload }),
        end + 2,
    )))
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn wrong<T>(how: &str) -> Result<T, BenchError> {
    Err(BenchError::Wrong(how.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> (Operation<'_>, usize) {
        parse(bytes).unwrap().unwrap()
    }

    #[test]
    fn a_message_has_its_payload_whole_and_where_to_answer_if_it_says_so() {
        let both = b"MSG t 1 $JS.ACK.1 4\r\na\r\nb\r\nPING\r\n";
        let (operation, length) = of(both);
        let message = |reply, payload| Operation::Message(Message { reply, payload });
        assert_eq!(operation, message(b"$JS.ACK.1", b"a\r\nb"));
        assert_eq!(of(&both[length..]), (Operation::Ping, 6));
        assert_eq!(of(b"MSG a 1 0\r\n\r\n"), (message(b"", b""), 13));
    }

    #[test]
    fn whatever_is_not_all_there_waits_for_the_rest() {
        for whole in [&b"MSG t 1 $JS.ACK.1 4\r\na\r\nb\r\n"[..], b"PONG\r\n"] {
            for end in 0..whole.len() {
                assert!(parse(&whole[..end]).unwrap().is_none(), "{end}");
            }
            assert_eq!(of(whole).1, whole.len());
        }
    }

    #[test]
    fn an_error_and_a_status_are_told() {
        for (bytes, told) in [
            (&b"-ERR 'Stale Connection'\r\n"[..], "Stale"),
            (
                b"HMSG d 1 28 28\r\nNATS/1.0 409 Consumer Deleted\r\n",
                "409",
            ),
            (b"MSG t 1 x\r\n", "not a message"),
        ] {
            let error = parse(bytes).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
