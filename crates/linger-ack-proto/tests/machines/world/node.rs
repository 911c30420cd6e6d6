//! A subscriber, with what a driver and an application would hold for it.

use super::witness::Witness;
use bytes::Bytes;
use linger_ack_proto::{DeliveryId, EndReason, Identity, Item, Subscriber, SubscriberEvent};
use std::time::Instant;

pub struct Node {
    pub machine: Subscriber,
    pub route: Bytes,
    /// While false, what is sent on that connection is lost.
    pub data: bool,
    pub control: bool,
    /// What it says while `control` is false is not lost, but late.
    pub dawdles: bool,
    pub late: Vec<(Bytes, Bytes)>,
    /// Whether the application acknowledges what it is given, at once.
    pub acks: bool,
    /// Whether the application takes what it is given.
    pub takes: bool,
    /// Whether SUB is read.
    pub reads: bool,
    /// Whether this process runs at all.
    pub runs: bool,
    pub delivered: Vec<(Bytes, Bytes)>,
    pub gone: Vec<(Bytes, u64, u64)>,
    pub unacked: Vec<DeliveryId>,
    pub last_said: Bytes,
    pub events: Vec<SubscriberEvent>,
    pub witness: Witness,
    pub prefixes: Vec<Bytes>,
    pub inbox: Vec<(Bytes, Option<Bytes>)>,
}

impl Node {
    pub fn new(
        machine: Subscriber,
        route: Bytes,
        prefixes: Vec<Bytes>,
        identity: Identity,
    ) -> Self {
        let mut witness = Witness::default();
        witness.session(identity.session);
        Self {
            machine,
            route,
            data: true,
            control: true,
            dawdles: false,
            late: Vec::new(),
            acks: true,
            takes: true,
            reads: true,
            runs: true,
            delivered: Vec::new(),
            gone: Vec::new(),
            unacked: Vec::new(),
            last_said: Bytes::new(),
            events: Vec::new(),
            witness,
            prefixes,
            inbox: Vec::new(),
        }
    }

    /// Reads SUB, does what is due, runs the application. Says what goes to the publisher, and
    /// whether anything happened.
    pub fn turn(&mut self, now: Instant) -> (Vec<Bytes>, bool) {
        let mut spoke = false;
        if self.reads && !self.machine.is_full() {
            for (first, payload) in std::mem::take(&mut self.inbox) {
                spoke = true;
                self.machine.handle_data(now, &first, payload);
            }
        }
        self.machine.handle_timeout(now);
        let mut said = Vec::new();
        while let Some(transmit) = self.machine.poll_transmit() {
            spoke = true;
            self.witness.said(&transmit.frame);
            self.last_said = transmit.frame.clone();
            said.push(transmit.frame);
        }
        // In a new session at once, so that what is gone is put down to its epoch.
        if self.takes || said.iter().any(Witness::is_joined) {
            spoke |= self.take_all(now);
        }
        if self.machine.pending() == 0 {
            said.iter().for_each(|frame| self.witness.received(frame));
        }
        (said, spoke)
    }

    /// Does on SUB what an event asks for.
    pub fn obey(&mut self, event: &SubscriberEvent) {
        match event {
            SubscriberEvent::Subscribe { prefix } => {
                self.witness.asked_for(prefix);
                self.prefixes.push(prefix.clone());
            }
            SubscriberEvent::Unsubscribe { prefix } => self.prefixes.retain(|p| p != prefix),
            _ => {}
        }
    }

    /// Takes all that the library holds.
    pub fn take_all(&mut self, now: Instant) -> bool {
        let mut any = false;
        while let Some(item) = self.machine.poll_delivery() {
            any = true;
            self.witness.handed_out(&item);
            self.take(now, item);
        }
        any
    }

    fn take(&mut self, now: Instant, item: Item) {
        match item {
            Item::Message(delivery) => {
                self.delivered.push((delivery.topic, delivery.payload));
                match self.acks {
                    true => self.acknowledge(now, delivery.id),
                    false => self.unacked.push(delivery.id),
                }
            }
            Item::Gone { topic, range } => {
                self.gone.push((topic, range.first(), range.last()));
            }
            _ => {}
        }
    }

    pub fn acknowledge(&mut self, now: Instant, id: DeliveryId) {
        self.witness.acknowledged(id);
        self.machine.acknowledge(now, &id);
    }

    pub fn acknowledge_all(&mut self, now: Instant) {
        for id in std::mem::take(&mut self.unacked) {
            self.acknowledge(now, id);
        }
    }

    pub fn payloads(&self) -> Vec<&str> {
        let payloads = self.delivered.iter().map(|(_, payload)| payload);
        payloads
            .map(|payload| std::str::from_utf8(payload).expect("text"))
            .collect()
    }

    pub fn ended(&self) -> Option<EndReason> {
        self.events.iter().find_map(|event| match event {
            SubscriberEvent::Ended { reason } => Some(*reason),
            _ => None,
        })
    }
}
