//! Benchmarks that compare: our code with the bare calls that it wraps, or with what else there is.
//!
//! Absolute times say more about the machine than about the code, so all that counts is the ratio.
//! Both sides run in turn, in blocks of some milliseconds, as bare, ours, ours, bare: what else the
//! machine does meets both alike, and a drift cancels out. Each round gives one ratio; the median of
//! all is the figure, and has a bar to meet.
//!
//! | module | what it measures |
//! |---|---|
//! | [`ack`] | acknowledged publishing in the steady state, against bare PUB and SUB |
//! | [`broker`] | acknowledged publishing and consuming against NATS JetStream |
//! | [`latency`] | how long a message takes at a moderate rate, against bare PUB and SUB |
//! | [`coordinator`] | a shutdown by the coordinator against one by tokens and a tracker |
//! | [`registry`] | sockets of the registry against those of `zmq` |
//! | [`scale`] | how a stop and memory grow with members, topics and the window |
//! | [`stop`] | the time to stop a publisher with a backlog, against a bare close |
//!
//! A benchmark is a function that gives its figures to a [`Plan`]. It fails where a receiver misses a message,
//! or a report says other than it should: speed at the price of that is none.

pub mod ack;
pub mod broker;
pub mod coordinator;
mod error;
mod figure;
mod findings;
mod gate;
mod growth;
pub mod latency;
mod plan;
pub mod registry;
mod rounds;
pub mod scale;
mod size;
pub mod stop;

pub use error::BenchError;
pub use figure::{Bar, Figure, Spread};
pub use findings::Findings;
pub use growth::Growth;
pub use plan::{Effort, Plan};
pub use rounds::Rounds;
pub use size::Size;

/// One of the benchmarks.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Benchmark {
    /// Its name, with which those of its figures begin.
    pub name: &'static str,
    run: fn(&mut Plan<'_>) -> Result<(), BenchError>,
}

/// All of them, in the order in which they run.
pub const ALL: &[Benchmark] = &[
    Benchmark {
        name: "ack",
        run: ack::run,
    },
    Benchmark {
        name: "latency",
        run: latency::run,
    },
    Benchmark {
        name: "broker",
        run: broker::run,
    },
    Benchmark {
        name: "coordinator",
        run: coordinator::run,
    },
    Benchmark {
        name: "registry",
        run: registry::run,
    },
    Benchmark {
        name: "scale",
        run: scale::run,
    },
    Benchmark {
        name: "stop",
        run: stop::run,
    },
];

impl Benchmark {
    /// Runs it, as the plan wants it.
    ///
    /// # Errors
    ///
    /// If it can't be carried out, or what is measured does not do what it is to do.
    pub fn run(self, plan: &mut Plan<'_>) -> Result<(), BenchError> {
        (self.run)(plan)
    }
}
