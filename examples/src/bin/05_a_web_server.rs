//! axum under load balancers: not ready any more, still serving, closed, done.
//!
//! ```text
//! readiness   /ready answers 503; everything is served for the propagation delay, so that load
//!             balancers look away before anybody is turned away
//! intake      the port is closed, idle connections end
//! work        requests in flight finish, and are counted
//! ```
//!
//! `POST /count` answers with the number of bytes it was sent. A SIGTERM or Ctrl-C stops it.
//! Arguments: the propagation delay and the budget, in milliseconds.
#![forbid(unsafe_code)]

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::routing::{get, post};
use linger::linger_coordinator::{Report, tokio_util::task::TaskTracker};
use linger::{Coordinator, Member, Phase, Phases};
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<Report, Box<dyn Error>> {
    let mut millis = std::env::args().skip(1).map(|arg| arg.parse());
    let propagation = Duration::from_millis(millis.next().unwrap_or(Ok(5_000))?);
    let budget = Duration::from_millis(millis.next().unwrap_or(Ok(20_000))?);

    let stop = Coordinator::builder()
        .phases(Phases::service().adjust(Phase::READINESS, |phase| phase.propagation(propagation)))
        .budget(budget)
        .on_signals()
        .owns_process()
        .start()?;

    // A request counts from its first byte until the head of its answer is there.
    let requests = TaskTracker::new();
    stop.track("requests", Phase::WORK, requests.clone())?;
    let stopping = stop.token(); // cancelled at the trigger, before any phase
    let app = Router::new()
        .route(
            "/count",
            post(|body: Bytes| async move { body.len().to_string() }),
        )
        .layer(from_fn(move |request: Request, next: Next| {
            requests.track_future(next.run(request))
        }))
        .route(
            "/ready",
            get(move || async move {
                match stopping.is_cancelled() {
                    false => StatusCode::OK,
                    true => StatusCode::SERVICE_UNAVAILABLE,
                }
            }),
        );

    // One server, two phases: the port belongs to intake, what came in through it to work.
    let intake = Port {
        listener: TcpListener::bind("127.0.0.1:0").await?,
        member: stop.register("port").phase(Phase::INTAKE)?,
    };
    println!("listening on {}", intake.listener.local_addr()?);
    let closing = intake.member.token().cancelled_owned();
    stop.spawn("http", Phase::WORK, |_member| async {
        axum::serve(intake, app)
            .with_graceful_shutdown(closing)
            .await
    })?;

    let report = stop.wait().await;
    println!("{report}");
    Ok(report) // picks the exit code
}

/// A listener that is a member: axum drops both when it closes the port.
struct Port {
    listener: TcpListener,
    member: Member,
}

impl axum::serve::Listener for Port {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        axum::serve::Listener::accept(&mut self.listener).await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
