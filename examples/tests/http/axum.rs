//! `05_a_web_server`.

use std::time::{Duration, Instant};

use crate::client::{Client, LONG, ask, wait_for_refusal};
use crate::server::Server;

const PROGRAM: &str = env!("CARGO_BIN_EXE_05_a_web_server");

#[test]
fn it_serves_while_not_ready_and_finishes_what_it_accepted() {
    let propagation = Duration::from_secs(3);
    let server = Server::start(PROGRAM, &["3000", "30000"]);
    let at = server.at;
    assert_eq!(ask(at, "GET", "/ready", "").0, 200);
    let (mut in_flight, mut idle, mut silent) = (
        Client::connect(at),
        Client::connect(at),
        Client::connect(at),
    );
    in_flight.begin();
    assert_eq!(idle.ask("POST", "/count", "abc"), (200, "3".to_owned()));

    let since = Instant::now();
    server.terminate();
    while ask(at, "GET", "/ready", "").0 != 503 {
        assert!(since.elapsed() < LONG);
    }
    // Told to go elsewhere, and served all the same: on new connections and on old ones.
    assert_eq!(ask(at, "POST", "/count", "abcd"), (200, "4".to_owned()));
    assert_eq!(idle.ask("GET", "/ready", "").0, 503);
    assert_eq!(idle.ask("POST", "/count", "ab"), (200, "2".to_owned()));

    idle.wait_for_close();
    assert!(since.elapsed() >= propagation, "{:?}", since.elapsed());
    wait_for_refusal(at);
    silent.wait_for_close();
    assert_eq!(in_flight.finish(), (200, "10".to_owned()));
    in_flight.wait_for_close();

    let (code, said) = server.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 tasks left"), "{said}");
}

#[test]
fn requests_that_do_not_end_are_counted_at_the_deadline() {
    let server = Server::start(PROGRAM, &["0", "3000"]);
    let (mut one, mut other) = (Client::connect(server.at), Client::connect(server.at));
    one.begin();
    other.begin();
    let mut idle = Client::connect(server.at);
    assert_eq!(idle.ask("GET", "/ready", "").0, 200);
    server.terminate();
    idle.wait_for_close();
    assert_eq!(one.finish(), (200, "10".to_owned()));
    let (code, said) = server.end();
    assert_eq!(code, Some(75), "{said}");
    assert!(said.contains("\"1 task left\""), "{said}");
}
