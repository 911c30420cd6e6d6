//! The relay's thread: one poll over everything.

use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::connection::{Connection, reset};
use super::shape::Shape;
use super::{Board, Counters, Order};

#[derive(Debug)]
pub(super) struct Engine {
    listener: TcpListener,
    upstream: SocketAddr,
    bell: UnixStream,
    orders: Receiver<Order>,
    answers: Sender<Counters>,
    board: Arc<Board>,
    connections: Vec<Connection>,
    counters: Counters,
    refusing: bool,
    stalled: bool,
    cut_after: Option<u64>,
    shape: Shape,
}

impl Engine {
    pub(super) fn new(
        listener: TcpListener,
        upstream: SocketAddr,
        bell: UnixStream,
        orders: Receiver<Order>,
        answers: Sender<Counters>,
        board: Arc<Board>,
    ) -> Self {
        Self {
            listener,
            upstream,
            bell,
            orders,
            answers,
            board,
            connections: Vec::new(),
            counters: Counters::default(),
            refusing: false,
            stalled: false,
            cut_after: None,
            shape: Shape::new(Instant::now()),
        }
    }

    /// Runs until the other end of the bell has gone, or poll fails.
    pub(super) fn run(mut self) {
        while self.wait().is_ok() {
            if !self.answer_the_bell() {
                break;
            }
            self.take_new();
            if !self.stalled {
                self.pump();
            }
            self.show();
        }
        for connection in self.connections.drain(..) {
            connection.cut();
        }
    }

    fn wait(&self) -> Result<(), Errno> {
        let mut fds = vec![
            PollFd::new(&self.bell, PollFlags::IN),
            PollFd::new(&self.listener, PollFlags::IN),
        ];
        let now = Instant::now();
        let mut wakes: Option<Instant> = None;
        if !self.stalled {
            for connection in &self.connections {
                let later = connection.watch(now, &self.shape, &mut fds);
                wakes = wakes.into_iter().chain(later).min();
            }
        }
        let wait = wakes.map(|at| at.saturating_duration_since(now));
        let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
        match poll(&mut fds, wait.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    fn show(&mut self) {
        self.counters.live = self.connections.len() as u64;
        let mut shown = self.board.counters.lock();
        if *shown != self.counters {
            *shown = self.counters;
            self.board.changed.notify_all();
        }
    }

    /// Carries out what was ordered; false when the relay was dropped.
    fn answer_the_bell(&mut self) -> bool {
        let mut rings = [0; 64];
        match self.bell.read(&mut rings) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Count => {}
                Order::Cut => self.cut(Connection::cut),
                Order::Refuse(refusing) => self.refusing = refusing,
                Order::Stall(stalled) => self.stalled = stalled,
                Order::CutAfter(0) => self.cut(Connection::cut_softly),
                Order::CutAfter(bytes) => self.cut_after = Some(bytes),
                Order::Delay(delay) => self.shape.delay = delay,
                Order::Throttle(rate) => self.shape.throttle(Instant::now(), rate),
            }
            self.counters.live = self.connections.len() as u64;
            let _ = self.answers.send(self.counters);
        }
        true
    }

    fn cut(&mut self, how: fn(Connection)) {
        self.counters.cut += self.connections.len() as u64;
        self.connections.drain(..).for_each(how);
        self.cut_after = None;
    }

    fn take_new(&mut self) {
        // Anything but a new connection is seen again by the next poll.
        while let Ok((client, _)) = self.listener.accept() {
            if self.refusing {
                self.counters.refused += 1;
                reset(client);
                continue;
            }
            match Connection::join(client, self.upstream) {
                Ok(connection) => {
                    self.counters.accepted += 1;
                    self.connections.push(connection);
                }
                Err(_) => self.counters.unreachable += 1,
            }
        }
    }

    fn pump(&mut self) {
        let now = Instant::now();
        self.shape.fill(now);
        let mut open = Vec::with_capacity(self.connections.len());
        for mut connection in std::mem::take(&mut self.connections) {
            let limit = self.cut_after.unwrap_or(u64::MAX);
            let Ok(passed) = connection.pump(now, &mut self.shape, limit) else {
                // One side has gone: the other is to see it as suddenly.
                connection.cut();
                continue;
            };
            self.counters.upstream_bytes += passed.up;
            self.counters.downstream_bytes += passed.down;
            if let Some(left) = &mut self.cut_after {
                *left -= passed.down;
            }
            if !connection.has_ended() {
                open.push(connection);
            }
        }
        self.connections = open;
        if self.cut_after == Some(0) {
            self.cut(Connection::cut_softly);
        }
    }
}
