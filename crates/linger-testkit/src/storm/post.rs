//! One socket of the registry at work.

use super::StormError;
use super::pattern::{Pattern, Side};
use super::plan::{End, Link, Place};
use super::scene::Scene;
use crate::chaos::payload;
use linger::linger_registry::{BindError, ConnectError, OpenError, RegistryState, Socket};
use linger::zmq;
use std::time::Instant;

/// How much a socket does in its turn.
const AT_ONCE: usize = 16;

/// A socket that is open.
pub(crate) struct Post<'a> {
    number: usize,
    link: &'a Link,
    side: Side,
    socket: Socket,
    sent: u32,
    /// A `REQ` that may ask, or a `REP` that owes an answer.
    has_turn: bool,
    opened_late: bool,
}

/// What its owner knows of a socket that it let go.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) link: usize,
    /// How many messages libzmq took.
    pub(crate) sent: u32,
    pub(crate) discarded: bool,
    pub(crate) dropped: Instant,
    /// The registry had said that it was closing, and opened it all the same.
    pub(crate) opened_late: bool,
}

impl<'a> Post<'a> {
    /// Opens it, and binds it or connects it; `None` if the close was faster.
    pub(crate) fn open(
        scene: &'a Scene,
        number: usize,
        side: Side,
    ) -> Result<Option<Self>, StormError> {
        let link = &scene.plan.links[number];
        let end = link.end(side);
        let name = name(number, side);
        let opened_late = scene.registry.state() != RegistryState::Open;
        let builder = scene.registry.socket(link.pattern.kind(side)).name(&*name);
        let socket = match builder.group(end.group).linger(end.linger).open() {
            Ok(socket) => socket,
            Err(OpenError::Closing { .. }) => {
                if link.binds(side) {
                    scene.board.post(number, None);
                }
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        scene.board.opened();
        let post = Self {
            number,
            link,
            side,
            socket,
            sent: 0,
            has_turn: side == Side::First,
            opened_late,
        };
        post.attach(scene)?;
        Ok(Some(post))
    }

    fn attach(&self, scene: &Scene) -> Result<(), StormError> {
        options(&self.socket, self.link, self.side)?;
        if self.link.binds(self.side) {
            let bound = self.socket.bind(&scene.to_bind(self.number));
            scene.board.post(self.number, self.socket.last_endpoint());
            return match bound {
                Err(BindError::Closing { .. }) => Ok(()),
                bound => Ok(bound?),
            };
        }
        let endpoint = match self.link.end(Side::Second).place {
            Place::Nowhere => Some(scene.nowhere(self.number)?),
            _ => scene.board.endpoint(self.number, scene.limit),
        };
        match endpoint.map(|endpoint| self.socket.connect(&endpoint)) {
            None | Some(Err(ConnectError::Closing { .. })) => Ok(()),
            Some(connected) => Ok(connected?),
        }
    }

    pub(crate) fn end(&self) -> &'a End {
        self.link.end(self.side)
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.socket.group().is_stopped()
    }

    /// Whether its owner may wait for nothing but this one to receive.
    pub(crate) fn is_worth_listening(&self) -> bool {
        self.link.pattern.only_receives(self.side) && !self.end().is_idle
    }

    /// Whether its owner may wait for nothing but this one to take a message.
    pub(crate) fn is_worth_sending(&self) -> bool {
        self.side == Side::First
            && matches!(
                self.link.pattern,
                Pattern::Push | Pattern::Deal | Pattern::Pair
            )
    }

    /// Sends one message, and waits for it if it is told to.
    pub(crate) fn send(&mut self, flags: i32) -> zmq::Result<()> {
        let life = u16::try_from(self.number).unwrap_or(u16::MAX);
        let message = payload::make(life, u64::from(self.sent), self.link.length);
        self.socket.send(message, flags)?;
        self.sent += 1;
        Ok(())
    }

    /// Does what there is to do without waiting; whether there was anything.
    pub(crate) fn work(&mut self) -> bool {
        if self.end().is_idle {
            return false;
        }
        (0..AT_ONCE).take_while(|_| self.step().is_ok()).count() > 0
    }

    /// One message in or out; the error says that there is none, mostly.
    fn step(&mut self) -> zmq::Result<()> {
        match (self.link.pattern, self.side) {
            (Pattern::Ask, side) => self.take_turn(side),
            (Pattern::Route, Side::Second) => self.answer(),
            (_, Side::Second) => self.receive(),
            (Pattern::Route | Pattern::Extended, Side::First) => {
                self.receive().or_else(|_| self.send_next())
            }
            (_, Side::First) => self.send_next(),
        }
    }

    fn send_next(&mut self) -> zmq::Result<()> {
        match self.sent < self.link.messages {
            true => self.send(zmq::DONTWAIT),
            false => Err(zmq::Error::EAGAIN),
        }
    }

    fn receive(&self) -> zmq::Result<()> {
        self.socket.recv_multipart(zmq::DONTWAIT).map(drop)
    }

    /// Every fourth is answered: what is on its way back at the close is part of the storm.
    fn answer(&mut self) -> zmq::Result<()> {
        let message = self.socket.recv_multipart(zmq::DONTWAIT)?;
        self.sent += 1;
        match self.sent % 4 {
            0 => self.socket.send_multipart(message, zmq::DONTWAIT),
            _ => Ok(()),
        }
    }

    fn take_turn(&mut self, side: Side) -> zmq::Result<()> {
        match (self.has_turn, side) {
            (true, Side::First) => self.send_next()?,
            (true, Side::Second) => self.send(zmq::DONTWAIT)?,
            (false, _) => self.receive()?,
        }
        self.has_turn = !self.has_turn;
        Ok(())
    }

    /// Lets it go.
    pub(crate) fn let_go(self) -> Known {
        let discarded = self.end().discarded;
        let known = Known {
            name: self.socket.name().to_owned(),
            link: self.number,
            sent: self.sent,
            discarded,
            dropped: Instant::now(),
            opened_late: self.opened_late,
        };
        match discarded {
            true => self.socket.discard(),
            false => drop(self.socket),
        }
        known
    }
}

fn name(number: usize, side: Side) -> String {
    let side = match side {
        Side::First => 'a',
        Side::Second => 'b',
    };
    format!("{number}{side}")
}

/// What both a socket of the registry and one beside it need before they bind or connect.
pub(crate) fn options(socket: &zmq::Socket, link: &Link, side: Side) -> zmq::Result<()> {
    match (link.pattern, side) {
        (Pattern::Publish, Side::Second) => socket.set_subscribe(b"")?,
        // It is an XSUB's first message that subscribes.
        (Pattern::Extended, Side::Second) => socket.send(&[1_u8][..], 0)?,
        (_, Side::First) => socket.set_sndhwm(link.high_water)?,
        _ => {}
    }
    if link.second.place == Place::Stalled {
        // So that little is enough to be stuck.
        match side {
            Side::First => socket.set_sndbuf(8_192)?,
            Side::Second => {
                socket.set_rcvbuf(8_192)?;
                socket.set_rcvhwm(4)?;
            }
        }
    }
    Ok(())
}
