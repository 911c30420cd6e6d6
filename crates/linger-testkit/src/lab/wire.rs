//! Plain sockets on loopback, and what is heard on them.

use std::time::{Duration, Instant};

use linger::zmq::{self, SocketEvent};

use super::error::LabError;
use crate::port::free_port;

/// Within this everything on loopback has happened, however busy the machine is.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A plain socket with that linger in milliseconds, and without high-water marks.
pub(crate) fn open(
    context: &zmq::Context,
    kind: zmq::SocketType,
    linger: i32,
) -> zmq::Result<zmq::Socket> {
    let socket = context.socket(kind)?;
    socket.set_linger(linger)?;
    socket.set_sndhwm(0)?;
    socket.set_rcvhwm(0)?;
    Ok(socket)
}

/// Binds to a loopback port that the kernel chooses, and gives the endpoint.
pub(crate) fn bind(socket: &zmq::Socket) -> Result<String, LabError> {
    socket.bind("tcp://127.0.0.1:*")?;
    socket
        .get_last_endpoint()?
        .map_err(|_| LabError::unready("an endpoint is no text"))
}

/// An endpoint at which nobody listens.
pub(crate) fn nobody() -> std::io::Result<String> {
    Ok(format!("tcp://127.0.0.1:{}", free_port()?))
}

/// Milliseconds, for figures.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// As libzmq's options have it: whole milliseconds.
pub(crate) fn option(limit: Duration) -> i32 {
    i32::try_from(limit.as_millis()).unwrap_or(i32::MAX)
}

/// A monitor of one socket's events.
pub(crate) struct Watch {
    reader: zmq::Socket,
}

impl Watch {
    /// Attaches it for these events. One for each socket: `name` is its endpoint in the context.
    pub(crate) fn on(
        context: &zmq::Context,
        socket: &zmq::Socket,
        name: &str,
        events: &[SocketEvent],
    ) -> zmq::Result<Self> {
        let endpoint = format!("inproc://{name}");
        let mask = events
            .iter()
            .fold(0, |mask, event| mask | i32::from(event.to_raw()));
        let reader = context.socket(zmq::PAIR)?;
        reader.set_linger(0)?;
        socket.monitor(&endpoint, mask)?;
        reader.connect(&endpoint)?;
        Ok(Self { reader })
    }

    /// Whether one of its events comes until `deadline`; with `None` it is only looked at.
    pub(crate) fn heard(&self, deadline: Option<Instant>) -> zmq::Result<bool> {
        loop {
            match self.reader.recv_multipart(zmq::DONTWAIT) {
                Ok(_) => return Ok(true),
                Err(zmq::Error::EINTR) => {}
                Err(zmq::Error::EAGAIN) => match left(deadline) {
                    0 => return Ok(false),
                    left => waited(self.reader.poll(zmq::POLLIN, left))?,
                },
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for one of its events.
    pub(crate) fn must_hear(&self, what: &str) -> Result<(), LabError> {
        if self.heard(Some(Instant::now() + SOON))? {
            Ok(())
        } else {
            Err(LabError::unready(format!(
                "{what} did not happen within {SOON:?}"
            )))
        }
    }
}

/// Milliseconds until then, rounded up; 0 if that is past.
pub(crate) fn left(deadline: Option<Instant>) -> i64 {
    let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let millis = left.unwrap_or_default().as_micros().div_ceil(1_000);
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// A wait that a signal ended early is none that failed.
fn waited(waited: zmq::Result<i32>) -> zmq::Result<()> {
    match waited {
        Ok(_) | Err(zmq::Error::EINTR) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Counts the messages that arrive until `watch`, for `DISCONNECTED`, tells that the peer is gone.
///
/// libzmq tells so only after it has read all that the connection held, so none is missed.
pub(crate) fn count_until_gone(socket: &zmq::Socket, watch: &Watch) -> Result<u64, LabError> {
    let deadline = Instant::now() + 2 * SOON;
    let (mut count, mut is_gone) = (0, false);
    let mut message = zmq::Message::new();
    loop {
        match socket.recv(&mut message, zmq::DONTWAIT) {
            Ok(()) => count += u64::from(!message.get_more()),
            Err(zmq::Error::EINTR) => {}
            Err(zmq::Error::EAGAIN) if is_gone => return Ok(count),
            Err(zmq::Error::EAGAIN) => {
                is_gone = watch.heard(None)?;
                if Instant::now() > deadline {
                    return Err(LabError::unready(format!(
                        "the peer is still there, {count} arrived"
                    )));
                }
                if !is_gone {
                    let mut both = [
                        socket.as_poll_item(zmq::POLLIN),
                        watch.reader.as_poll_item(zmq::POLLIN),
                    ];
                    waited(zmq::poll(&mut both, left(Some(deadline))))?;
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Counts the messages that arrive until there are `wanted`, or none comes for `patience`.
pub(crate) fn count(
    socket: &zmq::Socket,
    wanted: u64,
    patience: Duration,
) -> Result<u64, LabError> {
    let mut message = zmq::Message::new();
    let mut count = 0;
    while count < wanted {
        match socket.recv(&mut message, zmq::DONTWAIT) {
            Ok(()) => count += u64::from(!message.get_more()),
            Err(zmq::Error::EINTR) => {}
            Err(zmq::Error::EAGAIN) => {
                let deadline = Some(Instant::now() + patience);
                match socket.poll(zmq::POLLIN, left(deadline)) {
                    Ok(0) => break,
                    waited_for => waited(waited_for)?,
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(count)
}
