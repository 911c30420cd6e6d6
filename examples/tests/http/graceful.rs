//! A whole server as a member of intake, with a deadline: hyper-util's `GracefulShutdown`, axum.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use linger::linger_coordinator::Outcome;
use linger::{Coordinator, Phase, Phases};
use tokio::net::TcpListener;

use crate::client::{Client, LONG};

async fn count(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes());
    let length = body.map_or(0, |body| body.len());
    Ok(Response::new(Full::from(length.to_string())))
}

/// A coordinator with a cap on intake, and a port.
async fn started(cap: Duration) -> (Coordinator, TcpListener, SocketAddr) {
    let stop = Coordinator::builder()
        .phases(Phases::service().adjust(Phase::INTAKE, |phase| phase.cap(cap)))
        .budget(LONG * 2)
        .start()
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    (stop, listener, at)
}

async fn hyper_util(cap: Duration) -> (Coordinator, SocketAddr) {
    let (stop, listener, at) = started(cap).await;
    stop.spawn("http", Phase::INTAKE, move |member| async move {
        let graceful = GracefulShutdown::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let io = TokioIo::new(accepted?.0);
                    let connection = http1::Builder::new().serve_connection(io, service_fn(count));
                    tokio::spawn(graceful.watch(connection));
                }
                () = member.triggered() => break,
            }
        }
        drop(listener);
        member.note(format_args!("{} connections to end", graceful.count()));
        graceful.shutdown().await;
        std::io::Result::Ok(())
    })
    .unwrap();
    (stop, at)
}

async fn axum(cap: Duration) -> (Coordinator, SocketAddr) {
    let (stop, listener, at) = started(cap).await;
    let count = |body: Bytes| async move { body.len().to_string() };
    let app = axum::Router::new().route("/count", axum::routing::post(count));
    stop.spawn("http", Phase::INTAKE, |member| async move {
        axum::serve(listener, app)
            .with_graceful_shutdown(member.token().cancelled_owned())
            .await
    })
    .unwrap();
    (stop, at)
}

/// A request in flight and a silent connection: the stop closes one, and waits for the other.
async fn waits_for_the_last((stop, at): (Coordinator, SocketAddr)) {
    let (begun, asked) = tokio::sync::oneshot::channel();
    let client = thread::spawn(move || {
        let (mut in_flight, mut silent) = (Client::connect(at), Client::connect(at));
        in_flight.begin();
        begun.send(()).unwrap();
        silent.wait_for_close();
        in_flight.finish()
    });
    asked.await.unwrap();
    stop.shutdown();
    let report = stop.wait().await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(client.join().unwrap(), (200, "10".to_owned()));
}

/// A request that does not end; the note on the server's member.
async fn is_not_held_up((stop, at): (Coordinator, SocketAddr)) -> Option<String> {
    let (begun, asked) = tokio::sync::oneshot::channel();
    let client = thread::spawn(move || {
        let mut hangs = Client::connect(at);
        hangs.begin();
        begun.send(()).unwrap();
        hangs
    });
    asked.await.unwrap();
    stop.shutdown();
    let report = stop.wait().await;
    let http = report.member("http").unwrap();
    assert_eq!(*http.outcome(), Outcome::Aborted);
    assert!(report.took() < LONG, "{report}");
    // Connections are tasks that the aborted server had spawned: they go on.
    let mut hung = client.join().unwrap();
    let late = tokio::task::spawn_blocking(move || hung.finish());
    assert_eq!(late.await.unwrap(), (200, "10".to_owned()));
    http.note().map(str::to_owned)
}

const CAP: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread")]
async fn with_hyper_util_intake_is_over_when_the_connections_have_ended() {
    waits_for_the_last(hyper_util(LONG).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_axum_intake_is_over_when_the_connections_have_ended() {
    waits_for_the_last(axum(LONG).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_hyper_util_a_connection_that_does_not_end_costs_the_cap_and_no_more() {
    let note = is_not_held_up(hyper_util(CAP).await).await;
    assert_eq!(note.as_deref(), Some("1 connections to end"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_axum_a_connection_that_does_not_end_costs_the_cap_and_no_more() {
    assert_eq!(is_not_held_up(axum(CAP).await).await, None);
}
