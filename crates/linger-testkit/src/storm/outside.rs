//! The peers beside the registry, in a context of their own: what they saw is evidence.

use super::StormError;
use super::pattern::Side;
use super::plan::Place;
use super::post::options;
use super::scene::Scene;
use crate::chaos::payload;
use linger::zmq;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a look for something to read waits.
const LOOK: i64 = 10;

/// How long nothing may come before all has come.
const SILENCE: Duration = Duration::from_millis(50);

/// What one link brought to a reader that stayed connected, and read to the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stream {
    /// How many messages came, in order and without a gap, from the first one on.
    pub(crate) came: u32,
    /// How many came that were not the next one.
    pub(crate) wrong: u32,
}

/// The streams by link.
pub(crate) type Streams = BTreeMap<usize, Stream>;

/// What the reader is told once the registry has closed.
#[derive(Debug)]
pub(crate) struct Last {
    /// How much has to come at each link.
    pub(crate) wanted: BTreeMap<usize, u32>,
    /// By when.
    pub(crate) until: Instant,
}

/// Says when the last look is to be.
pub(crate) type Order = Arc<Mutex<Option<Last>>>;

struct Reader {
    link: usize,
    is_stalled: bool,
    socket: zmq::Socket,
    stream: Stream,
}

/// Reads until all that is wanted has come, or the time for it is over.
pub(crate) fn read(scene: &Scene, order: &Order) -> Result<Streams, StormError> {
    let context = zmq::Context::new();
    let readers = open(scene, &context);
    if let Err(error) = &readers {
        scene.board.trouble(format!("beside the registry: {error}"));
    }
    let mut readers = readers?;
    let mut heard = Instant::now();
    loop {
        let mut is_last = false;
        let mut has_all = false;
        if let Some(last) = &*order.lock() {
            let is_there = |reader: &Reader| {
                let wanted = last.wanted.get(&reader.link);
                wanted.is_none_or(|wanted| reader.stream.came >= *wanted)
            };
            has_all = readers.iter().all(is_there) && heard.elapsed() > SILENCE;
            has_all |= Instant::now() > last.until;
            is_last = true;
        }
        if has_all {
            let streams = readers.into_iter();
            return Ok(streams.map(|it| (it.link, it.stream)).collect());
        }
        if look(&mut readers, is_last)? {
            heard = Instant::now();
        }
    }
}

fn open(scene: &Scene, context: &zmq::Context) -> Result<Vec<Reader>, StormError> {
    let mut ends = scene.plan.outside();
    ends.sort_by_key(|(link, side)| !scene.plan.links[*link].binds(*side));
    let mut readers = Vec::new();
    for (number, side) in ends {
        let link = &scene.plan.links[number];
        let socket = context.socket(link.pattern.kind(side))?;
        socket.set_linger(0)?;
        options(&socket, link, side)?;
        if link.binds(side) {
            socket.bind(&scene.to_bind(number))?;
            let bound = socket.get_last_endpoint()?.ok();
            scene.board.post(number, bound);
        } else if let Some(endpoint) = scene.board.endpoint(number, scene.limit) {
            socket.connect(&endpoint)?;
        }
        readers.push(Reader {
            link: number,
            is_stalled: link.end(Side::Second).place == Place::Stalled,
            socket,
            stream: Stream::default(),
        });
    }
    Ok(readers)
}

/// Reads what is there, and waits a little if nothing is; whether something was.
fn look(readers: &mut [Reader], is_last: bool) -> Result<bool, StormError> {
    let active = || readers.iter().filter(|it| is_last || !it.is_stalled);
    let mut items: Vec<_> = active()
        .map(|reader| reader.socket.as_poll_item(zmq::POLLIN))
        .collect();
    match zmq::poll(&mut items, LOOK) {
        Ok(_) | Err(zmq::Error::EINTR) => {}
        Err(error) => return Err(error.into()),
    }
    drop(items);
    let mut heard = false;
    for reader in readers.iter_mut().filter(|it| is_last || !it.is_stalled) {
        while let Ok(message) = reader.socket.recv_bytes(zmq::DONTWAIT) {
            heard = true;
            reader.stream.take(reader.link, &message);
        }
    }
    Ok(heard)
}

impl Stream {
    fn take(&mut self, link: usize, message: &[u8]) {
        let next = (u16::try_from(link).ok(), u64::from(self.came));
        match payload::read(message) {
            Some((life, number)) if (Some(life), number) == next => self.came += 1,
            _ => self.wrong += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_next_message_of_the_link_counts_as_come() {
        let mut stream = Stream::default();
        stream.take(3, &payload::make(3, 0, 16));
        stream.take(3, &payload::make(3, 1, 40));
        assert_eq!(stream, Stream { came: 2, wrong: 0 });
        for wrong in [
            payload::make(3, 1, 16),
            payload::make(4, 2, 16),
            vec![0; 40],
        ] {
            stream.take(3, &wrong);
        }
        stream.take(3, &payload::make(3, 3, 16));
        assert_eq!(stream, Stream { came: 2, wrong: 4 });
    }
}
