//! Publishers and subscribers over every transport, and waits that are bounded.

use linger_ack::linger_registry::Registry;
use linger_ack::{Delivery, Event, Publisher, PublisherBuilder, Subscriber, SubscriberBuilder};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

pub(crate) fn after_ms(millis: u64) -> Instant {
    Instant::now() + Duration::from_millis(millis)
}

/// Waits for a condition that some thread brings about, and fails if it never does.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = soon();
    while !holds() {
        assert!(Instant::now() < limit, "never: {what}");
        thread::yield_now();
    }
}

pub(crate) fn bind(builder: PublisherBuilder) -> Publisher {
    builder
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound")
}

pub(crate) fn connect(publisher: &Publisher, builder: SubscriberBuilder) -> Subscriber {
    builder
        .connect(publisher.data_endpoint(), publisher.control_endpoint())
        .expect("connected")
}

/// A member of that name, which has joined.
pub(crate) fn member(publisher: &Publisher, name: &str) -> Subscriber {
    joined(connect(publisher, Subscriber::builder(name).subscribe("")))
}

pub(crate) fn joined(subscriber: Subscriber) -> Subscriber {
    assert!(subscriber.wait_until_member(soon()), "it joins");
    subscriber
}

pub(crate) fn next(subscriber: &Subscriber) -> Delivery {
    let next = subscriber.next_by(soon());
    next.expect("nothing is gone").expect("in time")
}

/// Takes and acknowledges as many deliveries, and says their payloads.
pub(crate) fn take(subscriber: &Subscriber, count: usize) -> Vec<String> {
    let taken = (0..count).map(|_| {
        let delivery = next(subscriber);
        let payload = String::from_utf8_lossy(delivery.payload()).into_owned();
        delivery.ack();
        payload
    });
    taken.collect()
}

/// Where a publisher and its subscribers meet.
pub(crate) struct Ports {
    registry: Registry,
    pub(crate) data: String,
    pub(crate) control: String,
}

impl Ports {
    pub(crate) fn bind(&self, builder: PublisherBuilder) -> Publisher {
        let builder = builder.registry(&self.registry);
        builder.bind(&self.data, &self.control).expect("bound")
    }

    pub(crate) fn connect(&self, publisher: &Publisher, builder: SubscriberBuilder) -> Subscriber {
        connect(publisher, builder.registry(&self.registry))
    }

    pub(crate) fn member(&self, publisher: &Publisher, name: &str) -> Subscriber {
        let builder = Subscriber::builder(name).subscribe("");
        joined(self.connect(publisher, builder))
    }
}

/// Runs a test over tcp, over ipc and over inproc.
pub(crate) fn over_each_transport(test: &str, run: impl Fn(&Ports)) {
    let folder = format!("linger-ack-{test}-{}", std::process::id());
    let folder = std::env::temp_dir().join(folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let ipc = |name: &str| format!("ipc://{}", folder.join(name).display());
    let tcp = "tcp://127.0.0.1:*".to_owned();
    for (data, control) in [
        (tcp.clone(), tcp),
        (ipc("data"), ipc("control")),
        ("inproc://data".to_owned(), "inproc://control".to_owned()),
    ] {
        let registry = Registry::new();
        let ports = Ports {
            registry,
            data,
            control,
        };
        run(&ports);
        let report = ports.registry.close_by(soon());
        assert!(report.is_clean(), "{}: {report}", ports.data);
    }
    std::fs::remove_dir_all(&folder).expect("the folder is there");
}

/// The events of a publisher, as they are told.
pub(crate) struct Events(Mutex<Receiver<Event>>);

impl Events {
    pub(crate) fn of(builder: PublisherBuilder) -> (PublisherBuilder, Self) {
        let (told, events): (Sender<Event>, _) = channel();
        let builder = builder.on_event(move |event| {
            let _ = told.send(event);
        });
        (builder, Self(Mutex::new(events)))
    }

    /// The next one that is not of room.
    pub(crate) fn next(&self) -> Event {
        let events = self.0.lock().expect("no panic");
        loop {
            let event = events.recv_timeout(Duration::from_secs(20));
            match event.expect("an event") {
                Event::Room => {}
                event => return event,
            }
        }
    }
}
