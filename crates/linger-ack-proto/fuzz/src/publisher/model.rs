//! What must be so, told from what was fed in and what was said: kept apart from the machine.

use bytes::Bytes;
use linger_ack_proto::wire::{Change, Hello, Mark, TopicEntry, TopicRange};
use linger_ack_proto::{Level, Nonce, PublisherConfig, SessionId};
use std::collections::{BTreeMap, BTreeSet};

/// A session that got a WELCOME, or the place of a name that is expected. A session may get
/// another WELCOME after its candidacy has lapsed; then it stands here twice.
pub struct Session {
    /// `None`: it is expected, and has none.
    pub id: Option<SessionId>,
    pub welcome: u64,
    pub nonce: Nonce,
    pub name: String,
    pub level: Level,
    pub prefixes: Vec<Bytes>,
    pub is_durable: bool,
    pub standing: Standing,
    pub topics: BTreeMap<u32, Owed>,
    /// The entries of a list in parts that are still to come.
    pub to_come: Vec<(u32, u64)>,
    /// It got a whole WELCOME: its bases are fixed.
    pub is_fixed: bool,
    /// The last change that was answered, and with what.
    pub change: u64,
    pub answer: Vec<(u32, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Candidate,
    Member,
    /// Its name is durable, and away.
    Absent,
    /// Another session of its name has taken its place; that it departed is still to be said.
    Displaced,
    Departed,
}

/// What a session is owed of one topic, and what it has said of it.
#[derive(Default)]
pub struct Owed {
    /// From a base to the last that is owed, if that is fixed.
    pub periods: Vec<(u64, Option<u64>)>,
    pub received: u64,
    pub processed: u64,
    pub gone: Vec<(u64, u64)>,
}

impl Owed {
    pub fn begin(&mut self, base: u64) {
        self.periods.push((base, None));
        self.received = self.received.max(base - 1);
        self.processed = self.processed.max(base - 1);
    }

    pub fn is_open(&self) -> bool {
        self.periods
            .last()
            .is_some_and(|(_, until)| until.is_none())
    }

    pub fn owes(&self, sequence: u64) -> bool {
        let mut periods = self.periods.iter();
        periods
            .any(|&(base, until)| base <= sequence && until.is_none_or(|until| sequence <= until))
    }

    pub fn close(&mut self, last: u64) {
        if let Some((_, until @ None)) = self.periods.last_mut() {
            *until = Some(last);
        }
    }
}

impl Session {
    fn new(id: Option<SessionId>, welcome: u64, hello: &Hello) -> Self {
        Self {
            id,
            welcome,
            nonce: hello.nonce,
            name: hello.name.clone(),
            level: hello.level,
            prefixes: hello.prefixes.clone(),
            is_durable: false,
            standing: Standing::Candidate,
            topics: BTreeMap::new(),
            to_come: Vec::new(),
            is_fixed: false,
            change: 0,
            answer: Vec::new(),
        }
    }

    /// Whether what is published next may be owed to it.
    pub fn is_live(&self) -> bool {
        use Standing::{Absent, Candidate, Member};
        matches!(self.standing, Candidate | Member | Absent)
    }

    fn mark(&self, owed: &Owed) -> u64 {
        match self.level {
            Level::Received => owed.received,
            _ => owed.processed,
        }
    }

    /// Whether it covers everything that it is owed of topics with these next sequences.
    pub fn covers_all(&self, nexts: &[u64]) -> bool {
        self.topics.iter().all(|(&number, owed)| {
            let next = nexts[number as usize - 1];
            (1..next).all(|sequence| !owed.owes(sequence) || self.covers(number, sequence))
        })
    }

    pub fn matches(&self, topic: &[u8]) -> bool {
        self.prefixes.iter().any(|prefix| topic.starts_with(prefix))
    }

    /// Whether it said, at its level, that it has this one, and was not told that it is gone.
    pub fn covers(&self, number: u32, sequence: u64) -> bool {
        self.topics.get(&number).is_some_and(|owed| {
            let mark = self.mark(owed);
            let mut gone = owed.gone.iter();
            let is_gone = gone.any(|&(first, last)| first <= sequence && sequence <= last);
            owed.owes(sequence) && sequence <= mark && !is_gone
        })
    }

    pub fn owes(&self, number: u32, sequence: u64) -> bool {
        let owed = self.topics.get(&number);
        owed.is_some_and(|owed| owed.owes(sequence))
    }
}

/// One topic: its name and all payloads, of which the first has the sequence 1.
pub struct Topic {
    pub name: Bytes,
    pub payloads: Vec<Bytes>,
}

impl Topic {
    pub fn next(&self) -> u64 {
        self.payloads.len() as u64 + 1
    }
}

#[derive(Default)]
pub struct Model {
    /// The first has the number 1.
    pub topics: Vec<Topic>,
    pub sessions: Vec<Session>,
    /// What each session last asked for.
    hellos: BTreeMap<SessionId, Hello>,
    pub routes: BTreeSet<Bytes>,
    /// What was accepted with nobody to be owed it is not told apart; see `unowed`.
    pub accepted: u64,
}

impl Model {
    pub fn topic(&self, number: u32) -> Option<&Topic> {
        self.topics.get((number as usize).checked_sub(1)?)
    }

    pub fn number(&self, name: &[u8]) -> Option<u32> {
        let at = self.topics.iter().position(|topic| topic.name == name)?;
        Some(at as u32 + 1)
    }

    pub fn next(&self, number: u32) -> u64 {
        self.topic(number).map_or(1, Topic::next)
    }

    /// Of each topic the next sequence.
    pub fn target(&self) -> Vec<u64> {
        self.topics.iter().map(Topic::next).collect()
    }

    /// The newest entry of a session.
    pub fn session(&mut self, id: SessionId) -> Option<&mut Session> {
        self.sessions
            .iter_mut()
            .rev()
            .find(|session| session.id == Some(id))
    }

    /// A message was accepted.
    pub fn published(&mut self, name: &[u8], payload: Bytes, number: u32, sequence: u64) {
        self.accepted += 1;
        self.begin_topic(name);
        assert_eq!(self.number(name), Some(number), "a number has one topic");
        let topic = &mut self.topics[number as usize - 1];
        assert_eq!(sequence, topic.next(), "without gaps, from 1");
        topic.payloads.push(payload);
    }

    /// A topic gets its number when it is first published on, though the window be full. Whoever
    /// asked for it is owed it from 1.
    pub fn begin_topic(&mut self, name: &[u8]) {
        if self.number(name).is_some() {
            return;
        }
        self.topics.push(Topic {
            name: Bytes::copy_from_slice(name),
            payloads: Vec::new(),
        });
        let number = self.topics.len() as u32;
        for session in &mut self.sessions {
            if session.is_live() && session.matches(name) {
                let owed = session.topics.entry(number).or_default();
                owed.begin(1);
            }
        }
    }

    /// A HELLO is about to be fed in.
    pub fn said_hello(&mut self, id: SessionId, hello: Hello) {
        // Later ones are repeats, until the session is gone.
        let mut same = self.sessions.iter().filter(|s| s.id == Some(id));
        if same.all(|s| s.standing == Standing::Candidate) {
            self.hellos.insert(id, hello);
        }
    }

    /// Who is expected is owed everything from the start.
    pub fn expect(&mut self, config: &PublisherConfig) {
        for expected in &config.expected {
            let hello = Hello {
                nonce: Nonce::from_u128(0),
                level: expected.level,
                name: expected.name().to_owned(),
                credentials: Bytes::new(),
                prefixes: expected.prefixes.clone(),
            };
            let mut session = Session::new(None, 0, &hello);
            session.standing = Standing::Absent;
            session.is_durable = true;
            self.sessions.push(session);
        }
    }

    /// A WELCOME of this number is being said to a session.
    pub fn welcomed(&mut self, id: SessionId, welcome: u64, is_durable: impl Fn(&str) -> bool) {
        let mut known = self.sessions.iter();
        if known.any(|s| s.id == Some(id) && s.welcome == welcome) {
            return;
        }
        let hello = self.hellos.get(&id).expect("it said HELLO");
        let mut session = Session::new(Some(id), welcome, hello);
        session.is_durable = is_durable(&session.name);
        for (number, topic) in (1..).zip(&self.topics) {
            if session.matches(&topic.name) {
                let owed = session.topics.entry(number).or_default();
                owed.begin(topic.next());
            }
        }
        self.sessions.push(session);
    }

    /// The session whose JOINED was just fed in is a member. Of a durable name it takes over what
    /// the one before it was owed.
    pub fn joined(&mut self, id: SessionId, name: &str) {
        let nexts = self.target();
        let session = self.session(id).expect("a member got a WELCOME");
        assert_eq!(
            (&session.name[..], session.standing),
            (name, Standing::Candidate)
        );
        let bases = session.topics.iter();
        let bases: BTreeMap<u32, u64> = bases.map(|(&n, owed)| (n, owed.periods[0].0)).collect();
        let holder = self.holder(name);
        let session = self.session(id).expect("it is there still");
        session.standing = Standing::Member;
        let Some(holder) = holder else {
            return;
        };
        let holder = &mut self.sessions[holder];
        assert!(holder.is_durable, "a name has one session");
        let level = holder.level;
        for (number, owed) in &mut holder.topics {
            let mark = match level {
                Level::Received => owed.received,
                _ => owed.processed,
            };
            let next = nexts[*number as usize - 1];
            owed.close(next - 1);
            if let (Some(base), Some((_, Some(until)))) =
                (bases.get(number), owed.periods.last_mut())
            {
                *until = (*until).min(mark.max(base - 1));
            }
        }
        holder.standing = match holder.standing {
            Standing::Member => Standing::Displaced,
            // That is said only if it leaves a debt.
            _ => Standing::Departed,
        };
    }

    /// Who has this name now, present or absent.
    fn holder(&self, name: &str) -> Option<usize> {
        let is_held = |s: &Session| matches!(s.standing, Standing::Member | Standing::Absent);
        self.sessions
            .iter()
            .position(|s| s.name == name && is_held(s))
    }

    /// The member of this name is one no longer, or its claim has ended.
    pub fn departed(&mut self, name: &str, was_returned: bool) {
        let mut sessions = self.sessions.iter_mut();
        let displaced = sessions.find(|s| s.name == name && s.standing == Standing::Displaced);
        if let Some(session) = displaced {
            session.standing = Standing::Departed;
            return;
        }
        if was_returned {
            return; // what an absent one left, that another took the place of
        }
        let nexts = self.target();
        let holder = self.holder(name).expect("a member departs once");
        let session = &mut self.sessions[holder];
        session.standing = Standing::Departed;
        for (number, owed) in &mut session.topics {
            owed.close(nexts[*number as usize - 1] - 1);
        }
    }

    /// A durable name has no session any more.
    pub fn absent(&mut self, name: &str) {
        let holder = self.holder(name).expect("it was a member");
        let session = &mut self.sessions[holder];
        assert!(session.is_durable && session.standing == Standing::Member);
        session.standing = Standing::Absent;
    }

    /// A SUBSCRIBE or an UNSUBSCRIBE is answered; the same answer is given to the same number.
    pub fn changed(&mut self, id: SessionId, number: u64, change: Option<&Change>, is_grant: bool) {
        let nexts = self.target();
        let names: Vec<Bytes> = self.topics.iter().map(|topic| topic.name.clone()).collect();
        let session = self.session(id).expect("a member");
        assert!(session.standing == Standing::Member && number >= session.change);
        if number > session.change {
            let change = change.expect("an answer follows a question");
            assert_eq!((number, number), (change.number, session.change + 1));
            session.change = number;
            let before = |session: &Session| -> Vec<bool> {
                names.iter().map(|name| session.matches(name)).collect()
            };
            let matched = before(session);
            match is_grant {
                true => session.prefixes.extend(change.prefixes.iter().cloned()),
                false => session
                    .prefixes
                    .retain(|prefix| !change.prefixes.contains(prefix)),
            }
            let matches = before(session);
            session.answer.clear();
            for (at, (matched, matches)) in matched.into_iter().zip(matches).enumerate() {
                if matched == matches {
                    continue;
                }
                let (number, next) = (at as u32 + 1, nexts[at]);
                let owed = session.topics.entry(number).or_default();
                let mut entry = next;
                match is_grant {
                    true => owed.begin(next),
                    false => {
                        // What is owed from a later base on, is not owed at all.
                        let base = owed.periods.last().map_or(next, |p| p.0);
                        entry = next.max(base);
                        owed.close(next - 1);
                    }
                }
                session.answer.push((number, entry));
            }
        }
        session.to_come = session.answer.clone();
    }

    /// Marks came from a member. A frame that says what can't be counts for nothing.
    pub fn marked(&mut self, id: SessionId, marks: &[Mark]) {
        let nexts = self.target();
        let Some(session) = self.session(id).filter(|s| s.standing == Standing::Member) else {
            return;
        };
        let is_possible = |mark: &Mark| {
            let next = nexts.get((mark.number as usize).wrapping_sub(1));
            session.topics.contains_key(&mark.number) && next.is_some_and(|&n| mark.received < n)
        };
        if !marks.iter().all(is_possible) {
            return;
        }
        for mark in marks {
            if let Some(owed) = session.topics.get_mut(&mark.number) {
                // What is beyond a released period it took before it heard that.
                let until = owed.periods.last().and_then(|p| p.1).unwrap_or(u64::MAX);
                owed.received = owed.received.max(mark.received.min(until));
                owed.processed = owed.processed.max(mark.processed.min(until));
            }
        }
    }

    /// Whoever has this name can't have these any more.
    pub fn gone_by_name(&mut self, name: &str, topic: &[u8], range: (u64, u64)) {
        let number = self.number(topic).expect("a topic");
        let holder = self.holder(name).expect("a member, or a claim");
        let owed = self.sessions[holder].topics.get_mut(&number);
        owed.expect("GONE of what it is not owed").gone.push(range);
    }

    /// A session was told that these can't be had.
    pub fn gone(&mut self, id: SessionId, range: TopicRange) {
        let next = self.next(range.number);
        assert!(range.last < next, "gone before it was sent");
        let session = self.session(id).expect("a member");
        let owed = session.topics.get_mut(&range.number);
        let owed = owed.expect("GONE of what it is not owed");
        owed.gone.push((range.first, range.last));
    }

    /// SYNC or END names a topic: it is owed, and all that is owed of it is below the sequence.
    pub fn check_marker(&mut self, id: SessionId, entries: &[TopicEntry]) {
        for entry in entries {
            let topic = self.topic(entry.number).expect("a topic");
            assert_eq!(topic.name, entry.topic);
            let next = topic.next();
            let session = self.session(id).expect("a member");
            let owed = &session.topics[&entry.number];
            let (_, until) = owed.periods.last().expect("a period");
            assert_eq!(entry.sequence, until.map_or(next, |until| until + 1));
        }
    }
}
