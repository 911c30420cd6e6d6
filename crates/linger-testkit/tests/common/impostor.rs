//! A subscriber by hand, which says what no subscriber of ours would.

use super::stranger::Stranger;
use super::{Publisher, soon};
use linger::linger_ack::proto::wire::{
    Header, Hello, InBand, ToPublisher, ToSubscriber, Welcome, split_private,
};
use linger::linger_ack::proto::{Epoch, Level, Nonce, SessionId};
use std::time::Instant;

pub struct Impostor {
    pub control: Stranger,
    data: Stranger,
    pub session: SessionId,
    pub nonce: Nonce,
    pub epoch: Epoch,
    serial: u64,
}

impl Impostor {
    /// Connected to both ports; it has subscribed to its private topic, and nothing else.
    #[track_caller]
    pub fn connect(publisher: &Publisher, id: u128) -> Self {
        let control = Stranger::greeted(&publisher.control, "DEALER");
        let mut data = Stranger::greeted(&publisher.data, "SUB");
        let nonce = Nonce::from_u128(id);
        data.frame(0, &[&[1, 0xFF][..], nonce.as_bytes()].concat());
        Self {
            control,
            data,
            session: SessionId::from_u128(!id),
            nonce,
            epoch: Epoch::UNKNOWN,
            serial: 0,
        }
    }

    pub fn hello(&self, name: &str) -> ToPublisher {
        ToPublisher::Hello(Hello {
            nonce: self.nonce,
            level: Level::Processed,
            name: name.to_owned(),
            credentials: Vec::new().into(),
            prefixes: vec![Vec::new().into()],
        })
    }

    pub fn say(&mut self, what: &ToPublisher) {
        let (epoch, session) = (self.epoch, self.session);
        self.say_as(Header { epoch, session }, what);
    }

    /// As whoever that is.
    pub fn say_as(&mut self, header: Header, what: &ToPublisher) {
        self.serial += 1;
        let frame = what.encode(&header, self.serial);
        self.control.long_frame(&frame);
    }

    /// Says HELLO until WELCOME is there; it is a candidate then.
    #[track_caller]
    pub fn is_welcome(&mut self, name: &str) -> Welcome {
        let hello = self.hello(name);
        loop {
            if !self.data.is_spoken_to() {
                // Its subscription came after the answer, or is not there yet.
                self.say(&hello);
                continue;
            }
            let (_, frame) = self.data.hear();
            let Some((nonce, body)) = split_private(&frame.into()) else {
                continue;
            };
            if let (true, Ok((epoch, InBand::Welcome(welcome)))) =
                (nonce == self.nonce, InBand::decode(&body))
            {
                self.epoch = epoch;
                return welcome;
            }
        }
    }

    /// The next that the publisher says to it.
    #[track_caller]
    pub fn hears(&mut self) -> ToSubscriber {
        let (_, frame) = self.control.hear();
        ToSubscriber::decode(&frame.into()).unwrap().1
    }

    /// Waits until the publisher says this.
    #[track_caller]
    pub fn waits_for(&mut self, wanted: &ToSubscriber) {
        let limit = soon();
        while self.hears() != *wanted {
            assert!(Instant::now() < limit, "it is never said: {wanted:?}");
        }
    }

    /// A member of that name, which acknowledges nothing.
    #[track_caller]
    pub fn member(publisher: &Publisher, name: &str, id: u128) -> Self {
        let mut impostor = Self::connect(publisher, id);
        let welcome = impostor.is_welcome(name).number;
        impostor.say(&ToPublisher::Joined { welcome });
        impostor.waits_for(&ToSubscriber::Member);
        impostor
    }
}
