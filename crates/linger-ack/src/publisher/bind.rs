//! Opening a publisher: its two sockets, their options, its thread.

use super::Publisher;
use super::authorize::Gate;
use super::builder::PublisherBuilder;
use super::control::ControlThread;
use super::core::{Core, Patience, Shared};
use super::security::ServerSecurity;
use crate::entropy;
use crate::error::OpenError;
use crate::place::Place;
use crate::wake::Waker;
use linger_ack_proto::Publisher as Machine;
use linger_registry::{Registry, Socket, zmq};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// How long what is left on a closed publisher's sockets may linger.
const LINGER: Duration = Duration::from_secs(1);

/// The largest frame that anyone may send to the data port, in bytes: subscriptions, of which ours
/// have 1,025 bytes at most. Without a limit one frame fills the memory, and one long subscription
/// holds up the end of the socket for seconds.
const MAX_SUBSCRIPTION: i64 = 4 << 10;

/// How many frames of each connection to the control port wait to be read. Each may be as long as
/// `max_frame`, so this bounds what a stranger makes us hold; members merge what they have to say
/// where it can't go out.
const CONTROL_QUEUE: i32 = 16;

pub(super) fn bind(
    builder: PublisherBuilder,
    data: &str,
    control: &str,
) -> Result<Publisher, OpenError> {
    let PublisherBuilder {
        name,
        place,
        config,
        fault,
        publish_limit,
        send_buffer,
        evict_after,
        on_event,
        authorizer,
        security,
    } = builder;
    if let Err(source) = security.check() {
        return Err(OpenError::Security { name, source });
    }
    let opening = Opening {
        name,
        place,
        security,
        send_buffer,
    };
    if let Some(fault) = fault {
        return Err(opening.config(fault));
    }
    let answers = 2 * config.repair_messages;
    let max_frame = config.max_frame;
    let (bare_topics, batches) = (config.bare_topics, config.batching.is_some());
    let epoch = entropy::epoch().map_err(|error| opening.system(error))?;
    let machine = Machine::new(config, epoch).map_err(|error| opening.config(error))?;
    let (registry, own_registry) = opening.place.registry();

    let high_water_mark = i32::try_from(machine.high_water_mark()).unwrap_or(i32::MAX);
    let pub_socket = opening.open(&registry, zmq::PUB, "data", |socket| {
        socket.set_sndhwm(high_water_mark)?;
        socket.set_maxmsgsize(MAX_SUBSCRIPTION)
    })?;
    let data_endpoint = opening.bind(&pub_socket, data)?;

    let router = opening.open(&registry, zmq::ROUTER, "control", |socket| {
        socket.set_router_mandatory(true)?;
        socket.set_sndhwm(i32::try_from(answers).unwrap_or(i32::MAX).max(1_000))?;
        socket.set_rcvhwm(CONTROL_QUEUE)?;
        socket.set_maxmsgsize(max_frame.into())
    })?;
    let control_endpoint = opening.bind(&router, control)?;

    tracing::info!(publisher = %opening.name, %epoch, data = %data_endpoint, control = %control_endpoint, "publisher bound");
    let waker = Waker::new().map_err(|error| opening.system(error))?;
    let shared = Arc::new(Shared {
        opened: Instant::now(),
        name: opening.name.clone(),
        data_endpoint,
        control_endpoint,
        core: Mutex::new(Core::new(machine, pub_socket, bare_topics, batches)),
        room: Condvar::new(),
        change: Condvar::new(),
        waker,
        patience: Patience {
            publish_limit,
            evict_after,
        },
        #[cfg(feature = "tokio")]
        tasks: super::tasks::Tasks::default(),
        own_registry,
    });
    let gate = authorizer.map(Gate::new);
    ControlThread::spawn(Arc::clone(&shared), router, gate, on_event)
        .map_err(|error| opening.system(error))?;
    Ok(Publisher::new(shared))
}

/// Whom an error is of, and where sockets are opened.
struct Opening {
    name: String,
    place: Place,
    security: ServerSecurity,
    send_buffer: Option<i32>,
}

impl Opening {
    fn system(&self, source: std::io::Error) -> OpenError {
        let name = self.name.clone();
        OpenError::System { name, source }
    }

    fn config(&self, source: linger_ack_proto::ConfigError) -> OpenError {
        let name = self.name.clone();
        OpenError::Config { name, source }
    }

    /// Opens a socket and sets its options.
    fn open(
        &self,
        registry: &Registry,
        kind: zmq::SocketType,
        what: &str,
        set: impl FnOnce(&Socket) -> zmq::Result<()>,
    ) -> Result<Socket, OpenError> {
        let name = format!("{}.{what}", self.name);
        let socket = self.place.open(registry, kind, name, LINGER);
        let socket = socket.map_err(|source| OpenError::Socket {
            name: self.name.clone(),
            source,
        })?;
        let buffer = |()| match self.send_buffer {
            Some(bytes) => socket.set_sndbuf(bytes),
            None => Ok(()),
        };
        let set = set(&socket).and_then(buffer);
        let set = set.and_then(|()| self.security.apply(&socket));
        set.map_err(|source| OpenError::Option {
            name: self.name.clone(),
            source,
        })?;
        Ok(socket)
    }

    fn bind(&self, socket: &Socket, endpoint: &str) -> Result<String, OpenError> {
        socket.bind(endpoint).map_err(|source| OpenError::Bind {
            name: self.name.clone(),
            source,
        })?;
        Ok(socket
            .last_endpoint()
            .unwrap_or_else(|| endpoint.to_owned()))
    }
}
