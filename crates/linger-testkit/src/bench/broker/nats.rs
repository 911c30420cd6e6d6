//! A block through JetStream: what is published, consumed and acknowledged, and that it was.

use super::protocol::{Connection, Message};
use super::server::Server;
use super::way::{Acks, Come, Way};
use super::{AMPLE, PAYLOAD};
use crate::bench::BenchError;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

/// So many messages go out with one write.
const WRITTEN: u32 = 256;

/// The publisher waits where so many are not acknowledged. More, up to 32,768, was slower.
const IN_FLIGHT: u32 = 4_096;

/// A pull consumer asks for so many, and again when it has half of them.
const PULLED: u32 = 20_000;

/// Where one acknowledgement counts for all before it, every so many messages have one.
const EVERY: u32 = 256;

// Short, since each message carries some of them: they are parsed over and over.
const STREAM: &str = "S";
const SUBJECT: &str = "t";
const CONSUMER: &str = "C";
const DELIVERIES: &str = "d";
const ACKS: &str = "a";
const ANSWERS: &str = "r";

/// A server, and the connection on which it is told what to do.
pub(super) struct Nats<'a> {
    server: &'a Server,
    control: Mutex<Connection>,
}

impl<'a> Nats<'a> {
    pub(super) fn connect(server: &'a Server) -> Result<Self, BenchError> {
        let control = Connection::open(server.address(), ANSWERS)?;
        Ok(Self {
            server,
            control: Mutex::new(control),
        })
    }

    /// From the first message published until the server has confirmed the last publish and the
    /// last acknowledgement; with a stream and a consumer of its own.
    pub(super) fn block(&self, way: Way, count: u32) -> Result<Duration, BenchError> {
        self.create(way)?;
        let address = self.server.address();
        let mut publisher = Connection::open(address, ACKS)?;
        let mut consumer = Connection::open(address, DELIVERIES)?;
        let (took, published) = thread::scope(|scope| {
            let consumer = scope.spawn(|| consume(&mut consumer, way, count));
            let begun = Instant::now();
            let published = publish(&mut publisher, count);
            let consumed = consumer.join();
            let gone = |_| Err(BenchError::Wrong("the consumer panicked".to_owned()));
            let ended = consumed.unwrap_or_else(gone)?;
            Ok::<_, BenchError>((ended - begun, published))
        })?;
        let confirmed = published?;
        self.is_whole(count)?;
        self.ask("STREAM.DELETE.S", &Value::Null)?;
        Ok(took.max(confirmed))
    }

    /// In memory, and forgotten whole once it was acknowledged: nothing is removed meanwhile, which
    /// would cost time.
    fn create(&self, way: Way) -> Result<(), BenchError> {
        let stream = json!({
            "name": STREAM,
            "subjects": [SUBJECT],
            "storage": "memory",
            "retention": "limits",
            "num_replicas": 1,
        });
        self.ask("STREAM.CREATE.S", &stream)?;
        let mut config = json!({
            "durable_name": CONSUMER,
            "deliver_policy": "all",
            "ack_policy": match way.acks {
                Acks::Each => "explicit",
                Acks::Many => "all",
            },
            "ack_wait": u64::try_from(AMPLE.as_nanos()).unwrap_or(u64::MAX),
            "max_ack_pending": -1,
            "mem_storage": true,
            "replay_policy": "instant",
        });
        if way.come == Come::Pushed {
            config["deliver_subject"] = json!(DELIVERIES);
        }
        let consumer = json!({ "stream_name": STREAM, "config": config });
        self.ask("CONSUMER.DURABLE.CREATE.S.C", &consumer)?;
        Ok(())
    }

    /// That the server has all of the messages, and acknowledgements for all, none delivered twice.
    fn is_whole(&self, count: u32) -> Result<(), BenchError> {
        let stream = self.ask("STREAM.INFO.S", &Value::Null)?;
        let consumer = self.ask("CONSUMER.INFO.S.C", &Value::Null)?;
        for (what, at, expected) in [
            (&stream, "/state/messages", count),
            (&consumer, "/delivered/consumer_seq", count),
            (&consumer, "/ack_floor/stream_seq", count),
            (&consumer, "/num_ack_pending", 0),
            (&consumer, "/num_redelivered", 0),
            (&consumer, "/num_pending", 0),
        ] {
            if what.pointer(at).and_then(Value::as_u64) != Some(expected.into()) {
                let how = format!("not {expected} at {at}: {what}");
                return Err(BenchError::Wrong(how));
            }
        }
        Ok(())
    }

    fn ask(&self, what: &str, body: &Value) -> Result<Value, BenchError> {
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let subject = format!("$JS.API.{what}");
        let answer = self.control.lock().ask(&subject, ANSWERS, &body)?;
        let answer: Value = serde_json::from_slice(&answer)
            .map_err(|error| BenchError::Wrong(format!("no JSON after {what}: {error}")))?;
        match answer.get("error") {
            None => Ok(answer),
            Some(error) => Err(BenchError::Wrong(format!("{what}: {error}"))),
        }
    }
}

/// What a publish is answered.
#[derive(Deserialize)]
struct Stored {
    seq: u32,
}

/// Publishes them with up to [`IN_FLIGHT`] unacknowledged; how long until the last was.
fn publish(connection: &mut Connection, count: u32) -> Result<Duration, BenchError> {
    let command = format!("PUB {SUBJECT} {ACKS} {PAYLOAD}\r\n");
    let one = [command.as_bytes(), &[7; PAYLOAD], b"\r\n"].concat();
    let begun = Instant::now();
    let mut commands = Vec::with_capacity(one.len() * WRITTEN as usize);
    let (mut sent, mut stored) = (0, 0);
    while stored < count {
        let more = WRITTEN.min(count - sent);
        if more > 0 && sent - stored + more <= IN_FLIGHT {
            commands.clear();
            for _ in 0..more {
                commands.extend_from_slice(&one);
            }
            connection.write(&commands)?;
            sent += more;
            continue;
        }
        connection.read(|answer| {
            stored += 1;
            match serde_json::from_slice::<Stored>(answer.payload) {
                Ok(Stored { seq }) if seq == stored => Ok(()),
                _ => Err(told("not stored in its order", answer)),
            }
        })?;
    }
    Ok(begun.elapsed())
}

/// Consumes and acknowledges them; when the server has confirmed the last acknowledgement.
fn consume(connection: &mut Connection, way: Way, count: u32) -> Result<Instant, BenchError> {
    let (mut got, mut asked) = (0, 0);
    let mut commands = Vec::new();
    let mut is_confirmed = false;
    while !is_confirmed {
        if way.come == Come::Pulled && got < count && asked - got <= PULLED / 2 {
            let body = format!(r#"{{"batch":{PULLED}}}"#);
            let length = body.len();
            let next =
                format!("PUB $JS.API.CONSUMER.MSG.NEXT.S.C {DELIVERIES} {length}\r\n{body}\r\n");
            commands.extend_from_slice(next.as_bytes());
            asked += PULLED;
        }
        if !commands.is_empty() {
            connection.write(&commands)?;
            commands.clear();
        }
        connection.read(|message| {
            if got == count && message.reply.is_empty() {
                is_confirmed = true;
                return Ok(());
            }
            got += 1;
            if numbers(message.reply) != Some((1, got)) || message.payload.len() != PAYLOAD {
                return Err(told("not delivered whole, once and in its order", message));
            }
            // The last has its own in any case, and wants to know that it came.
            if got == count {
                acknowledge(&mut commands, message.reply, DELIVERIES);
            } else if way.acks == Acks::Each || got % EVERY == 0 {
                acknowledge(&mut commands, message.reply, "");
            }
            Ok(())
        })?;
    }
    Ok(Instant::now())
}

/// An empty message to where it says is an acknowledgement.
fn acknowledge(commands: &mut Vec<u8>, to: &[u8], answer: &str) {
    for part in [b"PUB ", to, b" ", answer.as_bytes(), b" 0\r\n\r\n"] {
        commands.extend_from_slice(part);
    }
}

/// How often it was delivered and its number in the stream, which stand in where to acknowledge it:
/// `$JS.ACK.<stream>.<consumer>.<times>.<number>.<delivery>.<time>.<pending>`.
fn numbers(reply: &[u8]) -> Option<(u32, u32)> {
    let mut words = reply
        .strip_prefix(b"$JS.ACK.S.C.")?
        .split(|&byte| byte == b'.');
    let mut number = || std::str::from_utf8(words.next()?).ok()?.parse().ok();
    Some((number()?, number()?))
}

fn told(what: &str, message: Message<'_>) -> BenchError {
    let Message { reply, payload } = message;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    BenchError::Wrong(format!("{what}: {} {}", text(reply), text(payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_to_acknowledge_says_how_often_it_came_and_its_number() {
        assert_eq!(numbers(b"$JS.ACK.S.C.2.37.40.1700000000.5"), Some((2, 37)));
        assert_eq!(numbers(b""), None);
    }

    #[test]
    fn an_acknowledgement_is_empty_and_asks_for_an_answer_only_if_one_is_wanted() {
        let mut commands = Vec::new();
        acknowledge(&mut commands, b"there", "");
        acknowledge(&mut commands, b"there", "d");
        assert_eq!(commands, b"PUB there  0\r\n\r\nPUB there d 0\r\n\r\n");
    }
}
