//! A libzmq socket that may be dropped on any thread, whichever context it is of.
//!
//! # Why no path blocks, and none uses what was freed
//!
//! In `zmq` 0.10 a `Context` is a counted pointer, and every `Socket` holds a clone of it.
//! `Socket`'s drop closes the socket, which never waits, and lets go of the clone; the drop of the
//! **last clone** runs `zmq_ctx_term`, which waits for every socket and every linger, for ever if
//! need be. `Context::destroy` runs it too, but leaves the clones behind with a pointer to freed
//! memory: to use one then, or to drop the last, is a use after free. So what matters is who can
//! hold the last clone, and who may use one when.
//!
//! - **[`Private`](Home::Private)**, the context of `Registry::new`. One clone was forgotten when
//!   it was made, so no drop is ever the last: sockets may be dropped anywhere. The closer thread
//!   runs `destroy` once to success, as its last act. What could use a clone after that is gone:
//!   the one in the gate was taken before, and a socket that exists is one that `zmq_ctx_term`
//!   still waits for. A `zmq::Socket` gives no access to its context, so one that left by
//!   `into_zmq` changes nothing.
//! - **[`Lent`](Home::Lent)**, the context of `Registry::shared`. Others hold clones, so nobody
//!   ever runs `destroy` on it, and no clone is forgotten: whoever drops the last one ends it. The
//!   closer thread holds a clone until every socket of the registry is closed, so closing one there
//!   is never the last drop; then it drops its own, as its last act.
//! - **[`Foreign`](Home::Foreign)**, adopted. Nothing is known of who else holds the context, so
//!   any drop of the socket, or of a clone that came with it, may be the last: both are only ever
//!   dropped on a thread of their own ([`release`](crate::release)). A clone is used, to make
//!   monitors, only while the adopted socket is open: a context of which a socket is open has not
//!   been freed, whoever may be in `destroy`.
//!
//! In a forked child all of them are the parent's, and are forgotten: see [`fork`](crate::fork).
//!
//! What the closer thread does not get to (it panicked, or is gone already) is dropped by this
//! type's own drop, which follows the same rules without it.

use std::mem;
use std::ops::Deref;

use crate::closer::close;
use crate::fork::Maker;
use crate::release::apart;

/// A socket, and whose context it is of.
pub(crate) struct Raw {
    /// `None` once it was taken.
    socket: Option<zmq::Socket>,
    home: Home,
    maker: Maker,
}

#[derive(Default)]
pub(crate) enum Home {
    #[default]
    Private,
    Lent,
    /// With a clone of its context, if whoever adopted it gave one.
    Foreign(Option<zmq::Context>),
}

impl Raw {
    /// Of a registry that `maker` made.
    pub(crate) fn new(socket: zmq::Socket, home: Home, maker: Maker) -> Self {
        Self {
            socket: Some(socket),
            home,
            maker,
        }
    }

    pub(crate) fn maker(&self) -> Maker {
        self.maker
    }

    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self.home, Home::Foreign(_))
    }

    /// Gives an adopted socket a clone of its context; one that it had is let go of.
    pub(crate) fn belongs_to(&mut self, context: zmq::Context) {
        if let Home::Foreign(home) = &mut self.home {
            release_context(home.replace(context), self.maker);
        }
    }

    /// Leaves nothing behind.
    pub(crate) fn take(&mut self) -> Option<Self> {
        let socket = self.socket.take()?;
        Some(Self::new(socket, mem::take(&mut self.home), self.maker))
    }

    /// The socket, and a clone of its context if it came with one: from here on it is the caller
    /// who sees to it where they are dropped.
    pub(crate) fn into_parts(mut self) -> Option<(zmq::Socket, Option<zmq::Context>)> {
        let socket = self.socket.take()?;
        match mem::take(&mut self.home) {
            Home::Foreign(context) => Some((socket, context)),
            Home::Private | Home::Lent => Some((socket, None)),
        }
    }

    /// Closes it on this thread, beside a clone of its context: so this is not the last drop.
    pub(crate) fn close_beside(mut self, _context: &zmq::Context) {
        if !self.is_foreign() {
            if let Some(socket) = self.socket.take() {
                close(socket);
            }
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let Some(socket) = self.socket.take() else {
            return;
        };
        if self.maker.is_other() {
            mem::forget((socket, mem::take(&mut self.home)));
            return;
        }
        match mem::take(&mut self.home) {
            Home::Private => close(socket),
            Home::Lent => release(socket, None),
            Home::Foreign(context) => release(socket, context),
        }
    }
}

/// Lets go of a clone of a context, which may be the last, without waiting.
pub(crate) fn release_context(context: Option<zmq::Context>, maker: Maker) {
    if maker.is_other() {
        mem::forget(context);
    } else if let Err(context) = apart(context, drop) {
        mem::forget(context);
    }
}

/// Without a thread to wait on, it is leaked: better an open socket than a destructor that hangs.
fn release(socket: zmq::Socket, context: Option<zmq::Context>) {
    let closed = apart((socket, context), |(socket, context)| {
        close(socket);
        drop(context);
    });
    if let Err(held) = closed {
        mem::forget(held);
    }
}

impl Deref for Raw {
    type Target = zmq::Socket;

    #[inline]
    #[expect(
        clippy::expect_used,
        reason = "it is taken by what consumes or drops it, and nothing uses it after that"
    )]
    fn deref(&self) -> &zmq::Socket {
        self.socket.as_ref().expect("a socket that was not taken")
    }
}
