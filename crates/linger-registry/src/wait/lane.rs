//! One direction of a proxy.

use super::proxy_error::ProxyError;
use super::receive::take_rest;
use super::send::send_whole;
use crate::failure::uninterrupted;
use crate::socket::Socket;

/// How many messages go one way before the other way has its turn, and the stop is looked at.
const BURST: usize = 100;

pub(super) struct Lane<'a> {
    pub(super) from: &'a Socket,
    pub(super) to: &'a Socket,
    /// How many messages it has passed on.
    pub(super) passed: u64,
    /// The message that was taken and not passed on yet; empty if there is none.
    frames: Vec<zmq::Message>,
    /// The socket it comes from never receives.
    is_barred: bool,
    /// The last poll said that the destination has room.
    has_room: bool,
}

/// What came of one turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    Some,
    /// There was nothing to move.
    Nothing,
    /// The destination had no room for what is in hand.
    Refused,
    /// The context is being ended.
    Ended,
}

impl<'a> Lane<'a> {
    pub(super) fn new(from: &'a Socket, to: &'a Socket) -> Self {
        Self {
            from,
            to,
            passed: 0,
            frames: Vec::new(),
            is_barred: false,
            has_room: false,
        }
    }

    pub(super) fn has_message(&self) -> bool {
        !self.frames.is_empty()
    }

    /// Moves messages until there are none, there is no room, or the turn is over. Never waits.
    pub(super) fn pass_on(&mut self) -> Result<Moved, ProxyError> {
        let mut moved = Moved::Nothing;
        for _ in 0..BURST {
            let stands = match self.take() {
                Ok(()) => self.give()?,
                Err(zmq::Error::EAGAIN | zmq::Error::EFSM) => Some(Moved::Nothing),
                Err(zmq::Error::ETERM) => return Ok(Moved::Ended),
                Err(source) => return Err(ProxyError::receive(self.from, source)),
            };
            match stands {
                None => moved = Moved::Some,
                Some(Moved::Ended) => return Ok(Moved::Ended),
                Some(_) if moved == Moved::Some => break,
                Some(stands) => return Ok(stands),
            }
        }
        Ok(moved)
    }

    /// Takes the next message in hand, if there is none. `EFSM`: it is not this socket's turn.
    fn take(&mut self) -> zmq::Result<()> {
        if self.has_message() {
            return Ok(());
        }
        if self.is_barred {
            return Err(zmq::Error::EAGAIN);
        }
        match uninterrupted(|| self.from.recv_msg(zmq::DONTWAIT)) {
            Ok(first) => take_rest(self.from, first, &mut self.frames)
                // Only the context's end comes between two frames.
                .inspect_err(|_| self.frames.clear()),
            Err(zmq::Error::ENOTSUP) => {
                self.is_barred = true;
                Err(zmq::Error::EAGAIN)
            }
            Err(error) => Err(error),
        }
    }

    /// Passes on what is in hand; else says how things stand.
    ///
    /// The frames are copied: `zmq` drops a message that it was given and libzmq refused.
    fn give(&mut self) -> Result<Option<Moved>, ProxyError> {
        match send_whole(self.to, &self.frames, |frame| frame) {
            Ok(()) => {
                self.frames.clear();
                self.passed += 1;
                Ok(None)
            }
            Err(zmq::Error::EAGAIN | zmq::Error::EFSM) => Ok(Some(Moved::Refused)),
            Err(zmq::Error::ETERM) => Ok(Some(Moved::Ended)),
            Err(source) => {
                self.frames.clear();
                Err(ProxyError::send(self.to, source))
            }
        }
    }

    /// What to poll the source for.
    pub(super) fn awaits_message(&self, moved: Moved) -> zmq::PollEvents {
        match moved {
            Moved::Nothing if !self.is_barred => zmq::POLLIN,
            _ => zmq::PollEvents::empty(),
        }
    }

    /// What to poll the destination for.
    pub(super) fn awaits_room(&self, moved: Moved) -> zmq::PollEvents {
        match moved {
            Moved::Refused if !self.has_room => zmq::POLLOUT,
            _ => zmq::PollEvents::empty(),
        }
    }

    /// Whether the poll said that there is room, and there was none for this message.
    pub(super) fn was_misled(&self, moved: Moved) -> bool {
        moved == Moved::Refused && self.has_room
    }

    pub(super) fn note_room(&mut self, has_room: bool) {
        self.has_room = has_room;
    }
}
