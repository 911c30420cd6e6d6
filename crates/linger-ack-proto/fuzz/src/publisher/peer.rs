//! Who speaks to the publisher: each peer knows what a subscriber would know, and can say it.

use super::super::identity::identity;
use super::super::input::Input;
use bytes::Bytes;
use linger_ack_proto::wire::{Change, Header, Hello, ToPublisher};
use linger_ack_proto::{Epoch, Level, Nonce, SessionId};

pub const PEERS: usize = 6;
pub const NAMES: [&str; 4] = ["one", "two", "three", "four"];
pub const PREFIXES: [&[u8]; 8] = [b"", b"a", b"ab", b"abc", b"b", b"c", b"x", b"a\x01"];

pub struct Peer {
    slot: usize,
    generation: usize,
    pub name: &'static str,
    pub route: Bytes,
    reconnects: u64,
    serial: u64,
    /// The last WELCOME that it got.
    pub welcome: u64,
    /// The last change that it asked for.
    pub change: u64,
}

impl Peer {
    pub fn new(slot: usize) -> Self {
        Self {
            slot,
            generation: 0,
            name: NAMES[slot % NAMES.len()],
            route: Bytes::from(format!("route {slot}")),
            reconnects: 0,
            serial: 0,
            welcome: 0,
            change: 0,
        }
    }

    pub fn session(&self) -> SessionId {
        identity(self.slot, self.generation).session
    }

    pub fn nonce(&self) -> Nonce {
        identity(self.slot, self.generation).nonce
    }

    /// A new life: another session.
    pub fn renew(&mut self, input: &mut Input<'_>) {
        self.generation += 1;
        self.name = input.pick(&NAMES);
        self.serial = 0;
        self.welcome = 0;
        self.change = 0;
        self.reconnect();
    }

    /// A new connection: another routing id.
    pub fn reconnect(&mut self) {
        self.reconnects += 1;
        self.route = Bytes::from(format!("route {} {}", self.slot, self.reconnects));
    }

    pub fn hello(&self, input: &mut Input<'_>) -> ToPublisher {
        let choice = input.byte();
        let chosen = PREFIXES.iter().enumerate();
        let chosen = chosen.filter(|(at, _)| choice & 1 << at != 0);
        let level = match input.byte() % 3 {
            0 => Level::Received,
            _ => Level::Processed,
        };
        ToPublisher::Hello(Hello {
            nonce: self.nonce(),
            level,
            name: self.name.to_owned(),
            credentials: Bytes::new(),
            prefixes: chosen
                .map(|(_, prefix)| Bytes::from_static(prefix))
                .collect(),
        })
    }

    /// A HELLO that asks for nothing but to join.
    pub fn bare_hello(&self) -> Bytes {
        let (epoch, session) = (Epoch::UNKNOWN, self.session());
        let hello = Hello {
            nonce: self.nonce(),
            level: Level::Processed,
            name: self.name.to_owned(),
            credentials: Bytes::new(),
            prefixes: Vec::new(),
        };
        ToPublisher::Hello(hello).encode(&Header { epoch, session }, 0)
    }

    /// The next change, the last one again, or any.
    pub fn next_change(&mut self, input: &mut Input<'_>) -> Change {
        let number = match input.byte() % 8 {
            0..=4 => {
                self.change += 1;
                self.change
            }
            5 | 6 => self.change,
            _ => input.number(self.change),
        };
        let mut prefixes = vec![Bytes::from_static(input.pick(&PREFIXES))];
        if input.rarely(4) {
            prefixes.push(Bytes::from_static(input.pick(&PREFIXES)));
        }
        Change { number, prefixes }
    }

    /// Its frame, most often with the right epoch, session and serial.
    pub fn frame(&mut self, epoch: Epoch, body: &ToPublisher, input: &mut Input<'_>) -> Bytes {
        self.serial += 1;
        let mut header = Header {
            epoch: match body {
                ToPublisher::Hello(_) => Epoch::UNKNOWN,
                _ => epoch,
            },
            session: self.session(),
        };
        let mut serial = self.serial;
        match input.byte() {
            255 => header.epoch = Epoch::from_u128(1),
            254 => header.session = identity(self.slot, self.generation + 1).session,
            253 => serial = input.u64(),
            252 => serial = serial.saturating_sub(2),
            _ => {}
        }
        body.encode(&header, serial)
    }
}
