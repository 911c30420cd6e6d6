//! Serialised forms: durations as milliseconds with microseconds behind the point.

use std::panic::Location;
use std::time::Duration;

use serde::Serializer;

pub(crate) fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(as_millis(*duration))
}

pub(crate) fn millis_option<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.serialize_some(&as_millis(*duration)),
        None => serializer.serialize_none(),
    }
}

pub(crate) fn kind<S: Serializer>(
    kind: &zmq::SocketType,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(crate::kind::upper(*kind))
}

pub(crate) fn location<S: Serializer>(
    location: &'static Location<'static>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{}:{}", location.file(), location.line()))
}

fn as_millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
