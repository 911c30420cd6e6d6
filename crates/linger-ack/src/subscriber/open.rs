//! Opening the two sockets of one publisher.

use super::sockets::Sockets;
use super::state::LinkState;
use crate::entropy;
use crate::error::ConnectError;
use crate::place::Place;
use crate::security::ClientSecurity;
use linger_ack_proto::{Subscriber as Machine, SubscriberConfig};
use linger_registry::{Registry, Socket, zmq};
use std::time::{Duration, Instant};

/// How long a BYE may linger on a closed DEALER.
const LINGER: Duration = Duration::from_millis(500);

/// How many frames wait at most for a publisher that is not connected.
const CONTROL_HIGH_WATER_MARK: i32 = 16;

/// What all publishers' sockets have in common.
pub(super) struct Opener {
    /// It was validated.
    pub(super) config: SubscriberConfig,
    pub(super) place: Place,
    pub(super) registry: Registry,
    pub(super) receive_high_water_mark: i32,
    pub(super) security: ClientSecurity,
}

impl Opener {
    pub(super) fn open(
        &self,
        at: usize,
        data: &str,
        control: &str,
    ) -> Result<(Sockets, LinkState), ConnectError> {
        let name = &self.config.name;
        let option = |source| ConnectError::Option {
            name: name.clone(),
            source,
        };
        let connect = |source| ConnectError::Connect {
            name: name.clone(),
            source,
        };
        let identity = entropy::identity().map_err(|source| ConnectError::System {
            name: name.clone(),
            source,
        })?;
        let machine = Machine::new(Instant::now(), self.config.clone(), identity);
        let private_topic = machine.private_topic();

        let sub = self.socket(zmq::SUB, at, "data")?;
        // Beyond its high-water mark a SUB drops subscriptions without a word.
        sub.set_sndhwm(0).map_err(option)?;
        sub.set_rcvhwm(self.receive_high_water_mark)
            .map_err(option)?;
        for prefix in &self.config.prefixes {
            sub.set_subscribe(prefix).map_err(option)?;
        }
        sub.set_subscribe(&private_topic).map_err(option)?;
        self.security.apply(&sub).map_err(option)?;
        let dealer = self.socket(zmq::DEALER, at, "control")?;
        dealer.set_sndhwm(CONTROL_HIGH_WATER_MARK).map_err(option)?;
        self.security.apply(&dealer).map_err(option)?;

        sub.connect(data).map_err(connect)?;
        dealer.connect(control).map_err(connect)?;
        let sockets = Sockets::new(data.to_owned(), sub, dealer, private_topic);
        Ok((sockets, LinkState::new(machine)))
    }

    fn socket(&self, kind: zmq::SocketType, at: usize, what: &str) -> Result<Socket, ConnectError> {
        let member = &self.config.name;
        let name = match at {
            0 => format!("{member}.{what}"),
            _ => format!("{member}.{what}-{}", at + 1),
        };
        let socket = self.place.open(&self.registry, kind, name, LINGER);
        socket.map_err(|source| ConnectError::Socket {
            name: member.clone(),
            source,
        })
    }
}
