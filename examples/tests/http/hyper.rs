//! `06_a_member_a_connection`.

use std::net::TcpStream;

use crate::client::Client;
use crate::server::Server;

const PROGRAM: &str = env!("CARGO_BIN_EXE_06_a_member_a_connection");

#[test]
fn connections_end_after_the_request_they_are_in() {
    let server = Server::start(PROGRAM, &["30000"]);
    let at = server.at;
    let (mut in_flight, mut idle, mut silent) = (
        Client::connect(at),
        Client::connect(at),
        Client::connect(at),
    );
    in_flight.begin();
    assert_eq!(idle.ask("POST", "/", "abc"), (200, "3".to_owned()));
    let peer = in_flight.local();
    server.terminate();
    idle.wait_for_close();
    // Work has begun, so intake is over.
    assert!(TcpStream::connect(at).is_err());
    silent.wait_for_close();
    assert_eq!(in_flight.finish(), (200, "10".to_owned()));
    in_flight.wait_for_close();
    let (code, said) = server.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&peer.to_string()), "{said}");
}

#[test]
fn a_peer_that_does_not_end_is_named_at_the_deadline() {
    let server = Server::start(PROGRAM, &["1000"]);
    let mut hangs = Client::connect(server.at);
    hangs.begin();
    server.terminate();
    hangs.wait_for_close();
    let (code, said) = server.end();
    assert_eq!(code, Some(75), "{said}");
    let peer = hangs.local().to_string();
    let named = said.lines().find(|line| line.contains(&peer)).unwrap();
    assert!(named.contains("aborted"), "{said}");
}
