//! hyper with a loop of one's own: each connection is a member, and the report knows its peer.
//!
//! When intake stops, the port is closed; when work stops, idle connections end and the others
//! after the request they are in. Who is not done by the deadline is aborted, and named.
//!
//! It answers with the number of bytes it was sent. A SIGTERM or Ctrl-C stops it. Argument: the
//! budget, in milliseconds.
#![forbid(unsafe_code)]

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use linger::linger_coordinator::Report;
use linger::{Coordinator, Member, Phase};
use std::error::Error;
use std::pin::pin;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<Report, Box<dyn Error>> {
    let mut millis = std::env::args().skip(1).map(|arg| arg.parse());
    let stop = Coordinator::builder()
        .budget(Duration::from_millis(millis.next().unwrap_or(Ok(20_000))?))
        .on_signals()
        .owns_process()
        .start()?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    let connections = stop.clone();
    stop.spawn("port", Phase::INTAKE, |member| async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = member.triggered() => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let serve = |member| serve(stream, member);
                    connections.spawn(peer.to_string(), Phase::WORK, serve)?;
                }
                // No descriptor is free, or the peer is gone already.
                Err(error) => {
                    member.note(error);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    })?;

    let report = stop.wait().await;
    println!("{report}");
    Ok(report) // picks the exit code
}

/// One connection, to its end.
///
/// An error of the peer's is no reason to stop the service: it is only noted.
async fn serve(stream: TcpStream, member: Member) {
    let connection =
        http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(count));
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = member.triggered() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        member.note(error);
    }
}

async fn count(request: Request<Incoming>) -> hyper::Result<Response<Full<Bytes>>> {
    let body = request.into_body().collect().await?.to_bytes();
    Ok(Response::new(Full::from(body.len().to_string())))
}
