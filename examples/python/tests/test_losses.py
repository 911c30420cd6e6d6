"""A publisher of which anything may be lost, doubled or late: each seed is another run."""

from __future__ import annotations

import random
from typing import Any

from linger_subscriber import Delivery, Gone, frames
from linger_subscriber.messages import Message, write_message
from linger_subscriber.wire import Entry, Range
from tests.peer import Peer


class Losses(Peer):
    how = {"prefixes": (b"EUR",), "reorder_messages": 20}

    def test_all_is_handed_out_or_named_once_and_in_order_and_nothing_is_claimed(self) -> None:
        for seed in range(150):
            with self.subTest(seed=seed):
                self.setUp()
                self.run_of(random.Random(seed))

    def run_of(self, chance: random.Random) -> None:
        self.chance = chance
        self.loss = chance.choice([0.0, 0.1, 0.5])
        self.bare = chance.random() < 0.5
        bases = [chance.randint(1, 3) for _ in range(chance.randint(1, 4))]
        self.names = [b"EUR%d" % number for number in range(len(bases))]
        self.sent = [base - 1 for base in bases]
        self.retained = list(bases)  # the lowest that is still there
        self.had = [base - 1 for base in bases]
        self.acked = list(self.had)
        self.kept: list[Delivery] = []
        self.late: list[list[bytes]] = []
        self.speaks()
        entries = [self.entry(at, base) for at, base in enumerate(bases)]
        self.says(frames.Welcome(3, 0, 1, 64, 1 << 20, 60_000, entries))
        self.says(frames.Member())
        for _ in range(300):
            self.some_step()
        self.loss = 0.0
        for _ in range(400):
            if self.machine.outcome:
                break
            self.says_end()
            self.hears(self.passes(0.2))
            self.application(1.0)
        self.assertEqual(self.machine.outcome, "confirmed")
        self.assertEqual(self.had, self.sent)
        self.assertEqual(self.acked, self.sent)
        self.assertEqual(self.broken, 0)

    def entry(self, at: int, sequence: int) -> Entry:
        return Entry(at + 1, sequence, self.names[at])

    def some_step(self) -> None:
        chance = self.chance
        step = chance.random()
        at = chance.randrange(len(self.names))
        if step < 0.6:
            self.sent[at] += 1
            self.transmits(at, self.sent[at])
        elif step < 0.65 and self.sent[at]:
            self.transmits(at, chance.randint(max(1, self.sent[at] - 5), self.sent[at]))
        elif step < 0.7:
            self.retained[at] = chance.randint(self.retained[at], self.sent[at] + 1)
        elif step < 0.8:
            entries = [self.entry(one, last + 1) for one, last in enumerate(self.sent)]
            self.arrives_in_band(frames.Sync(entries))
        else:
            self.hears(self.passes(chance.choice([0.0, 0.01, 0.1])))
            self.application(0.7)

    def transmits(self, at: int, sequence: int) -> None:
        tag = int.from_bytes(self.epoch[-4:], "big")
        message = Message(self.names[at], tag, at + 1, sequence, b"%d" % sequence)
        self.late.append(write_message(message, self.bare))
        # Of two connections in turn, some come late.
        while self.late and self.chance.random() < 0.8:
            came = self.late.pop(0 if self.chance.random() < 0.9 else -1)
            if self.chance.random() >= self.loss:
                self.takes(came)

    def arrives_in_band(self, body: Any) -> None:
        if self.chance.random() >= self.loss:
            self.says(body)

    def says_end(self) -> None:
        for came in self.late:
            self.takes(came)
        self.late.clear()
        entries = [self.entry(at, last + 1) for at, last in enumerate(self.sent)]
        for part in (1, 0):
            self.says(frames.End(part, 2, entries[part::2]))

    def hears(self, said: list[Any]) -> None:
        for body in said:
            if isinstance(body, frames.Nack):
                self.repairs(body.ranges)
            elif isinstance(body, (frames.Ack, frames.Bye)):
                for mark in body.marks:
                    at = mark.number - 1
                    self.assertLessEqual(mark.received, self.sent[at])
                    self.assertGreaterEqual(mark.processed, self.acked[at], "marks never go back")
                    self.acked[at] = mark.processed
            if isinstance(body, frames.Bye):
                self.says(frames.ByeOk())

    def repairs(self, ranges: list[Range]) -> None:
        """Answers a NACK, at most five messages of it; a part of that is lost."""
        answer: list[Any] = []
        for number, first, last in ranges:
            self.assertLessEqual(last, self.sent[number - 1], "it was sent")
            there = max(first, self.retained[number - 1])
            if there > first:
                answer.append(frames.GoneRange(number, first, min(last, there - 1)))
            for sequence in range(there, last + 1):
                payload = b"%d" % sequence
                name = self.names[number - 1]
                answer.append(frames.Repair(number, sequence, False, name, payload))
        for at, body in enumerate(answer[:5]):
            if isinstance(body, frames.Repair) and at == len(answer[:5]) - 1:
                body = frames.Repair(body.number, body.sequence, True, body.topic, body.payload)
            if self.chance.random() >= self.loss:
                self.says(body)

    def application(self, share: float) -> None:
        """Takes all, and acknowledges a share of what it has, in any order."""
        items, ready = list(self.machine.ready), self.machine.ready
        ready.clear()
        for item in items:
            if isinstance(item, Gone):
                at = self.names.index(item.topic)
                self.assertEqual(item.first, self.had[at] + 1)
                self.had[at] = item.last
            elif isinstance(item, Delivery):
                at = self.names.index(item.topic)
                self.assertEqual(item.sequence, self.had[at] + 1)
                self.assertEqual(item.payload, b"%d" % item.sequence)
                self.had[at] = item.sequence
                self.kept.append(item)
        self.chance.shuffle(self.kept)
        for _ in range(int(len(self.kept) * share)):
            self.kept.pop().ack()
