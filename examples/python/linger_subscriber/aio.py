"""The subscriber for asyncio: no thread, the event loop reads, acknowledges and beats."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Any

import zmq

from .blocking import GRACE, NotGranted
from .items import Delivery, Item, LastMark, Outcome
from .machine import Machine
from .settings import Prefix, Settings, prefix_of, prefixes_of
from .sockets import Security, Sockets
from .timing import NEVER


class AsyncSubscriber:
    """One membership at one publisher; iterate with `async for` for `Item`s.

    Make it where the event loop runs. Messages of a topic come in order and once. It beats while
    the application awaits; who blocks the loop for longer than the publisher's expiry expires.
    `Delivery.ack` may be called on any thread.
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
        self._loop = asyncio.get_running_loop()
        self._sockets = Sockets(context or zmq.Context.instance(), settings.max_frame, security)
        self._settled: deque[tuple[Delivery, bool]] = deque()
        self._wake_after: float = NEVER  # so many in `_settled` wake the loop
        self._is_behind = False
        self._news: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_called = False  # a turn is on the loop's list
        self._has_closed = False
        self._machine = Machine(settings, self._sockets, self._settle, time.monotonic())
        self._sockets.connect(data, control)
        self._files = [socket.getsockopt(zmq.FD) for socket in self._both()]
        for file in self._files:
            self._loop.add_reader(file, self._turn)
        self._call()

    def _both(self) -> list[Any]:
        return [self._sockets.dealer, self._sockets.sub]

    # --- items -----------------------------------------------------------------------------------

    async def next(self) -> Item | None:
        """The next item; None after the last one.

        Safe to cancel: an item is taken out only when it is returned.
        """
        machine = self._machine
        while not machine.ready:
            if self._has_closed:
                return None
            await self._wait()
        item = machine.ready.popleft()
        if self._is_behind and len(machine.ready) <= machine.settings.backlog // 2:
            self._is_behind = False
            self._call()
        return item

    async def __aiter__(self) -> AsyncIterator[Item]:
        """Ends after the publisher's stream has, or after `leave`."""
        while (item := await self.next()) is not None:
            yield item

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it has not."""
        return self._machine.outcome

    @property
    def counts(self) -> Counter[str]:
        """How many were repaired, duplicates, broken, gone, …, sessions lost."""
        return self._machine.counts

    def marks(self) -> list[LastMark]:
        """How far each topic is."""
        return [topic.last_mark() for topic in self._machine.stream.topics.values()]

    # --- prefixes --------------------------------------------------------------------------------

    def subscribe(self, prefix: Prefix) -> None:
        """Asks for a prefix more; `Granted` or `Refused` tells the answer."""
        self._machine.subscribe(prefix_of(prefix))
        self._call()

    def unsubscribe(self, prefix: Prefix) -> None:
        """Gives a prefix up; `Released` tells when. What was owed until then still comes."""
        self._machine.unsubscribe(prefix_of(prefix))
        self._call()

    def prefixes(self) -> tuple[bytes, ...]:
        """Those that the publisher has granted; none between two sessions."""
        return self._machine.prefixes.granted

    async def wait_until_subscribed(self, prefix: Prefix) -> None:
        """Raises NotGranted where it is refused. Safe to cancel."""
        wanted = prefix_of(prefix)
        while wanted not in self._machine.prefixes.granted:
            why = self._machine.refusals.get(wanted)
            if why or self._has_closed:
                raise NotGranted(why or "the subscriber has ended")
            await self._wait()

    # --- the end ---------------------------------------------------------------------------------

    def leave(self, grace: float = GRACE) -> None:
        """Leaves with what is acknowledged by then.

        At the level processed nothing more is handed out; what the application has in its hands may
        be acknowledged for `grace` seconds.
        """
        machine = self._machine
        machine.leave(time.monotonic(), grace)
        if not machine.takes:
            items, kept = list(machine.ready), machine.ready
            kept.clear()
            for item in items:
                if isinstance(item, Delivery):
                    machine.withdraw(item)
                else:
                    kept.append(item)
        self._call()

    async def close(self, grace: float = GRACE) -> Outcome | None:
        """Leaves, and waits for the end: `grace` and the farewell at most. Safe to cancel."""
        self.leave(grace)
        while not self._has_closed:
            await self._wait()
        return self.outcome

    def abort(self) -> None:
        """Ends at once, and says nothing to the publisher, as a crash would."""
        if self._machine.outcome is None:
            self._machine.finish("aborted")
        self._close()

    async def __aenter__(self) -> AsyncSubscriber:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.close()
        finally:
            self.abort()  # if that was cancelled

    # --- turns -----------------------------------------------------------------------------------

    def _settle(self, delivery: Delivery, acked: bool) -> None:
        self._settled.append((delivery, acked))
        if len(self._settled) >= self._wake_after:
            self._call()

    def _call(self) -> None:
        """Another turn, soon; any thread may ask for it."""
        self._wake_after = NEVER
        if not self._is_called and not self._loop.is_closed():
            self._is_called = True
            self._loop.call_soon_threadsafe(self._turn)

    async def _wait(self) -> None:
        """Until something is new."""
        news = self._loop.create_future()
        self._news.append(news)
        await news

    def _turn(self) -> None:
        self._is_called = False
        if not self._has_closed:
            try:
                self._run()
            except zmq.ContextTerminated:
                self.abort()  # whoever ended the context meant it
            except BaseException:
                self.abort()
                raise

    def _run(self) -> None:
        machine, now = self._machine, time.monotonic()
        is_more = self._sockets.read(machine, now)
        for _ in range(len(self._settled)):
            machine.settle(*self._settled.popleft())
        machine.speak(now)
        if machine.state == "ended":
            return self._close()
        self._tell()
        self._is_behind = machine.is_behind()
        # Their descriptors tell each arrival once, and saying a frame may take that away.
        dealer, sub = (socket.getsockopt(zmq.EVENTS) for socket in self._both())
        is_more |= bool(dealer & (zmq.POLLIN | (zmq.POLLOUT if machine.is_held() else 0)))
        is_more |= bool(sub & zmq.POLLIN) and not self._is_behind
        if is_more:
            return self._call()
        self._wake_after = max(1, machine.acks_before_due()) if machine.ack_at != NEVER else 1
        if len(self._settled) >= self._wake_after:
            return self._call()
        if self._timer:
            self._timer.cancel()
        wait = min(max(0.0, machine.wake_at() - time.monotonic()), 3_600)
        self._timer = self._loop.call_later(wait, self._turn)

    def _tell(self) -> None:
        news, self._news = self._news, []
        for one in news:
            if not one.done():
                one.set_result(None)

    def _close(self) -> None:
        if self._has_closed:
            return
        self._has_closed = True
        self._wake_after = NEVER
        if self._timer:
            self._timer.cancel()
        for file in self._files:
            self._loop.remove_reader(file)
        self._sockets.close()
        self._tell()
