//! What the parts of a service said when they ended, until the report is made.

use crate::report::Report;
use parking_lot::Mutex;

#[derive(Debug)]
pub(crate) struct Parts {
    name: String,
    ended: Mutex<Ended>,
}

#[derive(Debug, Default)]
struct Ended {
    sockets: Option<linger_registry::Report>,
    #[cfg(feature = "ack")]
    publishers: Vec<(String, std::sync::Arc<linger_ack::Report>)>,
    #[cfg(feature = "ack")]
    subscribers: Vec<linger_ack::SubscriberReport>,
}

impl Parts {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            ended: Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn set_sockets(&self, report: linger_registry::Report) {
        self.ended.lock().sockets = Some(report);
    }

    pub(crate) fn sockets(&self) -> Option<linger_registry::Report> {
        self.ended.lock().sockets.clone()
    }

    #[cfg(feature = "ack")]
    pub(crate) fn add_publisher(&self, name: String, report: std::sync::Arc<linger_ack::Report>) {
        self.ended.lock().publishers.push((name, report));
    }

    #[cfg(feature = "ack")]
    pub(crate) fn add_subscriber(&self, report: linger_ack::SubscriberReport) {
        self.ended.lock().subscribers.push(report);
    }

    pub(crate) fn report(&self, shutdown: linger_coordinator::Report) -> Report {
        let ended = self.ended.lock();
        Report {
            service: self.name.clone(),
            shutdown,
            sockets: ended.sockets.clone(),
            #[cfg(feature = "ack")]
            publishers: ended.publishers.clone(),
            #[cfg(feature = "ack")]
            subscribers: ended.subscribers.clone(),
        }
    }
}
