use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::*;

/// A server, a relay before it, and a client through both.
struct Path {
    server: TcpListener,
    relay: Relay,
}

impl Path {
    fn new() -> Self {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay::start(server.local_addr().unwrap()).unwrap();
        Self { server, relay }
    }

    /// The client's end and the server's.
    fn join(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.relay.addr()).unwrap();
        let (served, _) = self.server.accept().unwrap();
        for stream in [&client, &served] {
            // So that a test that fails ends.
            stream
                .set_read_timeout(Some(Duration::from_secs(20)))
                .unwrap();
            stream
                .set_write_timeout(Some(Duration::from_secs(20)))
                .unwrap();
        }
        (client, served)
    }
}

fn hear(stream: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut heard = vec![0; bytes];
    stream.read_exact(&mut heard).unwrap();
    heard
}

fn assert_reset(stream: &mut TcpStream) {
    let error = stream.read(&mut [0; 16]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
}

#[test]
fn both_ways_are_forwarded_and_counted() {
    let path = Path::new();
    let (mut client, mut served) = path.join();
    client.write_all(b"question").unwrap();
    assert_eq!(hear(&mut served, 8), b"question");
    served.write_all(b"an answer").unwrap();
    assert_eq!(hear(&mut client, 9), b"an answer");
    let counters = path.relay.counters();
    assert_eq!((counters.accepted, counters.live), (1, 1));
    assert_eq!((counters.upstream_bytes, counters.downstream_bytes), (8, 9));
}

#[test]
fn more_than_all_buffers_hold_arrives_whole() {
    let path = Path::new();
    let (mut client, mut served) = path.join();
    let sent: Vec<u8> = (0..8_000_000_u32)
        .map(|at| at.to_le_bytes()[0] ^ 0x5a)
        .collect();
    let heard = thread::scope(|scope| {
        scope.spawn(|| {
            served.write_all(&sent).unwrap();
            served.shutdown(std::net::Shutdown::Write).unwrap();
        });
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).unwrap();
        heard
    });
    assert!(heard == sent, "{} of {} bytes", heard.len(), sent.len());
}

#[test]
fn the_end_of_one_way_leaves_the_other_open() {
    let path = Path::new();
    let (mut client, mut served) = path.join();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(served.read(&mut [0; 1]).unwrap(), 0);
    served.write_all(b"still here").unwrap();
    assert_eq!(hear(&mut client, 10), b"still here");
}

#[test]
fn cut_resets_both_sides_and_takes_new_ones() {
    let path = Path::new();
    let (mut client, mut served) = path.join();
    served.write_all(b"x").unwrap();
    hear(&mut client, 1);
    let counters = path.relay.cut();
    assert_eq!((counters.cut, counters.live), (1, 0));
    assert_reset(&mut client);
    assert_reset(&mut served);
    let (mut client, mut served) = path.join();
    served.write_all(b"again").unwrap();
    assert_eq!(hear(&mut client, 5), b"again");
}

#[test]
fn refuse_resets_new_ones_and_leaves_the_open() {
    let path = Path::new();
    let (mut client, mut served) = path.join();
    served.write_all(b"x").unwrap();
    hear(&mut client, 1);
    path.relay.refuse();
    let mut turned_away = TcpStream::connect(path.relay.addr()).unwrap();
    turned_away
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    assert_reset(&mut turned_away);
    assert_eq!(path.relay.counters().refused, 1);
    served.write_all(b"open").unwrap();
    assert_eq!(hear(&mut client, 4), b"open");
    path.relay.accept();
    let (mut client, mut served) = path.join();
    served.write_all(b"new").unwrap();
    assert_eq!(hear(&mut client, 3), b"new");
}

#[test]
fn stall_holds_bytes_back_and_resume_lets_them_go() {
    let path = Path::new();
    let (mut client, mut served) = path.join();
    served.write_all(b"x").unwrap();
    hear(&mut client, 1);
    path.relay.stall();
    served.write_all(b"held").unwrap();
    client
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let nothing = client.read(&mut [0; 4]).unwrap_err();
    assert!(
        matches!(nothing.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{nothing}"
    );
    assert_eq!(path.relay.counters().downstream_bytes, 1);
    path.relay.resume();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    assert_eq!(hear(&mut client, 4), b"held");
}

#[test]
fn cut_after_bytes_passes_exactly_these_and_then_ends() {
    let path = Path::new();
    let (mut client, mut served) = path.join();
    path.relay.cut_after_bytes(1_000);
    served.write_all(&[7; 5_000]).unwrap();
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, [7; 1_000]);
    let counters = path.relay.counters();
    assert_eq!((counters.cut, counters.downstream_bytes), (1, 1_000));
    // Once: the next connection is whole.
    let (mut client, mut served) = path.join();
    served.write_all(&[8; 5_000]).unwrap();
    assert_eq!(hear(&mut client, 5_000), [8; 5_000]);
}

#[test]
fn nothing_upstream_resets_the_client_and_is_counted() {
    let path = Path::new();
    let upstream = path.server.local_addr().unwrap();
    let relay = Relay::start(upstream).unwrap();
    drop(path);
    let mut client = TcpStream::connect(relay.addr()).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    assert_reset(&mut client);
    assert_eq!(relay.counters().unreachable, 1);
}

#[test]
fn dropping_ends_thread_and_connections() {
    let path = Path::new();
    let (mut client, _served) = path.join();
    let addr = path.relay.addr();
    let Path {
        server: _server,
        relay,
    } = path;
    let begun = Instant::now();
    drop(relay);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_reset(&mut client);
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn what_is_counted_can_be_waited_for() {
    let path = Path::new();
    let soon = || Instant::now() + Duration::from_secs(20);
    let missed = path.relay.wait_until(Instant::now(), |now| now.live == 1);
    assert_eq!(missed, Err(Counters::default()));
    let (client, _served) = path.join();
    let joined = path.relay.wait_until(soon(), |now| now.live == 1).unwrap();
    assert_eq!(joined.accepted, 1);
    drop((client, _served));
    path.relay.wait_until(soon(), |now| now.live == 0).unwrap();
}

#[test]
fn what_is_delayed_comes_as_late_as_that_and_in_order() {
    let path = Path::new();
    let (mut client, mut served) = path.join();
    let delay = Duration::from_millis(150);
    path.relay.delay(delay);
    let begun = Instant::now();
    let sent: Vec<u8> = (0..200_000_u32).map(|at| at.to_le_bytes()[0]).collect();
    served.write_all(&sent).unwrap();
    client.write_all(b"up").unwrap();
    assert_eq!(hear(&mut served, 2), b"up");
    assert!(begun.elapsed() >= delay);
    assert!(hear(&mut client, sent.len()) == sent);
    // All at once, and not one buffer after the other.
    let took = begun.elapsed();
    assert!(took >= delay && took < delay * 10, "{took:?}");
    path.relay.delay(Duration::ZERO);
    served.write_all(b"x").unwrap();
    hear(&mut client, 1);
}

#[test]
fn the_end_of_a_delayed_connection_comes_after_its_last_byte() {
    let path = Path::new();
    let (mut client, mut served) = path.join();
    path.relay.delay(Duration::from_millis(50));
    served.write_all(b"last words").unwrap();
    served.shutdown(std::net::Shutdown::Write).unwrap();
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"last words");
}

#[test]
fn a_throttled_relay_passes_no_more_than_it_may_and_loses_nothing() {
    let path = Path::new();
    let (mut client, mut served) = path.join();
    path.relay.throttle(Some(200_000));
    let begun = Instant::now();
    let sent: Vec<u8> = (0..60_000_u32).map(|at| at.to_le_bytes()[0]).collect();
    served.write_all(&sent).unwrap();
    assert!(hear(&mut client, sent.len()) == sent);
    let took = begun.elapsed();
    // 300 ms, less what may go at once in the beginning.
    assert!(took >= Duration::from_millis(250), "{took:?}");
    path.relay.throttle(None);
    let begun = Instant::now();
    served.write_all(&sent).unwrap();
    assert!(hear(&mut client, sent.len()) == sent);
    assert!(begun.elapsed() < took, "{:?}", begun.elapsed());
}
