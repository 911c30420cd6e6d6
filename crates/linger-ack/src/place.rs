//! Where sockets are opened: in whose registry, in which group, by which line.

use linger_registry::{OpenError, Registry, Socket, zmq};
use std::panic::Location;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Place {
    registry: Option<Registry>,
    group: Option<String>,
    created: &'static Location<'static>,
}

impl Place {
    /// A registry of one's own, its default group, the caller's line.
    #[track_caller]
    pub(crate) fn here() -> Self {
        Self {
            registry: None,
            group: None,
            created: Location::caller(),
        }
    }

    pub(crate) fn set_registry(&mut self, registry: &Registry) {
        self.registry = Some(registry.clone());
    }

    pub(crate) fn set_group(&mut self, group: String) {
        self.group = Some(group);
    }

    /// The registry that was given, or else a new one, which ends with whoever asked.
    pub(crate) fn registry(&self) -> (Registry, Option<Registry>) {
        match &self.registry {
            Some(given) => (given.clone(), None),
            None => {
                let own = Registry::new();
                (own.clone(), Some(own))
            }
        }
    }

    pub(crate) fn open(
        &self,
        registry: &Registry,
        kind: zmq::SocketType,
        name: String,
        linger: Duration,
    ) -> Result<Socket, OpenError> {
        let mut builder = registry
            .socket(kind)
            .name(name)
            .opened_at(self.created)
            // Beats and repeats; of messages the reports of this crate keep account.
            .ignore_unread()
            .linger(linger);
        if let Some(group) = &self.group {
            builder = builder.group(group.clone());
        }
        if self.registry.is_none() {
            // Nobody sees the report of a registry that is our own: its context's end, which waits
            // for theirs, is enough.
            builder = builder.unobserved();
        }
        builder.open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linger_registry::Outcome;
    use std::time::Instant;

    /// How a socket ends, as its registry reports it.
    fn end_of(place: &Place) -> Outcome {
        let (registry, _) = place.registry();
        let socket = place.open(
            &registry,
            zmq::PUB,
            "data".to_owned(),
            Duration::from_secs(1),
        );
        drop(socket.expect("opened"));
        let report = registry.close_by(Instant::now() + Duration::from_secs(60));
        report.sockets()[0].outcome().clone()
    }

    #[test]
    fn an_end_is_watched_where_somebody_sees_the_report() {
        let mut place = Place::here();
        assert_eq!(end_of(&place), Outcome::Unobserved);
        place.set_registry(&Registry::new());
        assert!(matches!(end_of(&place), Outcome::Emptied { .. }));
    }
}
