//! A wire that is tapped: TCP connections passed on, and what went over them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Default)]
struct Heard {
    bytes: Mutex<Vec<u8>>,
    hung_up: AtomicUsize,
}

/// Before one endpoint; it passes on until the process ends.
pub(crate) struct Wire {
    pub(crate) endpoint: String,
    heard: Arc<Heard>,
}

impl Wire {
    pub(crate) fn tapped(endpoint: &str) -> Self {
        let upstream = endpoint.trim_start_matches("tcp://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let heard = Arc::<Heard>::default();
        let shared = Arc::clone(&heard);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&upstream) else {
                    break;
                };
                pass(&shared, &client, &server, false);
                pass(&shared, &server, &client, true);
            }
        });
        Self {
            endpoint: format!("tcp://{address}"),
            heard,
        }
    }

    /// How many connections the server has ended.
    pub(crate) fn hung_up(&self) -> usize {
        self.heard.hung_up.load(Ordering::Acquire)
    }

    /// Whether these bytes went by in either direction.
    pub(crate) fn shows(&self, wanted: &[u8]) -> bool {
        let bytes = self.heard.bytes.lock().expect("no panic");
        bytes.windows(wanted.len()).any(|part| part == wanted)
    }
}

fn pass(heard: &Arc<Heard>, from: &TcpStream, to: &TcpStream, is_answer: bool) {
    let heard = Arc::clone(heard);
    let copy = |stream: &TcpStream| stream.try_clone().expect("a descriptor");
    let (mut from, mut to) = (copy(from), copy(to));
    thread::spawn(move || {
        let mut buffer = [0; 4_096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let passed = &buffer[..length];
            let mut bytes = heard.bytes.lock().expect("no panic");
            bytes.extend_from_slice(passed);
            drop(bytes);
            if to.write_all(passed).is_err() {
                break;
            }
        }
        // Both ways are over once one is, or the other end would never hear of it.
        let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
        if is_answer {
            heard.hung_up.fetch_add(1, Ordering::Release);
        }
    });
}
