//! Frames in a few words, for the trace.

use super::World;
use bytes::Bytes;
use linger_ack_proto::wire::{InBand, Mark, ToPublisher, ToSubscriber, TopicEntry, split_private};

/// What a subscriber says.
pub(super) fn up(body: &ToPublisher) -> String {
    match body {
        ToPublisher::Hello(hello) => format!("HELLO {}", hello.name),
        ToPublisher::Joined { welcome } => format!("JOINED {welcome}"),
        ToPublisher::Ack { whole, marks } => {
            let whole = if *whole { " whole" } else { "" };
            format!("ACK{whole}{}", list(marks, mark))
        }
        ToPublisher::Bye { marks } => format!("BYE{}", list(marks, mark)),
        ToPublisher::Nack { ranges } => {
            let text = list(ranges, |r| {
                format!("#{}.{}..={}", r.number, r.first, r.last)
            });
            format!("NACK{text}")
        }
        ToPublisher::Beat => "BEAT".to_owned(),
        other => format!("{other:?}"),
    }
}

fn down(body: &ToSubscriber) -> String {
    match body {
        ToSubscriber::Repair(repair) => {
            let last = if repair.last { " last" } else { "" };
            format!("REPAIR #{}.{}{last}", repair.number, repair.sequence)
        }
        other => format!("{other:?}"),
    }
}

fn in_band(body: &InBand) -> String {
    match body {
        InBand::Welcome(welcome) => {
            let (number, part) = (welcome.number, welcome.part);
            let text = list(&welcome.entries, entry);
            format!("WELCOME {number} {}/{}{text}", part.index + 1, part.count)
        }
        InBand::Sync { entries } => format!("SYNC{}", list(entries, entry)),
        InBand::End { part, entries } => {
            let text = list(entries, entry);
            format!("END {}/{}{text}", part.index + 1, part.count)
        }
        other => format!("{other:?}"),
    }
}

fn mark(mark: &Mark) -> String {
    format!("#{}.{}/{}", mark.number, mark.received, mark.processed)
}

fn entry(entry: &TopicEntry) -> String {
    format!("#{}.{}", entry.number, entry.sequence)
}

fn list<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    let mut out: String = items
        .iter()
        .take(8)
        .map(|item| format!(" {}", text(item)))
        .collect();
    if items.len() > 8 {
        out.push_str(" …");
    }
    out
}

impl World {
    pub(super) fn trace_heard(&mut self, at: usize, route: &Bytes, frame: &Bytes) {
        let (now, ledger) = (self.now, &self.ledger);
        self.trace.line(now, || match ToPublisher::decode(frame) {
            Ok((header, serial, body)) => {
                let from = ledger.session(header.session);
                let from = from.map_or("a stranger".to_owned(), |session| {
                    format!("s{}", ledger.sessions[session].subscriber.unwrap_or(0))
                });
                let route = route.escape_ascii();
                format!("p{at} <- {from} {serial} {} ({route})", up(&body))
            }
            Err(error) => format!("p{at} <- broken: {error}"),
        });
    }

    pub(super) fn trace_told(&mut self, at: usize, to: usize, frame: &Bytes) {
        self.trace
            .line(self.now, || match ToSubscriber::decode(frame) {
                Ok((_, body)) => format!("p{at} -> s{to} {}", down(&body)),
                Err(error) => format!("p{at} -> s{to} broken: {error}"),
            });
    }

    pub(super) fn trace_private(&mut self, at: usize, frame: &Bytes) {
        self.trace.mix_bytes(frame);
        let (now, ledger) = (self.now, &self.ledger);
        self.trace.line(now, || {
            let body = split_private(frame)
                .and_then(|(nonce, body)| Some((nonce, InBand::decode(&body).ok()?.1)));
            let Some((nonce, body)) = body else {
                return format!("p{at} => broken");
            };
            let to = ledger.owner(nonce);
            let to = to.map_or("a stranger".to_owned(), |session| {
                format!("s{}", ledger.sessions[session].subscriber.unwrap_or(0))
            });
            format!("p{at} => {to} {}", in_band(&body))
        });
    }
}
