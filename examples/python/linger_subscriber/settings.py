"""What a subscriber can be told: SPEC.md's chapter "Timers and limits"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .frames import Level
from .wire import Broken, check_topic

Prefix = bytes | str


def prefix_of(text: Prefix) -> bytes:
    """A prefix as it travels: at most 1,024 bytes, no NUL, not 0xFF first."""
    prefix = text.encode() if isinstance(text, str) else bytes(text)
    try:
        check_topic(prefix)
    except Broken:
        raise ValueError(f"no prefix: {prefix!r}") from None
    return prefix


def within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{what} is {value}, and must be {low} to {high}")


@dataclass(frozen=True)
class Settings:
    """One subscriber at one publisher. Times are seconds, sizes bytes."""

    name: str  # 1 to 255 bytes of UTF-8; a newer subscriber of the same name supersedes this one
    prefixes: tuple[bytes, ...] = (b"",)
    level: Level = "processed"
    credentials: bytes = b""  # for the publisher's authorizer; in clear, unless there is CURVE
    redeliveries: int = 0  # of a delivery that was abandoned [A6]
    retry_first: float = 0.05
    retry_longest: float = 1.0
    ack_delay: float = 0.005
    farewell: float = 1.0  # how long BYE is said again, and data read after FIN
    backlog: int = 1_000  # as many as this wait for the application: SUB is not read on
    reorder_messages: int = 65_536  # of what waits for an earlier message of its topic [R5]
    reorder_bytes: int = 32 << 20
    max_topics: int = 1_000_000
    max_frame: int = 64 << 20

    def __post_init__(self) -> None:
        within("the length of name", len(self.name.encode()), 1, 255)
        within("the length of credentials", len(self.credentials), 0, 0xFFFF)
        if self.level not in ("received", "processed"):
            raise ValueError(f"no level: {self.level!r}")
        for prefix in self.prefixes:
            prefix_of(prefix)
        within("redeliveries", self.redeliveries, 0, 2**31)
        within("retry_first", self.retry_first, 0.001, 10)
        within("retry_longest", self.retry_longest, max(0.001, self.retry_first), 60)
        within("ack_delay", self.ack_delay, 0, 10)
        within("farewell", self.farewell, 0.001, 3_600)
        within("backlog", self.backlog, 1, 2**31)
        within("reorder_messages", self.reorder_messages, 0, 2**31)
        within("reorder_bytes", self.reorder_bytes, 0, 2**41)
        within("max_topics", self.max_topics, 1, 2**31)
        within("max_frame", self.max_frame, 64 << 10, 2**41)


def prefixes_of(some: Prefix | Iterable[Prefix]) -> tuple[bytes, ...]:
    """One prefix or several, each once, in their order."""
    several = [some] if isinstance(some, (bytes, str)) else some
    return tuple(dict.fromkeys(map(prefix_of, several)))
