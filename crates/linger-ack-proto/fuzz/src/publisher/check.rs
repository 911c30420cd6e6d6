//! What is looked at after every operation.

use super::EPOCH;
use super::Harness;
use super::model::{Owed, Session, Standing};
use bytes::Bytes;
use linger_ack_proto::wire::{
    Changed, InBand, Repair, ToSubscriber, TopicEntry, Welcome, split_private,
};
use linger_ack_proto::{
    Event, MemberOutcome, Nonce, Outcome, PublisherReport, SessionId, Transmit, Verdict,
};

impl Harness<'_> {
    pub(super) fn look(&mut self) {
        self.look_at_events();
        self.look_at_transmits();
        self.counters.look(&self.machine.counters());
        let counters = self.machine.counters();
        assert_eq!(counters.accepted, self.model.accepted);
        let progress = self.machine.progress(self.clock.now);
        assert!(progress.outstanding <= u64::from(self.config.window_messages));
        let members = self
            .model
            .members()
            .filter(|s| s.standing == Standing::Member)
            .count();
        assert_eq!(self.machine.member_count(), members);
        // A durable name always finds its place.
        let durable = self.config.durable.len() + self.config.expected.len();
        assert!(members <= self.config.max_members as usize + durable);
        self.look_at_verdicts();
    }

    fn look_at_events(&mut self) {
        let mut returned = None;
        while let Some(event) = self.machine.poll_event() {
            match event {
                Event::Joined { name, .. } => {
                    let session = self.speaker.expect("only a frame makes a member");
                    self.model.joined(session, &name);
                    self.reached.joined = true;
                    returned = Some(name);
                }
                Event::Departed { name, outcome, .. } => {
                    self.model.departed(&name, returned.as_ref() == Some(&name));
                    self.reached.left |= outcome == MemberOutcome::Left;
                    self.reached.expired |= outcome == MemberOutcome::Expired;
                    self.reached.superseded |= outcome == MemberOutcome::Superseded;
                    self.reached.evicted |= outcome == MemberOutcome::Evicted;
                }
                Event::Absent { name, .. } => {
                    self.model.absent(&name);
                    self.reached.absent = true;
                }
                Event::Gone { name, topic, range } => {
                    self.reached.gone = true;
                    let range = (range.first(), range.last());
                    self.model.gone_by_name(&name, &topic, range);
                }
                Event::Suspected { .. } | Event::Refused { .. } | Event::Room => {}
                other => panic!("nobody has said what {other:?} means"),
            }
        }
    }

    fn look_at_transmits(&mut self) {
        let sessions = self.model.sessions.iter().filter(|s| s.is_live()).count() + 2;
        let parts = self.model.topics.len() / usize::from(self.config.entries_per_part) + 1;
        let repairs = self.config.repair_messages as usize;
        let ranges = self.said.last().map_or(0, |frame| frame.len() / 20);
        let limit = sessions * (2 * parts + 4) + repairs + ranges + 8;
        let mut count = 0;
        while let Some(transmit) = self.machine.poll_transmit() {
            count += 1;
            assert!(count <= limit, "more than {limit} frames for one input");
            match transmit {
                Transmit::Settle => {}
                Transmit::Batch(_) => unreachable!("it does not batch"),
                Transmit::Private { frame } => self.look_in_band(&frame),
                Transmit::Control { route, frame } => {
                    assert!(self.model.routes.contains(&route));
                    self.look_at_control(&frame);
                }
            }
        }
    }

    fn look_in_band(&mut self, frame: &Bytes) {
        let (nonce, body) = split_private(frame).expect("a private frame");
        let (epoch, body) = InBand::decode(&body).expect("a whole frame");
        assert_eq!((epoch, &body.encode(&nonce, epoch)), (EPOCH, frame));
        if let InBand::Welcome(welcome) = body {
            let id = self.speaker.expect("WELCOME answers HELLO");
            return self.look_at_welcome(id, nonce, welcome);
        }
        // Strangers may have chosen the same nonce.
        let sessions = self.model.sessions.iter();
        let mut sessions = sessions.filter(|s| s.nonce == nonce && s.standing == Standing::Member);
        let id = sessions
            .next()
            .and_then(|s| s.id)
            .expect("a member has this nonce");
        if sessions.next().is_some() {
            return;
        }
        match body {
            InBand::Sync { entries } | InBand::End { entries, .. } => {
                self.model.check_marker(id, &entries);
            }
            InBand::Granted(changed) => self.look_at_change(id, &changed, true),
            InBand::Released(changed) => self.look_at_change(id, &changed, false),
            other => panic!("nobody has said what {other:?} means"),
        }
    }

    fn look_at_change(&mut self, id: SessionId, changed: &Changed, is_grant: bool) {
        self.reached.granted |= is_grant;
        self.reached.released |= !is_grant;
        if changed.part.index == 0 {
            let asked = self.asked.as_ref();
            self.model.changed(id, changed.number, asked, is_grant);
        }
        let session = self.model.session(id).expect("a member");
        session.check_entries(&changed.entries);
        if changed.part.index + 1 == changed.part.count {
            assert_eq!(session.to_come, [], "a topic is not named");
        }
    }

    /// The bases are what they were when HELLO first came, in every repeat.
    fn look_at_welcome(&mut self, id: SessionId, nonce: Nonce, welcome: Welcome) {
        let config = &self.config;
        self.model
            .welcomed(id, welcome.number, |name| config.is_durable(name));
        let nexts = self.model.target();
        let session = self.model.session(id).expect("it got a WELCOME");
        assert_eq!(session.nonce, nonce, "on the private topic of that session");
        if session.is_durable && !session.is_fixed {
            // Where a durable name goes on is the machine's word; the quorum will judge it.
            for entry in &welcome.entries {
                assert!(entry.sequence <= nexts[entry.number as usize - 1]);
                let mut owed = Owed::default();
                owed.begin(entry.sequence);
                session.topics.insert(entry.number, owed);
            }
        }
        if welcome.part.index == 0 {
            let bases = session.topics.iter();
            session.to_come = bases
                .map(|(&number, owed)| (number, owed.periods[0].0))
                .collect();
        }
        if !session.is_durable || session.is_fixed {
            session.check_entries(&welcome.entries);
        }
        if welcome.part.index + 1 == welcome.part.count {
            // What it does not name begins at 1.
            assert!(session.is_durable || session.to_come.iter().all(|&(_, base)| base == 1));
            session.is_fixed = true;
        }
        if let Some(peer) = self.peers.iter_mut().find(|peer| peer.session() == id) {
            peer.welcome = welcome.number;
        }
    }

    fn look_at_control(&mut self, frame: &Bytes) {
        let (header, body) = ToSubscriber::decode(frame).expect("a whole frame");
        assert_eq!((header.epoch, &body.encode(&header)), (EPOCH, frame));
        match body {
            ToSubscriber::Repair(repair) => self.look_at_repair(header.session, &repair),
            ToSubscriber::Gone(range) => self.model.gone(header.session, range),
            ToSubscriber::Member => {
                let session = self
                    .model
                    .session(header.session)
                    .expect("it got a WELCOME");
                assert_eq!(session.standing, Standing::Member);
            }
            // A number that was refused is used up.
            ToSubscriber::Refused { change, .. } if change > 0 => {
                let session = self.model.session(header.session).expect("a member");
                session.change = session.change.max(change);
            }
            ToSubscriber::Closing => {
                if let (Some(asked), Some(session)) =
                    (&self.asked, self.model.session(header.session))
                {
                    session.change = session.change.max(asked.number);
                }
            }
            ToSubscriber::Fin { acked: true } => {
                let nexts = self.model.target();
                let session = self.model.session(header.session).expect("a member");
                assert!(session.covers_all(&nexts));
            }
            _ => {}
        }
    }

    fn look_at_repair(&mut self, id: SessionId, repair: &Repair) {
        self.reached.repaired = true;
        let topic = self.model.topic(repair.number).expect("a topic");
        assert_eq!(topic.name, repair.topic);
        let payload = topic.payloads.get(repair.sequence as usize - 1);
        assert_eq!(payload, Some(&repair.payload), "what was published");
        let session = self.model.session(id).expect("a member");
        assert!(
            session.standing == Standing::Member && session.topics.contains_key(&repair.number)
        );
    }

    /// Met and Impossible are for good, and Met is true.
    fn look_at_verdicts(&mut self) {
        for watched in &mut self.watched {
            let verdict = self.machine.verdict(&watched.target, &watched.quorum);
            if watched.verdict != Verdict::Pending {
                assert_eq!(verdict, watched.verdict, "{:?}", watched.quorum);
            }
            if verdict != watched.verdict && verdict == Verdict::Met {
                assert!(self.model.holds(&watched.quorum, &watched.next));
            }
            watched.verdict = verdict;
            self.reached.met |= verdict == Verdict::Met;
            self.reached.impossible |= verdict == Verdict::Impossible;
        }
    }

    pub(super) fn check_report(&mut self, report: &PublisherReport) {
        self.look_at_events();
        let model = &self.model;
        assert_eq!(report.counters.accepted, model.accepted);
        assert_eq!(report.counters.unowed, model.unowed());
        if report.outcome == Outcome::NoMembers {
            assert!(model.members().all(|session| session.id.is_none()));
        }
        let holds = model.holds(&report.quorum, &model.target());
        match report.outcome {
            Outcome::Drained => {
                assert!(holds, "{report}");
                assert!(model.unowed() < model.accepted);
                self.reached.drained = true;
            }
            Outcome::NothingOwed | Outcome::NoMembers => {
                assert_eq!(model.unowed(), model.accepted, "{report}");
            }
            _ => self.reached.behind = true,
        }
        self.check_members(report);
    }

    /// Every debt is named, and no mark is another than what was said.
    fn check_members(&self, report: &PublisherReport) {
        for session in self.model.members() {
            let mut listed = report.members.iter();
            let nexts = self.model.target();
            let Some(member) = listed.find(|m| m.session == session.id) else {
                if session.id.is_none() && session.covers_all(&nexts) {
                    continue; // it was expected, and has come for all of it
                }
                panic!("a member is not reported");
            };
            for (&number, owed) in &session.topics {
                let next = self.model.next(number);
                let &(base, until) = owed.periods.last().expect("a period");
                let last = until.unwrap_or(next - 1);
                let topic = member.topics.iter().find(|topic| topic.number == number);
                let covered = (1..next).filter(|&s| session.covers(number, s)).count() as u64;
                let owes = (1..next).filter(|&s| owed.owes(s)).count() as u64;
                let Some(topic) = topic else {
                    assert_eq!(owes, 0, "a debt is not reported: {report}");
                    continue;
                };
                assert_eq!((topic.owed(), topic.acked()), (owes, covered), "{report}");
                if base <= last {
                    assert_eq!((topic.base, topic.last), (base, last));
                    assert_eq!(
                        topic.received.min(last),
                        owed.received.clamp(base - 1, last)
                    );
                    assert_eq!(
                        topic.processed.min(last),
                        owed.processed.clamp(base - 1, last)
                    );
                }
            }
        }
    }
}

impl Session {
    /// Each entry is one that is to come.
    fn check_entries(&mut self, entries: &[TopicEntry]) {
        for entry in entries {
            let found = (entry.number, entry.sequence);
            let Some(at) = self.to_come.iter().position(|&e| e == found) else {
                panic!("{entry:?} is no base, or named twice: {:?}", self.to_come);
            };
            self.to_come.remove(at);
        }
    }
}
