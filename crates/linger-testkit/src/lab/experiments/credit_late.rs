//! A publisher that never has more unacknowledged than fits loses all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use linger::{Publisher, Quorum, zmq};

use crate::lab::acked::{ANY, Member};
use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "credit_late",
    claim: "A publisher that never has more than half its SNDHWM unacknowledged still loses: send \
            sees freed credit about every millisecond only; reading EVENTS after each trim cures it",
    folklore: "a window within the high-water mark can't overflow",
    run,
};

/// How many messages may be unacknowledged; the high-water mark is twice that.
const WINDOW: u32 = 64;

/// After so long without an acknowledgement what is outstanding counts as lost.
const STALL: Duration = Duration::from_millis(100);

/// No run takes longer, however much it loses: each loss of a whole window is a stall.
const LIMIT: Duration = Duration::from_secs(2);

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let total: u64 = lab.size(200_000, 3_000);
    let late = stream(total, false)?;
    let read = stream(total, true)?;

    let builder = Publisher::builder("ticks").window(WINDOW, 1 << 20);
    let publisher = builder.bind(ANY, ANY)?;
    let member = Member::of(&publisher)?;
    for number in 1..=total {
        publisher.publish("T", number.to_be_bytes().to_vec())?;
    }
    let report = publisher.close_by(Instant::now() + SOON, Quorum::All);
    let heard = member.processed()?;
    let repaired = report.counters.repaired;
    Ok(Finding::new(
        late.lost() > 0 && read.lost() == 0 && report.is_drained() && heard == total,
        format!(
            "window {WINDOW}, SNDHWM {}: {} of {} lost; with EVENTS read after each trim {} of {}",
            2 * WINDOW,
            late.lost(),
            late.sent,
            read.lost(),
            read.sent,
        ),
        format!(
            "`Publisher` with window {WINDOW}: {heard} of {total} delivered and acknowledged, \
             {repaired} repaired on the way",
        ),
        [
            ("late_sent_messages", late.sent as f64),
            ("late_lost_messages", late.lost() as f64),
            ("events_read_lost_messages", read.lost() as f64),
            ("publisher_delivered_messages", heard as f64),
            ("publisher_repaired_messages", repaired as f64),
        ],
    ))
}

struct Stream {
    sent: u64,
    arrived: u64,
}

impl Stream {
    const fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.arrived)
    }
}

/// What the subscriber has seen: the highest number, and how many.
#[derive(Default)]
struct Seen {
    highest: AtomicU64,
    count: AtomicU64,
    is_over: AtomicBool,
}

fn stream(total: u64, reads_events: bool) -> Result<Stream, LabError> {
    let context = zmq::Context::new();
    let publisher = context.socket(zmq::XPUB)?;
    publisher.set_linger(0)?;
    publisher.set_sndhwm(2 * i32::try_from(WINDOW).unwrap_or(i32::MAX))?;
    publisher.set_rcvtimeo(wire::option(SOON))?;
    let endpoint = wire::bind(&publisher)?;
    let subscriber = wire::open(&context, zmq::SUB, 0)?;
    subscriber.set_subscribe(b"")?;
    subscriber.connect(&endpoint)?;
    publisher.recv_bytes(0)?;

    let seen = Arc::<Seen>::default();
    let shown = Arc::clone(&seen);
    let reader = Call::start("subscriber", move || read(&subscriber, &shown))?;
    let sent = publish(&publisher, total, reads_events, &seen);
    let sent = sent.map_err(LabError::from);
    // What is on its way arrives, or has been lost.
    if let Ok(sent) = sent {
        let quiet = Instant::now() + SOON;
        let (mut count, mut since) = (0, Instant::now());
        while seen.highest.load(Ordering::Acquire) < sent && Instant::now() < quiet {
            let now = seen.count.load(Ordering::Acquire);
            if now != count {
                (count, since) = (now, Instant::now());
            } else if since.elapsed() > 2 * STALL {
                break;
            }
            thread::yield_now();
        }
    }
    seen.is_over.store(true, Ordering::Release);
    reader.must_return(SOON)?.0?;
    Ok(Stream {
        sent: sent?,
        arrived: seen.count.load(Ordering::Acquire),
    })
}

fn publish(
    publisher: &zmq::Socket,
    total: u64,
    reads_events: bool,
    seen: &Seen,
) -> zmq::Result<u64> {
    let limit = Instant::now() + LIMIT;
    let (mut acked, mut since) = (0, Instant::now());
    for number in 1..=total {
        loop {
            let highest = seen.highest.load(Ordering::Acquire);
            if highest > acked {
                (acked, since) = (highest, Instant::now());
                if reads_events {
                    publisher.get_events()?;
                }
            }
            if number - acked <= u64::from(WINDOW) {
                break;
            }
            if since.elapsed() > STALL {
                // The whole window was lost: nobody will ever acknowledge it.
                (acked, since) = (number - 1, Instant::now());
            }
            thread::yield_now();
        }
        publisher.send(&number.to_be_bytes()[..], 0)?;
        if limit < Instant::now() {
            return Ok(number);
        }
    }
    Ok(total)
}

fn read(subscriber: &zmq::Socket, seen: &Seen) -> zmq::Result<()> {
    subscriber.set_rcvtimeo(20)?;
    let mut bytes = [0; 8];
    loop {
        match subscriber.recv_into(&mut bytes, 0) {
            Ok(_) => {
                seen.count.fetch_add(1, Ordering::AcqRel);
                seen.highest
                    .store(u64::from_be_bytes(bytes), Ordering::Release);
            }
            Err(zmq::Error::EAGAIN) if seen.is_over.load(Ordering::Acquire) => return Ok(()),
            Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}
