//! A TCP relay on loopback that cuts, refuses, stalls and slows down on command.

mod connection;
mod engine;
mod flow;
mod shape;

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use engine::Engine;

/// What a relay has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Connections that were taken and joined to the upstream.
    pub accepted: u64,
    /// Connections that were reset at once, because the relay was told to refuse.
    pub refused: u64,
    /// Connections that were reset because nothing listened upstream.
    pub unreachable: u64,
    /// Connections that were cut by command.
    pub cut: u64,
    /// Connections that are open now.
    pub live: u64,
    /// Bytes from the clients that were passed on to the upstream.
    pub upstream_bytes: u64,
    /// Bytes from the upstream that were passed on to the clients.
    pub downstream_bytes: u64,
}

/// Forwards connections from a loopback port to another address until told otherwise.
///
/// Everything happens on one thread, which ends when this is dropped. Each command has taken
/// effect when it returns, with what was counted up to then.
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::{TcpListener, TcpStream};
/// use linger_testkit::relay::Relay;
///
/// let server = TcpListener::bind("127.0.0.1:0")?;
/// let relay = Relay::start(server.local_addr()?)?;
/// let mut client = TcpStream::connect(relay.addr())?;
/// let (mut served, _) = server.accept()?;
/// served.write_all(b"hello")?;
/// let mut heard = [0; 5];
/// client.read_exact(&mut heard)?;
/// assert_eq!(relay.cut().cut, 1);
/// assert!(client.read(&mut heard).is_err()); // connection reset
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a relay ends when this is dropped"]
pub struct Relay {
    addr: SocketAddr,
    desk: Mutex<Desk>,
    board: Arc<Board>,
    thread: Option<JoinHandle<()>>,
}

/// One command at a time: the lock spans the question and its answer.
#[derive(Debug)]
struct Desk {
    orders: Sender<Order>,
    answers: Receiver<Counters>,
    bell: UnixStream,
}

/// Where the thread shows what it counted, each time that something has changed.
#[derive(Debug, Default)]
struct Board {
    counters: Mutex<Counters>,
    changed: Condvar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Count,
    Cut,
    Refuse(bool),
    Stall(bool),
    CutAfter(u64),
    Delay(Duration),
    Throttle(Option<u64>),
}

impl Relay {
    /// Listens on a free loopback port, and forwards what connects to `upstream`.
    ///
    /// # Errors
    ///
    /// What the operating system says where the port or the thread can't be had.
    pub fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let (bell, rung) = UnixStream::pair()?;
        rung.set_nonblocking(true)?;
        let (orders, taken) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let board = Arc::new(Board::default());
        let shown = Arc::clone(&board);
        let engine = Engine::new(listener, upstream, rung, taken, answer, shown);
        let thread = thread::Builder::new()
            .name(format!("relay {addr}"))
            .spawn(move || engine.run())?;
        let desk = Mutex::new(Desk {
            orders,
            answers,
            bell,
        });
        Ok(Self {
            addr,
            desk,
            board,
            thread: Some(thread),
        })
    }

    /// Where clients connect.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Resets all connections at once, both ways; what is in flight is lost.
    ///
    /// New ones are taken again right away, unless [`refuse`](Self::refuse) was called.
    pub fn cut(&self) -> Counters {
        self.order(Order::Cut)
    }

    /// Resets every new connection at once; those that are open stay.
    pub fn refuse(&self) -> Counters {
        self.order(Order::Refuse(true))
    }

    /// Takes new connections again.
    pub fn accept(&self) -> Counters {
        self.order(Order::Refuse(false))
    }

    /// Forwards nothing any more, either way, with all connections left open.
    pub fn stall(&self) -> Counters {
        self.order(Order::Stall(true))
    }

    /// Goes on forwarding.
    pub fn resume(&self) -> Counters {
        self.order(Order::Stall(false))
    }

    /// Passes `bytes` more to the clients, all connections together, then ends them all, once.
    ///
    /// A client that had sent nothing more reads all of these bytes and then the end; otherwise
    /// its connection is reset, which may take the last of them. 0 cuts right away.
    pub fn cut_after_bytes(&self, bytes: u64) -> Counters {
        self.order(Order::CutAfter(bytes))
    }

    /// Holds back by so long whatever comes from now on, both ways, in order; zero is not at all.
    ///
    /// Some 1 MiB each way is held of a connection; what is beyond is not read until then.
    pub fn delay(&self, delay: Duration) -> Counters {
        self.order(Order::Delay(delay))
    }

    /// Passes so many bytes a second each way, all connections together; `None` is without a limit.
    ///
    /// Less than 1 counts as 1.
    pub fn throttle(&self, bytes_per_second: Option<u64>) -> Counters {
        self.order(Order::Throttle(bytes_per_second))
    }

    /// What happened up to now.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.order(Order::Count)
    }

    /// Waits until the counters pass, or until `deadline`; what they were last, either way.
    ///
    /// # Errors
    ///
    /// The counters at `deadline`, where they did not pass.
    pub fn wait_until(
        &self,
        deadline: Instant,
        mut wanted: impl FnMut(&Counters) -> bool,
    ) -> Result<Counters, Counters> {
        let mut counters = self.board.counters.lock();
        while !wanted(&counters) {
            let waited = self.board.changed.wait_until(&mut counters, deadline);
            if waited.timed_out() {
                return if wanted(&counters) {
                    Ok(*counters)
                } else {
                    Err(*counters)
                };
            }
        }
        Ok(*counters)
    }

    fn order(&self, order: Order) -> Counters {
        let mut desk = self.desk.lock();
        // The thread ends only when this is dropped, or where poll itself fails: nothing runs then.
        if desk.orders.send(order).is_err() || desk.bell.write_all(&[0]).is_err() {
            return Counters::default();
        }
        desk.answers.recv().unwrap_or_default()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // The end of the bell's stream is what ends the thread.
        let _ = self.desk.get_mut().bell.shutdown(std::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
