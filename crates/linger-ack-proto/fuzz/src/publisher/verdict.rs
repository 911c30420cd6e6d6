//! Whether a quorum holds, told from the marks that were fed in, message by message.

use super::model::{Model, Session, Standing};
use linger_ack_proto::Quorum;
use std::collections::BTreeSet;

impl Model {
    /// Whether all of the target that anyone who joined was owed is acknowledged as asked for.
    pub fn holds(&self, quorum: &Quorum, target: &[u64]) -> bool {
        match quorum {
            Quorum::All => self.each_owed(target, |number, sequence| {
                let mut owing = self.members().filter(|s| s.owes(number, sequence));
                owing.all(|session| session.covers(number, sequence))
            }),
            Quorum::AtLeast(least) => self.each_owed(target, |number, sequence| {
                let covering = self.members().filter(|s| s.covers(number, sequence));
                let names: BTreeSet<_> = covering.map(|session| &session.name).collect();
                names.len() >= *least
            }),
            Quorum::Named(names) => names.iter().all(|name| {
                let has_joined = self.members().any(|s| s.name == *name && s.id.is_some());
                let mut owed = self.members().filter(|s| s.name == *name);
                let covers = |s: &Session| {
                    (1..).zip(target).all(|(number, &next)| {
                        let mut all = 1..next;
                        all.all(|n| !s.owes(number, n) || s.covers(number, n))
                    })
                };
                has_joined && owed.all(covers)
            }),
            other => panic!("nobody has said when {other:?} holds"),
        }
    }

    /// How many accepted messages were owed to nobody who joined.
    pub fn unowed(&self) -> u64 {
        let mut owed = 0;
        self.each_owed(&self.target(), |_, _| {
            owed += 1;
            true
        });
        self.accepted - owed
    }

    /// Everyone who is or was a member, or is expected.
    pub fn members(&self) -> impl Iterator<Item = &Session> {
        let sessions = self.sessions.iter();
        sessions.filter(|session| session.standing != Standing::Candidate)
    }

    /// Whether it is so for each message of the target that was owed to anyone who joined.
    fn each_owed(&self, target: &[u64], mut is_so: impl FnMut(u32, u64) -> bool) -> bool {
        (1..).zip(target).all(|(number, &next)| {
            (1..next).all(|sequence| {
                let is_owed = self.members().any(|s| s.owes(number, sequence));
                !is_owed || is_so(number, sequence)
            })
        })
    }
}
