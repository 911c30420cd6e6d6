//! The operations: what a byte stands for.

use super::super::identity::identity;
use super::super::input::Input;
use super::super::mangle::mangle;
use super::Harness;
use bytes::Bytes;
use linger_ack_proto::Epoch;
use linger_ack_proto::wire::{
    Envelope, Header, InBand, Refusal, TRAILER_LEN, ToSubscriber, TopicEntry, split_private,
};

/// The operations that recorded conversations use, by code.
pub mod code {
    pub const RAW_DATA: u8 = 18;
    pub const RAW_CONTROL: u8 = 19;
    pub const STEP: u8 = 21;
    pub const TAKE_AND_ACKNOWLEDGE: u8 = 24;
    pub const TAKE: u8 = 25;
    pub const LEAVE: u8 = 28;
    pub const REJOIN: u8 = 29;
    /// There are fewer operations than that.
    pub const ALL: u8 = 38;
    /// Added to an operation: what is due is not done after it.
    pub const LAZY: u8 = 190;
}

const PREFIXES: [&[u8]; 6] = [b"", b"a", b"ab", b"b", b"c", b"x"];

impl Harness<'_> {
    pub(super) fn operate(&mut self) {
        self.stalled = self.stalled.saturating_sub(1);
        let byte = self.input.byte();
        self.perform(byte % code::ALL);
        self.look();
        if byte < code::LAZY {
            self.timeout();
        }
    }

    fn perform(&mut self, op: u8) {
        match op {
            0..=3 => self.publish(0),
            4 => {
                let left_out = self.input.below(4) as u64 + 1;
                self.publish(left_out);
            }
            5 => {
                let envelope = self.publisher.any_envelope(&mut self.input);
                let payload = self.payload();
                self.data(envelope, Some(payload));
            }
            6 => {
                let bodies = self.publisher.welcomes(&mut self.input);
                self.in_band(bodies);
            }
            7 => self.control(&ToSubscriber::Member),
            8 => {
                let bodies = self.publisher.sync(&mut self.input);
                self.in_band(bodies);
            }
            9 => {
                let bodies = self.publisher.end(&mut self.input);
                self.in_band(bodies);
            }
            10..=12 => {
                let repair = self.publisher.repair(&mut self.input, &self.wanted);
                self.control(&ToSubscriber::Repair(repair));
            }
            13 => {
                let range = self.publisher.range(&mut self.input, &self.wanted);
                self.control(&ToSubscriber::Gone(range));
            }
            14 => self.control(&ToSubscriber::Query),
            15 => self.control(&ToSubscriber::ByeOk),
            16 => {
                let body = any_word(&mut self.input);
                self.control(&body);
            }
            17 => {
                if self.input.rarely(2) {
                    self.publisher.restart(&mut self.input);
                }
                self.control(&ToSubscriber::Unknown);
            }
            code::RAW_DATA => {
                let has_payload = self.input.rarely(2);
                let first = Bytes::copy_from_slice(self.input.chunk());
                let payload = has_payload.then(|| Bytes::copy_from_slice(self.input.chunk()));
                self.data(first, payload);
            }
            code::RAW_CONTROL => {
                let frame = Bytes::copy_from_slice(self.input.chunk());
                self.control_frame(frame);
            }
            20 => self.hear_again(),
            code::STEP => self.clock.step(&mut self.input),
            22 | 23 => self.clock.reach(self.machine.poll_timeout()),
            code::TAKE_AND_ACKNOWLEDGE => {
                self.take();
                for delivery in std::mem::take(&mut self.held) {
                    self.acknowledge(delivery.id);
                }
            }
            code::TAKE => self.take(),
            26 => self.acknowledge_one(),
            27 => self.acknowledge_anything(),
            code::LEAVE => {
                if self.input.rarely(4) {
                    self.machine.leave(self.clock.now);
                }
            }
            code::REJOIN => self.rejoin(),
            30 => self.stalled = self.input.below(16),
            31 => self.join(),
            32 => {
                let prefix = self.input.pick(&PREFIXES);
                let wanted = self.machine.prefixes().any(|wanted| wanted == prefix);
                let now = self.clock.now;
                let is_new = self.machine.subscribe(now, Bytes::from_static(prefix));
                let is_new = is_new.expect("a prefix");
                assert!(!(wanted && is_new));
            }
            33 => {
                let prefix = self.input.pick(&PREFIXES);
                let wanted = self.machine.prefixes().any(|wanted| wanted == prefix);
                let was_wanted = self.machine.unsubscribe(self.clock.now, prefix);
                assert!(wanted || !was_wanted);
            }
            34 | 35 => {
                let asked = self.asked;
                let bodies = self.publisher.changed(&mut self.input, asked, op == 34);
                self.in_band(bodies);
            }
            36 => self.abandon(),
            _ => {
                // A message whose topic stands bare.
                let envelope = self.publisher.publish(&mut self.input, 0);
                let at = envelope.len() - TRAILER_LEN;
                let payload = self.payload();
                self.note_data(&envelope);
                let (topic, trailer) = (&envelope[..at - 1], &envelope[at..]);
                self.machine
                    .handle_bare(self.clock.now, topic, payload, trailer);
            }
        }
    }

    fn payload(&mut self) -> Bytes {
        Bytes::from(vec![b'p'; self.input.pick(&[0, 1, 8, 64])])
    }

    fn publish(&mut self, left_out: u64) {
        let envelope = self.publisher.publish(&mut self.input, left_out);
        let payload = self.payload();
        self.data(envelope, Some(payload));
    }

    /// Becomes a member, without anything in between.
    fn join(&mut self) {
        self.timeout();
        let bodies = self.publisher.welcomes(&mut self.input);
        self.in_band(bodies);
        self.timeout();
        self.control(&ToSubscriber::Member);
    }

    fn in_band(&mut self, bodies: Vec<InBand>) {
        let identity = *self.identities.last().expect("there is one");
        let header = self.publisher.header(&identity);
        for body in bodies {
            let header = self.twist(header);
            self.data(body.encode(&identity.nonce, header.epoch), None);
        }
    }

    fn control(&mut self, body: &ToSubscriber) {
        let identity = *self.identities.last().expect("there is one");
        let header = self.publisher.header(&identity);
        let header = self.twist(header);
        self.control_frame(body.encode(&header));
    }

    /// Most often leaves a header as it is.
    fn twist(&mut self, mut header: Header) -> Header {
        match self.input.byte() {
            255 => header.epoch = Epoch::from_u128(1),
            254 => header.session = identity(0, self.identities.len() + 1).session,
            253 => header.session = identity(0, 0).session,
            _ => {}
        }
        header
    }

    fn data(&mut self, first: Bytes, payload: Option<Bytes>) {
        self.note_data(&first);
        self.machine.handle_data(self.clock.now, &first, payload);
        self.said.push((first, true));
    }

    /// Notes what a message or a marker is evidence of, whether the machine takes it or not.
    fn note_data(&mut self, first: &Bytes) {
        if let Ok(envelope) = Envelope::decode(first) {
            self.note_sent(envelope.number, envelope.sequence + 1);
        }
        let Some((nonce, body)) = split_private(first) else {
            return;
        };
        let Ok((_, body)) = InBand::decode(&body) else {
            return;
        };
        let generation = self.identities.len() as u64 - 1;
        let entries = match body {
            InBand::Welcome(welcome) => {
                for entry in &welcome.entries {
                    let bases = self.witness.bases.entry(entry.number).or_default();
                    bases.insert(entry.sequence);
                }
                welcome.entries
            }
            InBand::Sync { entries } => entries,
            InBand::End { entries, .. } => {
                let identity = self.identities.last().expect("there is one");
                self.heard.end |= nonce == identity.nonce;
                self.note_ends(generation, &entries);
                entries
            }
            InBand::Granted(changed) => {
                let pending = self.machine.pending();
                for entry in &changed.entries {
                    let (number, base) = (entry.number, entry.sequence);
                    self.witness.granted(generation, number, base, pending);
                }
                changed.entries
            }
            InBand::Released(changed) => {
                self.note_ends(generation, &changed.entries);
                changed.entries
            }
            _ => Vec::new(),
        };
        for entry in entries {
            self.note_sent(entry.number, entry.sequence);
        }
    }

    fn note_ends(&mut self, generation: u64, entries: &[TopicEntry]) {
        for entry in entries {
            let (number, end) = (entry.number, entry.sequence);
            self.witness.ended(generation, number, end);
        }
    }

    fn note_sent(&mut self, number: u32, next: u64) {
        let known = self.evidence.entry(number).or_insert(1);
        *known = next.max(*known);
    }

    fn control_frame(&mut self, frame: Bytes) {
        if let Ok((header, body)) = ToSubscriber::decode(&frame) {
            let identity = self.identities.last().expect("there is one");
            if header.session == identity.session {
                match body {
                    ToSubscriber::Member => self.heard.member = true,
                    ToSubscriber::ByeOk => self.heard.confirmation = true,
                    ToSubscriber::Fin { acked } => self.heard.confirmation |= acked,
                    ToSubscriber::Superseded => self.heard.superseded = true,
                    ToSubscriber::Repair(repair) => {
                        self.note_sent(repair.number, repair.sequence + 1);
                    }
                    ToSubscriber::Gone(range) => self.note_sent(range.number, range.last + 1),
                    _ => {}
                }
            }
        }
        self.machine.handle_control(self.clock.now, &frame);
        self.said.push((frame, false));
    }

    /// Something that was heard before, as it was or changed.
    fn hear_again(&mut self) {
        if self.said.is_empty() {
            return;
        }
        let back = self.input.below(self.said.len().min(16));
        let (frame, is_data) = self.said[self.said.len() - 1 - back].clone();
        let frame = match self.input.rarely(4) {
            true => frame,
            false => mangle(&frame, &mut self.input),
        };
        match is_data {
            true => {
                let payload = self.input.rarely(2).then(Bytes::new);
                self.data(frame, payload);
            }
            false => self.control_frame(frame),
        }
    }

    fn take(&mut self) {
        for _ in 0..=self.input.below(16) {
            let Some(item) = self.machine.poll_delivery() else {
                return;
            };
            self.witness.handed_out(&item);
            match item.into_message() {
                Some(delivery) => {
                    self.reached.delivered = true;
                    self.reached.redelivered |= delivery.attempt > 1;
                    self.held.push(delivery);
                }
                None => self.reached.gone = true,
            }
        }
    }

    fn acknowledge(&mut self, id: linger_ack_proto::DeliveryId) {
        self.witness.acknowledged(id);
        self.machine.acknowledge(self.clock.now, &id);
        self.reached.acknowledged = true;
    }

    fn acknowledge_one(&mut self) {
        if !self.held.is_empty() {
            let at = self.input.below(self.held.len());
            let id = match self.input.rarely(8) {
                true => self.held[at].id,
                false => self.held.swap_remove(at).id,
            };
            self.acknowledge(id);
        }
    }

    /// An id that nobody was given, perhaps.
    fn acknowledge_anything(&mut self) {
        if let Some(mut id) = self.held.first().map(|delivery| delivery.id) {
            id.number = self.input.number(id.number.into()) as u32;
            id.sequence = self.input.number(id.sequence);
            id.generation = self.input.number(id.generation);
            self.acknowledge(id);
        }
    }

    /// Gives one back; now and then one that was given back before.
    fn abandon(&mut self) {
        if !self.held.is_empty() {
            let at = self.input.below(self.held.len());
            let delivery = match self.input.rarely(8) {
                true => self.held[at].clone(),
                false => self.held.swap_remove(at),
            };
            let id = delivery.id;
            if self.machine.abandon(self.clock.now, delivery) {
                self.witness.given_back(id);
            }
        }
    }

    fn rejoin(&mut self) {
        if self.wants_rejoin {
            let identity = identity(0, self.identities.len());
            self.identities.push(identity);
            self.serial = 0;
            self.asked = 0;
            self.heard.member = false;
            self.wants_rejoin = false;
            self.machine.rejoin(self.clock.now, identity);
        }
    }
}

/// What is said rarely, and often ends something.
fn any_word(input: &mut Input<'_>) -> ToSubscriber {
    let refused = |change, why| ToSubscriber::Refused { change, why };
    match input.byte() % 24 {
        0..=3 => ToSubscriber::Closing,
        4 => refused(0, Refusal::TooManyMembers),
        5 => refused(0, Refusal::Busy),
        6 => refused(0, Refusal::NotAuthorized),
        7 => refused(u64::from(input.byte() % 8), Refusal::TooManyPrefixes),
        8 => refused(u64::from(input.byte() % 8), Refusal::TooManyTopics),
        9 => ToSubscriber::Superseded,
        10..=12 => ToSubscriber::Evicted,
        13 => ToSubscriber::Fin { acked: true },
        14 | 15 => ToSubscriber::Fin { acked: false },
        16 => ToSubscriber::Versions {
            lowest: 2,
            highest: 3,
        },
        17 => ToSubscriber::Versions {
            lowest: 1,
            highest: 1,
        },
        _ => ToSubscriber::Query,
    }
}
