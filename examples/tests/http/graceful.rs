//! hyper-util's `GracefulShutdown` as a member of intake, with a deadline.

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

async fn serving(cap: Duration) -> (Coordinator, SocketAddr) {
    let stop = Coordinator::builder()
        .phases(Phases::service().adjust(Phase::INTAKE, |phase| phase.cap(cap)))
        .budget(LONG * 2)
        .start()
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn intake_is_over_when_the_connections_have_ended() {
    let (stop, at) = serving(LONG).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_does_not_end_costs_the_cap_and_no_more() {
    let (stop, at) = serving(Duration::from_millis(500)).await;
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
    assert_eq!(http.note(), Some("1 connections to end"));
    assert!(report.took() < LONG, "{report}");
    drop(client.join().unwrap());
}
