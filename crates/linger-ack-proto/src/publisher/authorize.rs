//! What an authorizer judges: who joins, and which prefixes a member adds (SPEC X3).

use super::{Event, Publisher};
use crate::id::{Level, SessionId};
use crate::secret::Secret;
use crate::wire::{Hello, Refusal, ToPublisher, ToSubscriber};
use bytes::Bytes;
use std::fmt;

/// What a HELLO or a SUBSCRIBE asks for; see [`Publisher::request`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The name to join under, or the member's.
    pub name: String,
    /// What its HELLO brought for an authorizer.
    pub credentials: Bytes,
    /// What its acknowledgements assert.
    pub level: Level,
    /// The prefixes that it asks for, beside those that a member has.
    pub prefixes: Vec<Bytes>,
    /// It is a member, and asks for more prefixes; otherwise it asks to join.
    pub is_member: bool,
}

/// Credentials stay out of logs.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            credentials,
            level,
            prefixes,
            is_member,
        } = self;
        f.debug_struct("Request")
            .field("name", name)
            .field("credentials", &Secret(credentials.clone()))
            .field("level", level)
            .field("prefixes", prefixes)
            .field("is_member", is_member)
            .finish()
    }
}

impl Publisher {
    /// What a frame asks for that an authorizer may deny, or `None` for every other frame.
    ///
    /// `None` is also what asks again for what was granted or answered, what can't be read, and
    /// what is of an unknown session: [`handle_control`](Self::handle_control) knows what to do
    /// with these. Nothing but [`deny`](Self::deny) may come between, or a frame could be judged
    /// by what was true before another one.
    #[must_use]
    pub fn request(&self, frame: &Bytes) -> Option<Request> {
        if !ToPublisher::may_ask(frame) || frame.len() > self.config.max_frame as usize {
            return None;
        }
        let (header, _, body) = ToPublisher::decode(frame).ok()?;
        let session = header.session;
        match body {
            ToPublisher::Hello(hello) => {
                let is_known = self.members.by_session(session).is_some();
                let is_over = self.departed.outcome(session).is_some();
                (!is_known && !is_over).then(|| Request::join(hello))
            }
            ToPublisher::Subscribe(change) if header.epoch == self.epoch => {
                let member = self.members.get(self.members.by_session(session)?)?;
                let is_next = member.changes.last().checked_add(1) == Some(change.number);
                if !is_next || !member.is_joined() || self.closing.is_some() {
                    return None;
                }
                Some(Request {
                    name: member.name.clone(),
                    credentials: member.credentials.0.clone(),
                    level: member.level,
                    prefixes: change.prefixes,
                    is_member: true,
                })
            }
            _ => None,
        }
    }

    /// Takes in a frame whose [`request`](Self::request) the driver's authorizer has denied.
    ///
    /// For [`handle_control`](Self::handle_control), which is not called with it. A HELLO is
    /// refused and leaves nothing; the number of a SUBSCRIBE is used up (SPEC P7).
    pub fn deny(&mut self, now: std::time::Instant, route: &Bytes, frame: &Bytes) {
        self.take_in(now, route, frame, false);
    }

    pub(super) fn deny_hello(&mut self, route: &Bytes, session: SessionId, name: String) {
        let why = self.note_denied(name);
        self.reply(route, session, &ToSubscriber::Refused { change: 0, why });
    }

    /// Counts it and tells of it; the reason is for the one who asked.
    pub(super) fn note_denied(&mut self, name: String) -> Refusal {
        let why = Refusal::NotAuthorized;
        self.counters.denied += 1;
        self.events.push_back(Event::Refused { name, why });
        why
    }
}

impl Request {
    fn join(hello: Hello) -> Self {
        Self {
            name: hello.name,
            credentials: hello.credentials,
            level: hello.level,
            prefixes: hello.prefixes,
            is_member: false,
        }
    }
}
