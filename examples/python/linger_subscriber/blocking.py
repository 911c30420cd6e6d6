"""The subscriber for plain threads: a thread of its own reads, acknowledges and beats."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

import zmq

from .items import Delivery, Item, LastMark, Outcome
from .machine import Machine
from .settings import Prefix, Settings, prefix_of, prefixes_of
from .sockets import Security, Sockets
from .timing import NEVER

GRACE = 1.0  # for what the application has in its hands when it leaves


class NotGranted(RuntimeError):
    """The publisher does not grant a prefix, or the subscriber has ended."""


class Subscriber:
    """One membership at one publisher; iterate for `Item`s.

    Messages of a topic come in order and once. Several threads may iterate and acknowledge. Close
    it, or use it in a `with` block; one that is merely dropped says nothing to its publisher, and
    expires there.
    """

    def __init__(
        self,
        name: str,
        data: str,
        control: str,
        prefixes: Prefix | Iterable[Prefix] = b"",
        *,
        security: Security | None = None,
        context: zmq.Context[Any] | None = None,
        **more: Any,
    ) -> None:
        """Connects; `more` are fields of `Settings`. Raises ValueError, Unsupported, ZMQError."""
        settings = Settings(name, prefixes_of(prefixes), **more)
        sockets = Sockets(context or zmq.Context.instance(), settings.max_frame, security)
        self._engine = Engine(settings, sockets)
        sockets.connect(data, control)
        self._engine.start()

    # --- items -----------------------------------------------------------------------------------

    def next(self, limit: float | None = None) -> Item | None:
        """The next item; None after the last one, or after so many seconds without one."""
        return self._engine.next(limit)

    def __iter__(self) -> Iterator[Item]:
        """Ends after the publisher's stream has, or after `leave`."""
        while (item := self._engine.next(None)) is not None:
            yield item

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it has not."""
        return self._engine.machine.outcome

    @property
    def counts(self) -> Counter[str]:
        """How many were repaired, duplicates, broken, gone, …, sessions lost."""
        return self._engine.machine.counts

    def marks(self) -> list[LastMark]:
        """How far each topic is."""
        return [topic.last_mark() for topic in list(self._engine.machine.stream.topics.values())]

    # --- prefixes --------------------------------------------------------------------------------

    def subscribe(self, prefix: Prefix) -> None:
        """Asks for a prefix more; `Granted` or `Refused` tells the answer."""
        self._engine.order("subscribe", prefix_of(prefix))

    def unsubscribe(self, prefix: Prefix) -> None:
        """Gives a prefix up; `Released` tells when. What was owed until then still comes."""
        self._engine.order("unsubscribe", prefix_of(prefix))

    def prefixes(self) -> tuple[bytes, ...]:
        """Those that the publisher has granted; none between two sessions."""
        return self._engine.machine.prefixes.granted

    def wait_until_subscribed(self, prefix: Prefix, limit: float) -> None:
        """Raises NotGranted where it is refused, TimeoutError after so many seconds."""
        self._engine.wait_until_subscribed(prefix_of(prefix), limit)

    # --- the end ---------------------------------------------------------------------------------

    def leave(self, grace: float = GRACE) -> None:
        """Leaves with what is acknowledged by then; signal handlers may call it.

        At the level processed nothing more is handed out; what the application has in its hands may
        be acknowledged for `grace` seconds.
        """
        self._engine.grace = grace
        self._engine.wake()

    def close(self, grace: float = GRACE) -> Outcome | None:
        """Leaves, and waits for the end: `grace` and the farewell at most."""
        self.leave(grace)
        self._engine.join(grace + self._engine.machine.settings.farewell + 1)
        return self.outcome

    def abort(self) -> None:
        """Ends at once, and says nothing to the publisher, as a crash would."""
        self._engine.is_aborted = True
        self._engine.wake()
        self._engine.join(1)

    def __enter__(self) -> Subscriber:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        engine = getattr(self, "_engine", None)
        if engine is not None:
            engine.is_aborted = True
            engine.wake()


class Engine:
    """The thread, and what it shares with the others.

    Only the thread touches the sockets and changes the machine. What others say goes through
    `settled` and `orders`, and a byte in a pipe wakes the thread when one of them falls due. Items
    go through `machine.ready`. Deques take and give one item in one step, and nothing here needs a
    lock but the wait for `news`; so a signal handler, or the end of a delivery, may come anywhere.
    """

    def __init__(self, settings: Settings, sockets: Sockets) -> None:
        self.sockets = sockets
        self.settled: deque[tuple[Delivery, bool]] = deque()
        self.orders: deque[tuple[str, bytes]] = deque()
        self.wake_after: float = NEVER  # so many in `settled` wake the thread
        self.is_behind = False  # SUB is not read until the application catches up
        self.grace: float | None = None  # leave
        self.holds_back = settings.level == "processed"  # what waits, when it leaves
        self.returned: deque[Delivery] = deque()  # was taken out, and came too late
        self.is_aborted = self.has_ended = False
        self.news = threading.Condition()
        self.waiting = 0
        self.waker = Waker()
        self.machine = Machine(settings, sockets, self.settle, time.monotonic())
        self.thread = threading.Thread(target=self.run, name=f"linger {settings.name}", daemon=True)

    def start(self) -> None:
        self.thread.start()

    # --- on any thread ---------------------------------------------------------------------------

    def settle(self, delivery: Delivery, acked: bool) -> None:
        self.settled.append((delivery, acked))
        if len(self.settled) >= self.wake_after:
            self.wake()

    def order(self, verb: str, prefix: bytes) -> None:
        self.orders.append((verb, prefix))
        self.wake()

    def wake(self) -> None:
        self.wake_after = NEVER
        self.waker.wake()

    def next(self, limit: float | None) -> Item | None:
        ready = self.machine.ready
        until = None if limit is None else time.monotonic() + limit
        while True:
            try:
                item = ready.popleft()
            except IndexError:
                if not self.wait(until):
                    return None
                continue
            if self.grace is not None and self.holds_back and isinstance(item, Delivery):
                self.returned.append(item)
                self.wake()
                continue
            if self.is_behind and len(ready) <= self.machine.settings.backlog // 2:
                self.is_behind = False
                self.wake()
            return item

    def wait(self, until: float | None) -> bool:
        """Waits for an item; false at the end, or when the time is over."""
        with self.news:
            self.waiting += 1
            try:
                while not self.machine.ready:
                    left = None if until is None else until - time.monotonic()
                    if self.has_ended or (left is not None and left <= 0):
                        return False
                    self.news.wait(left)
                return True
            finally:
                self.waiting -= 1

    def wait_until_subscribed(self, prefix: bytes, limit: float) -> None:
        until = time.monotonic() + limit
        with self.news:
            self.waiting += 1
            try:
                while prefix not in self.machine.prefixes.granted:
                    why = self.machine.refusals.get(prefix)
                    if why or self.has_ended:
                        raise NotGranted(why or "the subscriber has ended")
                    left = until - time.monotonic()
                    if left <= 0:
                        raise TimeoutError(f"{prefix!r} is not granted yet")
                    self.news.wait(left)
            finally:
                self.waiting -= 1

    def join(self, limit: float) -> None:
        if threading.current_thread() is not self.thread:
            self.thread.join(limit)

    # --- on its own thread -----------------------------------------------------------------------

    def run(self) -> None:
        try:
            while self.machine.state != "ended" and not self.is_aborted:
                self.turn()
        except zmq.ContextTerminated:
            pass  # whoever ended the context meant it
        finally:
            if self.machine.outcome is None:
                self.machine.finish("aborted")
            self.sockets.close()
            with self.news:
                self.has_ended = True
                self.news.notify_all()

    def turn(self) -> None:
        machine, now = self.machine, time.monotonic()
        is_more = self.sockets.read(machine, now)
        self.obey(now)
        for _ in range(len(self.settled)):
            machine.settle(*self.settled.popleft())
        machine.speak(now)
        if self.waiting:
            with self.news:
                self.news.notify_all()
        if machine.state != "ended" and not is_more:
            self.poll()

    def obey(self, now: float) -> None:
        machine = self.machine
        for _ in range(len(self.orders)):
            verb, prefix = self.orders.popleft()
            (machine.subscribe if verb == "subscribe" else machine.unsubscribe)(prefix)
        if self.grace is not None:
            machine.leave(now, self.grace)
            if not machine.takes:
                self.withdraw()

    def withdraw(self) -> None:
        """What nobody has taken is not handed out any more; it stays unacknowledged."""
        ready = self.machine.ready
        while self.returned:
            self.machine.withdraw(self.returned.popleft())
        for _ in range(len(ready)):
            try:
                item = ready.popleft()
            except IndexError:
                return
            if isinstance(item, Delivery):
                self.machine.withdraw(item)
            else:
                ready.append(item)

    def poll(self) -> None:
        """Waits until something comes, falls due, or is said by another thread."""
        machine = self.machine
        self.is_behind = machine.is_behind()
        says = zmq.POLLOUT if machine.is_held() else 0
        watched: list[Any] = [(self.sockets.dealer, zmq.POLLIN | says)]
        watched.append((self.waker.inlet, zmq.POLLIN))
        if not self.is_behind:
            watched.append((self.sockets.sub, zmq.POLLIN))
        # From here on others wake it; what they said before is seen below.
        is_timed = machine.ack_at != NEVER
        self.wake_after = max(1, machine.acks_before_due()) if is_timed else 1
        wait = min(machine.wake_at() - time.monotonic(), 3_600)
        is_idle = len(self.settled) < self.wake_after and not self.orders
        if wait > 0 and is_idle and (not self.is_behind or machine.is_behind()):
            events = zmq.zmq_poll(watched, int(wait * 1_000) + 1)
            if any(socket == self.waker.inlet for socket, _ in events):
                self.waker.drain()
        self.wake_after = NEVER


class Waker:
    """A pipe that ends a wait. It is closed with its last owner.

    Not before: a number that is closed is soon another file's, and whoever is about to write to it
    would write there.
    """

    def __init__(self) -> None:
        self.inlet, self.outlet = os.pipe()
        os.set_blocking(self.inlet, False)
        os.set_blocking(self.outlet, False)

    def wake(self) -> None:
        try:
            os.write(self.outlet, b"\0")
        except BlockingIOError:
            pass  # it is full, so the wait ends anyway

    def drain(self) -> None:
        try:
            while len(os.read(self.inlet, 4_096)) == 4_096:
                pass
        except BlockingIOError:
            pass

    def __del__(self) -> None:
        os.close(self.inlet)
        os.close(self.outlet)
