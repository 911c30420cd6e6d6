"""A publisher that is played frame by frame to the machine alone, on a clock of its own."""

from __future__ import annotations

import itertools
import unittest
from typing import Any, TypeVar

from linger_subscriber import Delivery, Gone, Settings, frames
from linger_subscriber.frames import IN_BAND, NO_ID, TO_PUBLISHER, Frame, private_topic
from linger_subscriber.machine import Machine
from linger_subscriber.messages import Message, write_message
from linger_subscriber.wire import Broken, Entry

T = TypeVar("T")
EPOCH, NEXT_EPOCH = b"0123456789abcdef", b"fedcba9876543210"
NUMBERS = {b"EURUSD": 1, b"EURGBP": 2, b"GBPUSD": 3}


class Peer(unittest.TestCase):
    """It is the machine's link, too, and records what goes over it."""

    how: dict[str, Any] = {"prefixes": (b"EUR",)}

    def setUp(self) -> None:
        self.now = 100.0
        self.is_full = False  # the connection takes no frame
        self.said: list[Frame] = []
        self.sizes: list[int] = []
        self.filters: list[tuple[str, bytes]] = []
        self.history: list[str] = []  # what was subscribed and said, in order
        self.epoch = EPOCH
        self.broken = 0
        self.welcome_number = 3
        drawn = itertools.count(1)
        draw = lambda: next(drawn).to_bytes(16, "big")  # noqa: E731
        settings = Settings("one", **self.how)
        self.machine = Machine(settings, self, self.settle, self.now, draw)

    def settle(self, delivery: Delivery, acked: bool) -> None:
        self.machine.settle(delivery, acked)

    # --- the link --------------------------------------------------------------------------------

    def say(self, frame: bytes) -> bool:
        if self.is_full:
            return False
        read = frames.read_control(frame, TO_PUBLISHER)
        self.said.append(read)
        self.sizes.append(len(frame))
        self.history.append(type(read.body).__name__)
        return True

    def subscribe(self, prefix: bytes) -> None:
        self.filters.append(("subscribe", prefix))
        self.history.append(f"subscribe {prefix!r}")

    def unsubscribe(self, prefix: bytes) -> None:
        self.filters.append(("unsubscribe", prefix))
        self.history.append(f"unsubscribe {prefix!r}")

    def is_subscribed(self, prefix: bytes) -> bool:
        count = self.filters.count(("subscribe", prefix))
        balance = count - self.filters.count(("unsubscribe", prefix))
        self.assertIn(balance, (0, 1), "a SUB counts")
        return balance == 1

    # --- time ------------------------------------------------------------------------------------

    def speaks(self) -> list[Any]:
        """What it says now."""
        had = len(self.said)
        self.machine.speak(self.now)
        return [frame.body for frame in self.said[had:]]

    def passes(self, seconds: float) -> list[Any]:
        """What it says in that time, each at the moment that it names."""
        until, said = self.now + seconds, self.speaks()
        for _ in range(100_000):
            at = self.machine.wake_at()
            if at > until:
                self.now = until
                return said
            self.now = max(self.now, at)
            said += self.speaks()
        raise AssertionError("it never rests")

    def kinds(self, said: list[Any], kind: type[T]) -> list[T]:
        return [body for body in said if isinstance(body, kind)]

    # --- what the publisher says -----------------------------------------------------------------

    def takes(self, came: list[bytes]) -> None:
        """What SUB reads."""
        try:
            self.machine.on_data(came, self.now)
        except Broken:
            self.broken += 1

    def publishes(
        self, sequence: int, topic: bytes = b"EURUSD", bare: bool = False, payload: bytes = b"x"
    ) -> None:
        tag = int.from_bytes(self.epoch[-4:], "big")
        message = Message(topic, tag, NUMBERS[topic], sequence, payload)
        self.takes(write_message(message, bare))

    def says(self, body: Any, session: bytes | None = None) -> None:
        """On control, or in-band: as the kind travels."""
        if frames.CODES[type(body)] in IN_BAND:
            frame = frames.write_control(Frame(self.epoch, NO_ID, body))
            return self.takes([private_topic(self.machine.nonce) + frame])
        whose = self.machine.session if session is None else session
        frame = frames.write_control(Frame(self.epoch, whose, body))
        try:
            self.machine.on_control([frame], self.now)
        except Broken:
            self.broken += 1

    def entries(self, **sequences: int) -> list[Entry]:
        named = [(topic.encode(), at) for topic, at in sequences.items()]
        return [Entry(NUMBERS[topic], at, topic) for topic, at in named]

    def welcomes(self, window: int = 800, expiry_ms: int = 60_000, **bases: int) -> None:
        self.speaks()
        sizes = {"window_messages": window, "window_bytes": 1 << 20, "expiry_ms": expiry_ms}
        number = self.welcome_number
        self.says(frames.Welcome(number, 0, 1, **sizes, entries=self.entries(**bases)))
        self.speaks()

    def joins(self, **bases: int) -> None:
        self.welcomes(**bases)
        self.says(frames.Member())
        self.speaks()
        self.assertEqual(self.machine.state, "member")

    # --- what the application has ----------------------------------------------------------------

    def taken(self, kind: type[T]) -> list[T]:
        """Takes all that waits; those of this kind."""
        items, ready = list(self.machine.ready), self.machine.ready
        ready.clear()
        return [item for item in items if isinstance(item, kind)]

    def sequences(self) -> list[int]:
        return [delivery.sequence for delivery in self.acknowledged()]

    def acknowledged(self) -> list[Delivery]:
        deliveries = self.taken(Delivery)
        for delivery in deliveries:
            delivery.ack()
        return deliveries

    def gone(self) -> list[tuple[bytes, int, int]]:
        return [(item.topic, item.first, item.last) for item in self.taken(Gone)]

    def marks(self) -> dict[int, tuple[int, int]]:
        """All marks, as the answer to QUERY says them."""
        self.says(frames.Query())
        acks = self.kinds(self.speaks(), frames.Ack)
        self.assertTrue(acks[-1].whole)
        marks = [mark for ack in acks for mark in ack.marks]
        return {mark.number: (mark.received, mark.processed) for mark in marks}
