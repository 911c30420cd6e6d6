//! As much of an HTTP client as these tests need.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// No wait of a test is longer.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// One connection, kept alive.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.stream.get_ref().local_addr().unwrap()
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The status of an answer, and its body.
    pub(crate) fn answer(&mut self) -> (u16, String) {
        let status = self.line();
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        let mut length = 0;
        loop {
            let header = self.line().to_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> (u16, String) {
        let length = body.len();
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n{body}"
        ));
        self.answer()
    }

    /// Sends half a request, and returns once the server has begun to read its body.
    pub(crate) fn begin(&mut self) {
        self.send(
            "POST /count HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\
             expect: 100-continue\r\n\r\n",
        );
        assert_eq!(self.answer().0, 100);
        self.send("01234");
    }

    /// Sends the other half.
    pub(crate) fn finish(&mut self) -> (u16, String) {
        self.send("56789");
        self.answer()
    }

    /// Waits until the server closes the connection.
    pub(crate) fn wait_for_close(&mut self) {
        let mut rest = Vec::new();
        // A reset is a close, too.
        if let Err(error) = self.stream.read_to_end(&mut rest) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
        assert_eq!(rest, b"");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

/// Asks once, on a connection of its own.
pub(crate) fn ask(to: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    Client::connect(to).ask(method, path, body)
}

/// Waits until new connections are refused.
pub(crate) fn wait_for_refusal(to: SocketAddr) {
    let limit = Instant::now() + LONG;
    while TcpStream::connect(to).is_ok() {
        assert!(Instant::now() < limit, "{to} is still open");
        std::thread::yield_now();
    }
}
