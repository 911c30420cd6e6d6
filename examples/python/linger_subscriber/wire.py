"""What frames are made of: integers, ids, texts, lists, each read from bytes and written to them.

There is one way to write each, and what is cut or out of range is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class Broken(Exception):
    """What came can't be read: drop it, and go on [X1]."""


def require(condition: bool, what: str) -> None:
    """Refuses what does not hold."""
    if not condition:
        raise Broken(what)


class Reader:
    """Takes bytes from the front of a frame; refuses what is cut."""

    __slots__ = ("at", "frame")

    def __init__(self, frame: bytes) -> None:
        self.frame, self.at = frame, 0

    def left(self) -> int:
        return len(self.frame) - self.at

    def take(self, count: int) -> bytes:
        require(count <= self.left(), "cut")
        self.at += count
        return self.frame[self.at - count : self.at]


class Kind(Protocol[T]):
    """One way to write a value; it takes `least` bytes or more."""

    least: int

    def read(self, reader: Reader) -> T: ...

    def write(self, value: T) -> bytes: ...


class Int:
    """An unsigned integer within a range, big-endian."""

    def __init__(self, size: int, low: int = 0, high: int | None = None) -> None:
        self.least = size
        self.low, self.high = low, 256**size - 1 if high is None else high

    def check(self, value: int) -> int:
        require(self.low <= value <= self.high, "out of range")
        return value

    def read(self, reader: Reader) -> int:
        return self.check(int.from_bytes(reader.take(self.least), "big"))

    def write(self, value: int) -> bytes:
        return self.check(value).to_bytes(self.least, "big")


class OneOf(Generic[T]):
    """One byte that stands for one of some values, from `first` on."""

    least = 1

    def __init__(self, first: int, *values: T) -> None:
        self.first, self.values = first, values

    def read(self, reader: Reader) -> T:
        at = reader.take(1)[0] - self.first
        require(0 <= at < len(self.values), "no such value")
        return self.values[at]

    def write(self, value: T) -> bytes:
        return bytes([self.values.index(value) + self.first])


class Id:
    """16 bytes as they were drawn."""

    least = 16

    def read(self, reader: Reader) -> bytes:
        return reader.take(16)

    def write(self, value: bytes) -> bytes:
        require(len(value) == 16, "length")
        return value


class Bytes:
    """A length of two bytes, then that many."""

    def __init__(
        self, low: int = 0, high: int = 0xFFFF, check: Callable[[bytes], None] | None = None
    ) -> None:
        self.low, self.high, self.check, self.least = low, high, check, 2 + low

    def read(self, reader: Reader) -> bytes:
        length = int.from_bytes(reader.take(2), "big")
        require(self.low <= length <= self.high, "length")
        value = reader.take(length)
        if self.check:
            self.check(value)
        return value

    def write(self, value: bytes) -> bytes:
        require(self.low <= len(value) <= self.high, "length")
        if self.check:
            self.check(value)
        return len(value).to_bytes(2, "big") + value


class Text:
    """Bytes that are UTF-8."""

    def __init__(self, low: int, high: int) -> None:
        self.bytes = Bytes(low, high)
        self.least = self.bytes.least

    def read(self, reader: Reader) -> str:
        try:
            return self.bytes.read(reader).decode()
        except UnicodeDecodeError:
            raise Broken("not UTF-8") from None

    def write(self, value: str) -> bytes:
        try:
            return self.bytes.write(value.encode())
        except UnicodeEncodeError:
            raise Broken("not UTF-8") from None


class Rest:
    """All that is left."""

    least = 0

    def read(self, reader: Reader) -> bytes:
        return reader.take(reader.left())

    def write(self, value: bytes) -> bytes:
        return value


class ListOf(Generic[T]):
    """A count of four bytes, then that many."""

    least = 4

    def __init__(self, item: Kind[T], low: int = 0) -> None:
        self.item, self.low = item, low

    def read(self, reader: Reader) -> list[T]:
        count = int.from_bytes(reader.take(4), "big")
        # Before anything is set aside for them.
        require(self.low <= count and count * self.item.least <= reader.left(), "count")
        return [self.item.read(reader) for _ in range(count)]

    def write(self, value: Sequence[T]) -> bytes:
        require(self.low <= len(value), "count")
        return len(value).to_bytes(4, "big") + b"".join(map(self.item.write, value))


U8, U16, U32, U64 = Int(1), Int(2), Int(4), Int(8)
TOP = 2**64 - 2  # the highest sequence: each has one after it
SEQ = Int(8, 1, TOP)
TOPIC_LIMIT = 1_024


def check_topic(value: bytes) -> None:
    """Refuses what can be neither a topic nor a prefix."""
    require(len(value) <= TOPIC_LIMIT and b"\0" not in value and value[:1] != b"\xff", "topic")


TOPIC = Bytes(1, TOPIC_LIMIT, check_topic)


class Mark(NamedTuple):
    """How far a session is in a topic."""

    number: int
    received: int
    processed: int


class Range(NamedTuple):
    """Some messages of a topic that follow each other."""

    number: int
    first: int
    last: int


class Entry(NamedTuple):
    """A topic, and its base, its next sequence or the one after its last."""

    number: int
    sequence: int
    topic: bytes


class MarkKind:
    """number u32, received u64, processed u64; processed is at most received."""

    layout = struct.Struct(">IQQ")
    least = layout.size

    def read(self, reader: Reader) -> Mark:
        mark = Mark(*self.layout.unpack(reader.take(self.least)))
        require(mark.processed <= mark.received, "order")
        return mark

    def write(self, value: Mark) -> bytes:
        require(0 <= value.processed <= value.received, "order")
        return self.layout.pack(*value)


class RangeKind:
    """number u32, first seq, last seq; first is at most last."""

    layout = struct.Struct(">IQQ")
    least = layout.size

    def read(self, reader: Reader) -> Range:
        return self.check(Range(*self.layout.unpack(reader.take(self.least))))

    def write(self, value: Range) -> bytes:
        return self.layout.pack(*self.check(value))

    def check(self, value: Range) -> Range:
        require(1 <= value.first <= value.last <= TOP, "order")
        return value


class EntryKind:
    """number u32, sequence seq, topic."""

    least = 4 + 8 + TOPIC.least

    def read(self, reader: Reader) -> Entry:
        return Entry(U32.read(reader), SEQ.read(reader), TOPIC.read(reader))

    def write(self, value: Entry) -> bytes:
        return U32.write(value.number) + SEQ.write(value.sequence) + TOPIC.write(value.topic)
