"""Plays a publisher frame by frame, over real sockets, to a subscriber of either kind."""

from __future__ import annotations

import asyncio
import time
import unittest
from collections.abc import Callable
from typing import Any, TypeVar

import zmq

from linger_subscriber import AsyncSubscriber, Delivery, Gone, Item, Subscriber, frames
from linger_subscriber.frames import NO_ID, TO_PUBLISHER, Frame, private_topic
from linger_subscriber.machine import Machine
from linger_subscriber.messages import Message, write_message
from linger_subscriber.wire import Entry

T = TypeVar("T")
EPOCH, NEXT_EPOCH = b"0123456789abcdef", b"fedcba9876543210"
TOPIC, NUMBER = b"EURUSD", 7
FAST: dict[str, Any] = {"retry_longest": 0.2, "farewell": 0.2}


class Blocking:
    """The subscriber with a thread of its own."""

    def __init__(self, *where: Any, **how: Any) -> None:
        self.subscriber = Subscriber(*where, **how)

    @property
    def machine(self) -> Machine:
        return self.subscriber._engine.machine

    def next(self, limit: float) -> Item | None:
        return self.subscriber.next(limit)

    def idle(self, limit: float) -> None:
        self.subscriber._engine.join(limit)

    def subscribed(self, prefix: str, limit: float) -> None:
        self.subscriber.wait_until_subscribed(prefix, limit)

    def close(self) -> None:
        self.subscriber.close(0)

    def end(self) -> None:
        self.subscriber.abort()


class Async:
    """The subscriber on an event loop, which runs while the test waits for something."""

    def __init__(self, *where: Any, **how: Any) -> None:
        self.loop = asyncio.new_event_loop()

        async def make() -> AsyncSubscriber:
            return AsyncSubscriber(*where, **how)

        self.subscriber = self.loop.run_until_complete(make())

    @property
    def machine(self) -> Machine:
        return self.subscriber._machine

    def next(self, limit: float) -> Item | None:
        async def one() -> Item | None:
            try:
                return await asyncio.wait_for(self.subscriber.next(), limit)
            except asyncio.TimeoutError:
                return None

        return self.loop.run_until_complete(one())

    def idle(self, limit: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(limit))

    def subscribed(self, prefix: str, limit: float) -> None:
        async def granted() -> None:
            await asyncio.wait_for(self.subscriber.wait_until_subscribed(prefix), limit)

        try:
            self.loop.run_until_complete(granted())
        except asyncio.TimeoutError:
            raise TimeoutError from None

    def close(self) -> None:
        self.loop.run_until_complete(self.subscriber.close(0))

    def end(self) -> None:
        self.subscriber.abort()
        self.loop.close()


class Play(unittest.TestCase):
    """One publisher, of which the test says each frame, and one subscriber."""

    driver: type[Blocking] | type[Async] = Blocking
    prefixes: list[str] = ["EUR"]
    how: dict[str, Any] = {}

    def setUp(self) -> None:
        self.context: zmq.Context[Any] = zmq.Context()
        self.pub, self.router = self.context.socket(zmq.XPUB), self.context.socket(zmq.ROUTER)
        self.router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self.pub.setsockopt(zmq.SNDHWM, 0)  # nothing is lost that the test does not lose
        self.secure()
        ports = [one.bind_to_random_port("tcp://127.0.0.1") for one in (self.pub, self.router)]
        self.epoch, self.items = EPOCH, list[Item]()
        self.subscriptions: set[bytes] = set()
        self.where = [f"tcp://127.0.0.1:{port}" for port in ports]
        how = {"context": self.context, **FAST, **self.how}
        self.driven = self.driver("one", *self.where, self.prefixes, **how)
        self.subscriber = self.driven.subscriber

    def secure(self) -> None:
        """What is to be set before the publisher's sockets are bound."""

    def tearDown(self) -> None:
        self.driven.end()
        self.context.destroy(linger=0)

    @property
    def machine(self) -> Machine:
        return self.driven.machine

    def turn(self) -> None:
        item = self.driven.next(0.01)
        if item is not None:
            self.items.append(item)

    def until(self, wanted: Callable[[], T]) -> T:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = wanted()
            if found:
                return found
            self.turn()
        raise AssertionError(f"it did not come; the last items: {self.items[-10:]}")

    def until_ready(self, wanted: Callable[[], T]) -> T:
        """As `until`, but the application takes nothing meanwhile."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = wanted()
            if found:
                return found
            self.driven.idle(0.01)
        raise AssertionError(f"it did not come; ready: {list(self.machine.ready)[:10]}")

    def heard(self) -> Frame | None:
        if not self.router.poll(0):
            return None
        self.route, frame = self.router.recv_multipart()
        return frames.read_control(frame, TO_PUBLISHER)

    def hears(self, kind: type[T]) -> T:
        """Waits for a frame of this kind; skips others."""

        def wanted() -> Frame | None:
            frame = self.heard()
            return frame if frame and isinstance(frame.body, kind) else None

        found = self.until(wanted)
        assert found is not None
        self.frame = found
        body: T = found.body
        return body

    def says(self, body: Any) -> None:
        frame = frames.write_control(Frame(self.epoch, self.session, body))
        self.router.send_multipart([self.route, frame])

    def says_in_band(self, body: Any) -> None:
        frame = frames.write_control(Frame(self.epoch, NO_ID, body))
        self.pub.send(private_topic(self.nonce) + frame)

    def publishes(
        self, sequence: int, epoch: bytes = EPOCH, bare: bool = False, topic: bytes = TOPIC
    ) -> None:
        tag = int.from_bytes(epoch[-4:], "big")
        message = Message(topic, tag, NUMBER, sequence, str(sequence).encode())
        self.pub.send_multipart(write_message(message, bare))

    def entry(self, sequence: int) -> Entry:
        return Entry(NUMBER, sequence, TOPIC)

    def is_subscribed(self, prefix: bytes) -> bool:
        """Only what is subscribed gets there."""
        while self.pub.poll(0):
            said = self.pub.recv()
            (self.subscriptions.add if said[:1] == b"\1" else self.subscriptions.discard)(said[1:])
        return prefix in self.subscriptions

    def takes_hello(self) -> frames.Hello:
        hello = self.hears(frames.Hello)
        self.session, self.nonce = self.frame.session, hello.nonce
        self.until(lambda: self.is_subscribed(private_topic(self.nonce)))
        return hello

    def welcomes(self, base: int | None, expiry_ms: int = 60_000, window: int = 800) -> None:
        self.takes_hello()
        sizes = {"window_messages": window, "window_bytes": 1 << 20, "expiry_ms": expiry_ms}
        entries = [] if base is None else [self.entry(base)]
        self.says_in_band(frames.Welcome(3, 1, 2, **sizes, entries=[]))
        self.says_in_band(frames.Welcome(3, 0, 2, **sizes, entries=entries))
        self.assertEqual(self.hears(frames.Joined).welcome, 3)

    def joins(self, base: int | None = 1) -> None:
        self.welcomes(base)
        self.says(frames.Member())
        self.until(lambda: self.machine.state == "member")

    def whole_marks(self) -> tuple[int, int]:
        ack = self.hears(frames.Ack)
        while not ack.whole:
            ack = self.hears(frames.Ack)
        return self.pair(ack)

    def pair(self, said: frames.Ack | frames.Bye) -> tuple[int, int]:
        (mark,) = said.marks
        return mark.received, mark.processed

    def deliveries(self) -> list[Delivery]:
        return [item for item in self.items if isinstance(item, Delivery)]

    def messages(self) -> list[int]:
        return [item.sequence for item in self.deliveries()]

    def gaps(self) -> list[tuple[int, int]]:
        return [(item.first, item.last) for item in self.items if isinstance(item, Gone)]

    def notices(self) -> list[str]:
        return [str(item) for item in self.items if not isinstance(item, (Delivery, Gone))]

    def ends(self) -> str:
        outcome = self.until(lambda: self.subscriber.outcome)
        assert outcome is not None
        while (item := self.driven.next(5)) is not None:
            self.items.append(item)
        return outcome
