//! The registry alone, threads only: sockets that have a name, a finite linger and an end.
//!
//! A worker turns jobs into results until its socket's group stops. Run it, and read the table.
#![forbid(unsafe_code)]

use linger::{Registry, zmq};
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let registry = Registry::new();
    let jobs = registry.socket(zmq::PULL).name("jobs").open()?;
    jobs.bind("tcp://127.0.0.1:*")?;
    let results = registry
        .socket(zmq::PUSH)
        .name("results")
        .linger(Duration::from_secs(2))
        .open()?;
    results.bind("tcp://127.0.0.1:*")?;
    let (jobs_at, results_at) = (jobs.last_endpoint(), results.last_endpoint());

    let worker = thread::spawn(move || -> zmq::Result<u32> {
        let mut done = 0;
        for job in jobs.messages() {
            results.send(job?, 0)?; // plain zmq, through Deref
            done += 1;
        }
        Ok(done) // both sockets are dropped here, and that never blocks
    });

    let client = Client::connect(&registry, jobs_at.as_deref(), results_at.as_deref())?;
    let answers = client.ask(1_000)?;
    println!("{answers} answers");
    drop(client);

    let report = registry.close_by(Instant::now() + Duration::from_secs(5));
    println!("{report}");
    let done = worker.join().map_err(|_| "the worker panicked")??;
    assert_eq!((done, answers), (1_000, 1_000));
    Ok(())
}

/// Whoever gives the jobs: here in the same process, elsewhere on another machine.
struct Client {
    jobs: linger::Socket,
    results: linger::Socket,
}

impl Client {
    fn connect(
        registry: &Registry,
        jobs_at: Option<&str>,
        results_at: Option<&str>,
    ) -> Result<Self, Box<dyn Error>> {
        let jobs = registry.socket(zmq::PUSH).name("client.jobs").open()?;
        jobs.connect(jobs_at.ok_or("not bound")?)?;
        let results = registry.socket(zmq::PULL).name("client.results").open()?;
        results.connect(results_at.ok_or("not bound")?)?;
        Ok(Self { jobs, results })
    }

    fn ask(&self, jobs: u32) -> zmq::Result<u32> {
        for job in 0..jobs {
            self.jobs.send(&job.to_be_bytes()[..], 0)?;
        }
        let mut answers = 0;
        while answers < jobs {
            self.results.recv_msg(0)?;
            answers += 1;
        }
        Ok(answers)
    }
}
