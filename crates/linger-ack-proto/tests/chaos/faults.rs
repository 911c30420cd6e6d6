//! What can go wrong, one step at a time, and how it is put right.

use super::Chaos;
use crate::oracle::Flush;
use crate::world::ms;

impl Chaos {
    pub(super) fn step(&mut self) {
        let at = self.rng.below(self.world.nodes.len());
        match self.rng.below(100) {
            0..30 => (0..=self.rng.below(6)).for_each(|_| self.publish()),
            30..50 => self.wait(50),
            50..56 => self.wait(600),
            56..58 => self.wait(3_000),
            58..66 => self.acknowledge_some(at),
            66..68 => self.world.nodes[at].acks ^= true,
            68..72 => self.world.nodes[at].data ^= true,
            72..75 => self.cut_control(at),
            75..79 => self.reconnect(at),
            79..82 => self.deliver_late(at),
            82..84 => self.suspend(at),
            84..86 => self.change_loss(),
            86..88 => {
                self.world.publishes ^= true;
                self.world.tick();
            }
            88..90 if self.world.nodes.len() < 6 => self.join(),
            90..91 => self.kill(at),
            91..92 => self.leave(at),
            92..94 => self.abandon(at),
            94..96 => self.flush(),
            96..97 if self.epochs < 1_003 => self.restart(),
            97..98 if self.rng.chance(50) => self.world.nodes[at].takes ^= true,
            97..98 => self.world.nodes[at].reads ^= true,
            98..99 if self.rng.chance(20) => self.begin_close(),
            _ => self.world.run(),
        }
    }

    fn wait(&mut self, at_most: usize) {
        let time = ms(1 + self.rng.below(at_most) as u64);
        self.world.pass(time);
    }

    pub(super) fn acknowledge_some(&mut self, at: usize) {
        let now = self.world.now;
        let node = &mut self.world.nodes[at];
        for _ in 0..self.rng.below(10) {
            if node.unacked.is_empty() {
                break;
            }
            let id = node.unacked.swap_remove(self.rng.below(node.unacked.len()));
            node.acknowledge(now, id);
        }
        self.world.run();
    }

    fn cut_control(&mut self, at: usize) {
        let dawdles = self.rng.chance(60);
        let node = &mut self.world.nodes[at];
        (node.control, node.dawdles) = (false, dawdles);
    }

    fn reconnect(&mut self, at: usize) {
        if !self.dead.contains(&at) {
            self.world.reconnect_control(at);
        }
    }

    /// What stood in an old connection's buffers comes up, in its order, or part of it.
    fn deliver_late(&mut self, at: usize) {
        if self.world.nodes[at].control {
            let mut late = std::mem::take(&mut self.world.nodes[at].late);
            let rest = late.split_off(self.rng.below(late.len() + 1));
            for (route, frame) in late {
                self.world.tell_publisher(route, frame);
            }
            if self.rng.chance(50) {
                self.world.nodes[at].late = rest;
            }
            self.world.run();
        }
    }

    fn suspend(&mut self, at: usize) {
        if !self.dead.contains(&at) {
            self.world.nodes[at].runs ^= true;
        }
    }

    fn change_loss(&mut self) {
        let faults = &mut self.world.faults;
        let rates = [0, 0, 5, 30, 80];
        faults.data = self.rng.pick(&rates);
        faults.up = self.rng.pick(&rates);
        faults.down = self.rng.pick(&rates);
    }

    fn kill(&mut self, at: usize) {
        let node = &mut self.world.nodes[at];
        (node.runs, node.data, node.control) = (false, false, false);
        self.dead.push(at);
    }

    fn leave(&mut self, at: usize) {
        let now = self.world.now;
        if self.world.nodes[at].runs {
            self.world.nodes[at].machine.leave(now);
        }
    }

    fn abandon(&mut self, at: usize) {
        if self.world.nodes[at].unacked.pop().is_some() {
            self.abandoned.push(at);
        }
    }

    fn flush(&mut self) {
        if !self.is_closing {
            self.flush = Some(Flush::begin(&self.world));
            let now = self.world.now;
            self.world.publisher.sync_now(now);
        }
    }

    fn begin_close(&mut self) {
        let now = self.world.now;
        self.world.publisher.begin_close(now);
        self.is_closing = true;
    }

    /// The faults are taken away. Who lost a delivery for ever can only leave.
    pub(super) fn mend(&mut self) {
        self.world.faults.heal();
        self.world.publishes = true;
        self.world.tick();
        for at in 0..self.world.nodes.len() {
            if self.dead.contains(&at) {
                continue;
            }
            self.deliver_late(at);
            let now = self.world.now;
            let node = &mut self.world.nodes[at];
            (node.runs, node.reads, node.data, node.acks) = (true, true, true, true);
            node.takes = true;
            let was_cut = !node.control;
            node.late.clear();
            node.acknowledge_all(now);
            if self.abandoned.contains(&at) {
                node.machine.leave(now);
            }
            if was_cut {
                self.world.reconnect_control(at);
            }
        }
    }
}
