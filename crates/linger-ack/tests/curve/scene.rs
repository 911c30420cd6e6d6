//! A publisher with CURVE and a doorkeeper, an honest member, and whoever comes beside it.

use crate::doorkeeper::{DOMAIN, Doorkeeper};
use crate::keys::Keys;
use linger_ack::linger_registry::Registry;
use linger_ack::{
    Publisher, Quorum, Subscriber, SubscriberBuilder, UserIdIsName, proto::PublisherReport,
};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How many messages go by before and after each thing that happens.
const MESSAGES: u64 = 500;

/// By how much a stop may pass its deadline.
const GRACE: Duration = Duration::from_millis(250);

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = soon();
    while !holds() {
        assert!(Instant::now() < limit, "never: {what}");
        thread::yield_now();
    }
}

pub(crate) struct Scene {
    pub(crate) server: Keys,
    pub(crate) risk_1: Keys,
    pub(crate) risk_2: Keys,
    pub(crate) doorkeeper: Doorkeeper,
    pub(crate) ticks: Publisher,
    published: u64,
}

impl Scene {
    /// The doorkeeper knows `risk-1` and `risk-2`; each name is bound to its key.
    pub(crate) fn new() -> Self {
        let registry = Registry::new();
        let (server, risk_1, risk_2) = (Keys::draw(), Keys::draw(), Keys::draw());
        let users = vec![("risk-1", risk_1), ("risk-2", risk_2)];
        let doorkeeper = Doorkeeper::start(&registry, users);
        let ticks = Publisher::builder("ticks")
            .registry(&registry)
            .group("ticks")
            .curve_server(server.secret)
            .zap_domain(DOMAIN)
            .authorizer(UserIdIsName)
            .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
            .expect("bound");
        Self {
            server,
            risk_1,
            risk_2,
            doorkeeper,
            ticks,
            published: 0,
        }
    }

    pub(crate) fn connect(&self, builder: SubscriberBuilder) -> Subscriber {
        let (data, control) = (self.ticks.data_endpoint(), self.ticks.control_endpoint());
        builder.connect(data, control).expect("connected")
    }

    /// Under this name, with these keys and the right server key.
    pub(crate) fn subscriber(&self, name: &str, keys: &Keys) -> Subscriber {
        let builder = Subscriber::builder(name).subscribe("T");
        self.connect(keys.of(builder, self.server.public))
    }

    /// `risk-1`, which has joined.
    pub(crate) fn member(&self) -> Subscriber {
        let risk = self.subscriber("risk-1", &self.risk_1);
        assert!(risk.wait_until_member(soon()), "the right key joins");
        risk
    }

    /// Publishes some more, which the member takes and acknowledges, in order and once.
    pub(crate) fn stream(&mut self, member: &Subscriber) {
        for _ in 0..MESSAGES {
            let number = self.published;
            self.published += 1;
            self.ticks
                .publish("T", number.to_string())
                .expect("accepted");
            let next = member.next_by(soon()).expect("nothing is gone");
            let delivery = next.expect("in time");
            assert_eq!(&delivery.payload()[..], number.to_string().as_bytes());
            delivery.ack();
        }
    }

    /// Closes by the deadline, drained, with `risk-1` alone: nobody else was ever owed anything.
    pub(crate) fn close(self) -> Arc<PublisherReport> {
        let deadline = soon();
        let report = self.ticks.close_by(deadline, Quorum::All);
        assert!(Instant::now() < deadline + GRACE);
        assert!(report.is_drained(), "{report}");
        let names = report.members.iter().map(|member| &*member.name);
        assert_eq!(names.collect::<Vec<_>>(), ["risk-1"], "{report}");
        assert_eq!(report.members[0].owed(), self.published, "{report}");
        assert_eq!(report.counters.broken, 0, "{report}");
        report
    }
}
