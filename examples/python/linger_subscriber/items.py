"""What a subscriber hands to its application."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NamedTuple, Union

if TYPE_CHECKING:
    from .topic import Topic

Outcome = Literal["confirmed", "unconfirmed", "incomplete", "superseded", "aborted"]


def shown(text: bytes) -> str:
    """Bytes from strangers as a line of a log can hold them."""
    return text.decode(errors="backslashreplace").encode("unicode_escape").decode()


class Delivery:
    """A message, the next of its topic.

    Only `ack` counts as processed [A1]. One that is dropped without it, or whose `with` block ends
    without it, is abandoned: it is handed out again as often as `redeliveries` says, and then named
    as `Abandoned`; it stays unacknowledged. At the level received nothing of this is needed.

    Any thread may acknowledge, in any order.
    """

    __slots__ = ("_is_open", "_settle", "attempt", "owed_in", "payload", "sequence", "topic")

    def __init__(
        self,
        owed_in: Topic,
        sequence: int,
        payload: bytes,
        settle: Callable[[Delivery, bool], None],
        attempt: int = 1,
    ) -> None:
        self.topic = owed_in.name
        self.sequence, self.payload = sequence, payload
        self.attempt = attempt  # 1 is the first
        self.owed_in = owed_in
        self._settle, self._is_open = settle, True

    def ack(self) -> None:
        """It was processed. Again, or for one of a former session, this does nothing."""
        if self._is_open:
            self._is_open = False
            self._settle(self, True)

    def abandon(self) -> None:
        """It was not processed, and will not be by whoever has it."""
        if self._is_open:
            self._is_open = False
            self._settle(self, False)

    def withdraw(self) -> None:
        """For whoever takes it back before the application had it."""
        self._is_open = False

    def __enter__(self) -> Delivery:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abandon()

    def __del__(self) -> None:
        if self._is_open:
            self.abandon()

    def __repr__(self) -> str:
        size = len(self.payload)
        return f"Delivery({shown(self.topic)} {self.sequence}, {size} bytes, attempt {self.attempt})"


class Gone(NamedTuple):
    """These messages of a topic can't be had any more."""

    topic: bytes
    first: int
    last: int

    def __str__(self) -> str:
        return f"{shown(self.topic)} {self.first} to {self.last} are gone"


class Abandoned(NamedTuple):
    """A delivery was dropped unprocessed for the last time; it stays unacknowledged."""

    topic: bytes
    sequence: int

    def __str__(self) -> str:
        return f"abandoned {shown(self.topic)} {self.sequence}"


class LastMark(NamedTuple):
    """How far a session was in a topic."""

    topic: bytes
    received: int
    processed: int


class Joined(NamedTuple):
    """It is a member: what it acknowledges counts."""

    epoch: bytes

    def __str__(self) -> str:
        return f"joined {self.epoch.hex()}"


class Lost(NamedTuple):
    """The publisher knows this session no more; it joins anew by itself."""

    why: str

    def __str__(self) -> str:
        return f"session lost: {self.why}"


class Restarted(NamedTuple):
    """The publisher was restarted: sequences begin anew. The marks are those of its former life."""

    epoch: bytes
    marks: tuple[LastMark, ...]

    def __str__(self) -> str:
        return "the publisher was restarted"


class Refused(NamedTuple):
    """The publisher does not grant these prefixes; without any: it does not let this one join."""

    why: str
    prefixes: tuple[bytes, ...] = ()

    def __str__(self) -> str:
        return " ".join([f"refused: {self.why}", *map(shown, self.prefixes)])


class Granted(NamedTuple):
    """Topics of these prefixes come from now on."""

    prefixes: tuple[bytes, ...]

    def __str__(self) -> str:
        return " ".join(["granted", *map(shown, self.prefixes)])


class Released(NamedTuple):
    """Topics of these prefixes come no more, unless another prefix matches."""

    prefixes: tuple[bytes, ...]

    def __str__(self) -> str:
        return " ".join(["released", *map(shown, self.prefixes)])


class EndOfStream(NamedTuple):
    """The publisher closes, and everything that it owes was handed out."""

    def __str__(self) -> str:
        return "end of stream"


class Superseded(NamedTuple):
    """A newer session has this name; this one has ended for good."""

    def __str__(self) -> str:
        return "superseded: a newer session has this name"


Event = Union[
    Abandoned,
    Joined,
    Lost,
    Restarted,
    Refused,
    Granted,
    Released,
    EndOfStream,
    Superseded,
]
Item = Union[Delivery, Gone, Event]
