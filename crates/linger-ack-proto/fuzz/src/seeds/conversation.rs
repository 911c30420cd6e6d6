//! A publisher and its subscribers talk; what each was told is written down as operations.

use super::super::clock::STEPS;
use super::super::identity::identity;
use super::super::{publisher, subscriber};
use bytes::Bytes;
use linger_ack_proto::{
    Publisher, PublisherConfig, Subscriber, SubscriberConfig, SubscriberEvent, Transmit,
};
use std::time::Instant;

/// What a script has happen.
#[derive(Clone, Copy)]
pub enum Act {
    Join(usize),
    /// A message on the topic of that place.
    Publish(u8),
    /// Whether data is lost on its way.
    Lose(bool),
    /// Whether what subscribers say is lost on its way.
    Silence(bool),
    /// Time passes: the step of that place.
    Pass(u8),
    Leave(usize),
    Close,
}

#[derive(Default)]
pub struct Conversation {
    pub of_publisher: Vec<u8>,
    pub of_subscribers: Vec<Vec<u8>>,
    /// All frames, by the target that decodes them.
    pub frames: Vec<(&'static str, Vec<u8>)>,
}

struct Talk {
    now: Instant,
    publisher: Publisher,
    subscribers: Vec<(usize, Subscriber)>,
    loses: bool,
    is_silent: bool,
    lives: usize,
    record: Conversation,
}

fn put_chunk(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
    out.extend_from_slice(bytes);
}

impl Conversation {
    pub fn of(script: &[Act]) -> Self {
        let config = PublisherConfig::default();
        let mut talk = Talk {
            now: Instant::now(),
            publisher: Publisher::new(config, publisher::EPOCH).expect("a valid config"),
            subscribers: Vec::new(),
            loses: false,
            is_silent: false,
            lives: 0,
            record: Self {
                of_publisher: vec![0],
                ..Self::default()
            },
        };
        for &act in script {
            talk.act(act);
            talk.exchange();
        }
        talk.record
    }
}

impl Talk {
    fn act(&mut self, act: Act) {
        match act {
            Act::Join(slot) => {
                let name = format!("member-{slot}");
                let config = SubscriberConfig::new(name)
                    .expect("a name")
                    .subscribe(&b""[..]);
                let machine = Subscriber::new(self.now, config, identity(slot, 0));
                self.subscribers.push((slot, machine));
                self.record.of_subscribers.push(vec![0]); // its default settings
            }
            Act::Publish(at) => self.publish(at),
            Act::Lose(loses) => self.loses = loses,
            Act::Silence(is_silent) => self.is_silent = is_silent,
            Act::Pass(step) => self.pass(step),
            Act::Leave(slot) => {
                for (at, (of, machine)) in self.subscribers.iter_mut().enumerate() {
                    if *of == slot {
                        machine.leave(self.now);
                        self.record.of_subscribers[at].extend([subscriber::code::LEAVE, 3]);
                    }
                }
            }
            Act::Close => {
                self.record
                    .of_publisher
                    .extend([publisher::code::BEGIN_CLOSE, 3]);
                self.publisher.begin_close(self.now);
                self.exchange();
                self.pass(3);
                self.exchange();
                self.record
                    .of_publisher
                    .extend([publisher::code::FINISH, 0, 3]);
                let _ = self.publisher.finish(linger_ack_proto::Quorum::All);
            }
        }
    }

    fn publish(&mut self, at: u8) {
        self.record
            .of_publisher
            .extend([publisher::code::PUBLISH, at, 2]);
        let topic = publisher::TOPICS[usize::from(at)];
        let payload = Bytes::from_static(b"12345678");
        let mut envelope = Vec::new();
        let sent = self
            .publisher
            .publish(self.now, topic, payload.clone(), &mut envelope);
        if sent.is_ok() {
            let bare = [&[topic.len() as u8], topic, &envelope[topic.len() + 1..]].concat();
            self.record.frames.push(("envelope", bare));
            self.record.frames.push(("envelope", envelope.clone()));
            self.on_data(&envelope, Some(&payload));
        }
    }

    fn pass(&mut self, step: u8) {
        self.now += STEPS[usize::from(step)];
        self.record
            .of_publisher
            .extend([publisher::code::STEP, 0, step, 1]);
        self.publisher.handle_timeout(self.now);
        for input in &mut self.record.of_subscribers {
            input.extend([subscriber::code::STEP, step]);
        }
    }

    fn on_data(&mut self, first: &[u8], payload: Option<&Bytes>) {
        if self.loses {
            return;
        }
        for ((_, machine), input) in self
            .subscribers
            .iter_mut()
            .zip(&mut self.record.of_subscribers)
        {
            let is_for_all = payload.is_some();
            if is_for_all || first.starts_with(&machine.private_topic()) {
                input.extend([subscriber::code::RAW_DATA, u8::from(is_for_all)]);
                put_chunk(input, first);
                if let Some(payload) = payload {
                    put_chunk(input, payload);
                }
                machine.handle_data(self.now, first, payload.cloned());
            }
        }
    }

    /// Until nobody has anything to say.
    fn exchange(&mut self) {
        while self.subscribers_speak() | self.publisher_speaks() {}
    }

    fn publisher_speaks(&mut self) -> bool {
        let mut spoke = false;
        while let Some(transmit) = self.publisher.poll_transmit() {
            spoke = true;
            match transmit {
                Transmit::Settle => {}
                Transmit::Batch(_) => unreachable!("it does not batch"),
                Transmit::Private { frame } => {
                    self.record.frames.push(("in_band", frame.to_vec()));
                    self.on_data(&frame, None);
                }
                Transmit::Control { route, frame } => {
                    self.record.frames.push(("to_subscriber", frame.to_vec()));
                    for (at, (slot, machine)) in self.subscribers.iter_mut().enumerate() {
                        if route == format!("route {slot}") {
                            let input = &mut self.record.of_subscribers[at];
                            input.push(subscriber::code::RAW_CONTROL);
                            put_chunk(input, &frame);
                            machine.handle_control(self.now, &frame);
                        }
                    }
                }
            }
        }
        while self.publisher.poll_event().is_some() {}
        spoke
    }

    fn subscribers_speak(&mut self) -> bool {
        let mut spoke = false;
        for at in 0..self.subscribers.len() {
            let (slot, machine) = &mut self.subscribers[at];
            let input = &mut self.record.of_subscribers[at];
            machine.handle_timeout(self.now);
            while let Some(transmit) = machine.poll_transmit() {
                spoke = true;
                if self.is_silent {
                    continue;
                }
                let frame = transmit.frame;
                self.record.frames.push(("to_publisher", frame.to_vec()));
                let of_publisher = &mut self.record.of_publisher;
                of_publisher.extend([publisher::code::RAW, *slot as u8]);
                put_chunk(of_publisher, &frame);
                let route = Bytes::from(format!("route {slot}"));
                self.publisher.handle_control(self.now, &route, &frame);
            }
            let mut took = false;
            while let Some(item) = machine.poll_delivery() {
                (spoke, took) = (true, true);
                if let Some(delivery) = item.into_message() {
                    machine.acknowledge(self.now, &delivery.id);
                }
            }
            if took {
                input.extend([subscriber::code::TAKE_AND_ACKNOWLEDGE, 15]);
            }
            while let Some(event) = machine.poll_event() {
                if event == SubscriberEvent::Rejoin {
                    self.lives += 1;
                    machine.rejoin(self.now, identity(*slot, self.lives));
                    input.push(subscriber::code::REJOIN);
                }
            }
        }
        spoke
    }
}
