"""The frames of linger's acknowledgement protocol, version 1: a table of them, read and written.

SPEC.md's chapter "Frames" stands here as data: `TO_PUBLISHER`, `TO_SUBSCRIBER` and `IN_BAND` say of
each code which body follows its header, and how the fields of that are written.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple

from .wire import (
    SEQ,
    TOPIC,
    TOPIC_LIMIT,
    U16,
    U32,
    U64,
    Broken,
    Bytes,
    Entry,
    EntryKind,
    Id,
    Int,
    Kind,
    ListOf,
    Mark,
    MarkKind,
    OneOf,
    Range,
    RangeKind,
    Reader,
    Rest,
    Text,
    check_topic,
    require,
)

VERSION = 1
NO_ID = bytes(16)

Level = Literal["received", "processed"]
Reason = Literal[
    "too_many_members", "too_many_prefixes", "too_many_topics", "busy", "not_authorized"
]


@dataclass(frozen=True)
class Hello:
    """Asks to join [J1]."""

    nonce: bytes
    level: Level
    name: str
    credentials: bytes
    prefixes: list[bytes]


@dataclass(frozen=True)
class Joined:
    """WELCOME came, whole [J3]."""

    welcome: int


@dataclass(frozen=True)
class Ack:
    """How far it is; `whole`: every topic was named [A2]."""

    whole: bool
    marks: list[Mark]


@dataclass(frozen=True)
class Nack:
    """These are missing [R1]."""

    ranges: list[Range]


@dataclass(frozen=True)
class Beat:
    """It lives [M1]."""


@dataclass(frozen=True)
class Bye:
    """It leaves, or takes HELLO back [M2]."""

    marks: list[Mark]


@dataclass(frozen=True)
class Subscribe:
    """More prefixes [P1]."""

    change: int
    prefixes: list[bytes]


@dataclass(frozen=True)
class Unsubscribe:
    """These prefixes no more [P6]."""

    change: int
    prefixes: list[bytes]


@dataclass(frozen=True)
class Member:
    """JOINED came; from now on ACK and NACK count [J5]."""


@dataclass(frozen=True)
class Repair:
    """A missing message; `last`: of this answer [R3]."""

    number: int
    sequence: int
    last: bool
    topic: bytes
    payload: bytes


@dataclass(frozen=True)
class GoneRange:
    """GONE: not retained any more, these can't be had [R4]."""

    number: int
    first: int
    last: int


@dataclass(frozen=True)
class Query:
    """Say all marks [R6]."""


@dataclass(frozen=True)
class ByeOk:
    """BYE came, its marks count [M2]."""


@dataclass(frozen=True)
class Unknown:
    """No such session, or another epoch [M4]."""


@dataclass(frozen=True)
class Closing:
    """It closes, and takes no HELLO and no SUBSCRIBE [C1]."""


@dataclass(frozen=True)
class Superseded:
    """A newer session has this name; terminal [M3]."""


@dataclass(frozen=True)
class Fin:
    """It has closed; `acked`: it knows all that it owed to be acknowledged [C4]."""

    acked: bool


@dataclass(frozen=True)
class Refused:
    """HELLO (change 0) or that SUBSCRIBE is not granted [J6, P7]."""

    change: int
    reason: Reason


@dataclass(frozen=True)
class Evicted:
    """This session held the window back too long, and is over [W4]."""


@dataclass(frozen=True)
class Versions:
    """The versions it speaks [V1]; what follows is for later versions to say."""

    lowest: int
    highest: int
    more: bytes = b""


@dataclass(frozen=True)
class Welcome:
    """Answers HELLO: the base of each topic that matches [J2]."""

    welcome: int
    part: int
    parts: int
    window_messages: int
    window_bytes: int
    expiry_ms: int
    entries: list[Entry]


@dataclass(frozen=True)
class Sync:
    """The next sequence of each topic that the member is behind in [R2]."""

    entries: list[Entry]


@dataclass(frozen=True)
class End:
    """End of stream: the sequence after the last of each topic that is owed [C1]."""

    part: int
    parts: int
    entries: list[Entry]


@dataclass(frozen=True)
class Granted:
    """Answers SUBSCRIBE: the base of each topic that it added [P3]."""

    change: int
    part: int
    parts: int
    entries: list[Entry]


@dataclass(frozen=True)
class Released:
    """Answers UNSUBSCRIBE: the sequence after the last owed of what it took away [P6]."""

    change: int
    part: int
    parts: int
    entries: list[Entry]


class Row(NamedTuple):
    """A kind of frame: its body, and how the fields of that are written, in their order."""

    body: type[Any]
    kinds: tuple[Kind[Any], ...]


BOOL = OneOf(0, False, True)
LEVEL: OneOf[Level] = OneOf(1, "received", "processed")
REASON: OneOf[Reason] = OneOf(
    1, "too_many_members", "too_many_prefixes", "too_many_topics", "busy", "not_authorized"
)
PREFIX = Bytes(0, TOPIC_LIMIT, check_topic)
CHANGE, VERSION_NUMBER = Int(8, 1), Int(1, 1)
ENTRIES, MARKS, RANGES = ListOf(EntryKind()), ListOf(MarkKind()), ListOf(RangeKind())

TO_PUBLISHER: dict[int, Row] = {
    1: Row(Hello, (Id(), LEVEL, Text(1, 255), Bytes(), ListOf(PREFIX))),
    2: Row(Joined, (U64,)),
    3: Row(Ack, (BOOL, MARKS)),
    4: Row(Nack, (RANGES,)),
    5: Row(Beat, ()),
    6: Row(Bye, (MARKS,)),
    7: Row(Subscribe, (CHANGE, ListOf(PREFIX, 1))),
    8: Row(Unsubscribe, (CHANGE, ListOf(PREFIX, 1))),
}
TO_SUBSCRIBER: dict[int, Row] = {
    65: Row(Member, ()),
    66: Row(Repair, (U32, SEQ, BOOL, TOPIC, Rest())),
    67: Row(GoneRange, (U32, SEQ, SEQ)),
    68: Row(Query, ()),
    69: Row(ByeOk, ()),
    70: Row(Unknown, ()),
    71: Row(Closing, ()),
    72: Row(Superseded, ()),
    73: Row(Fin, (BOOL,)),
    74: Row(Refused, (U64, REASON)),
    75: Row(Evicted, ()),
    76: Row(Versions, (VERSION_NUMBER, VERSION_NUMBER, Rest())),
}
IN_BAND: dict[int, Row] = {
    129: Row(Welcome, (U64, U16, U16, U32, U64, U32, ENTRIES)),
    130: Row(Sync, (ENTRIES,)),
    131: Row(End, (U16, U16, ENTRIES)),
    132: Row(Granted, (CHANGE, U16, U16, ENTRIES)),
    133: Row(Released, (CHANGE, U16, U16, ENTRIES)),
}
VERSIONS = 76  # may come in any version [V1]
CODES = {
    row.body: code for table in (TO_PUBLISHER, TO_SUBSCRIBER, IN_BAND) for code, row in table.items()
}
NAMES = {row.body: tuple(field.name for field in fields(row.body))
         for table in (TO_PUBLISHER, TO_SUBSCRIBER, IN_BAND) for row in table.values()}


class Frame(NamedTuple):
    """A control frame, or one that came in-band."""

    epoch: bytes
    session: bytes
    body: Any
    serial: int | None = None


def check(body: Any) -> Any:
    """What holds between the fields of a body."""
    if isinstance(body, (Welcome, End, Granted, Released)):
        require(body.part < body.parts, "part")
    elif isinstance(body, GoneRange):
        require(body.first <= body.last, "order")
    elif isinstance(body, Versions):
        require(body.lowest <= body.highest, "order")
    return body


def read_control(frame: bytes, table: dict[int, Row]) -> Frame:
    """Reads a frame of one of these kinds, from its header on."""
    reader = Reader(frame)
    require(reader.take(2) == b"LG", "magic")
    version, code = reader.take(2)
    any_version = code == VERSIONS and table is TO_SUBSCRIBER
    require(version == VERSION or any_version, "version")
    require(code in table, "kind")
    epoch, session = reader.take(16), reader.take(16)
    serial = U64.read(reader) if table is TO_PUBLISHER else None
    row = table[code]
    body = check(row.body(*(kind.read(reader) for kind in row.kinds)))
    require(reader.left() == 0, "more bytes")
    return Frame(epoch, session, body, serial)


def write_control(frame: Frame) -> bytes:
    """Writes a frame of any kind; those for a publisher need their serial."""
    body = check(frame.body)
    code = CODES[type(body)]
    table = TO_PUBLISHER if code in TO_PUBLISHER else TO_SUBSCRIBER if code < 128 else IN_BAND
    parts = [b"LG", bytes([VERSION, code]), frame.epoch, frame.session]
    if table is TO_PUBLISHER:
        if frame.serial is None:
            raise Broken("no serial")
        parts.append(U64.write(frame.serial))
    kinds = table[code].kinds
    parts += (kind.write(getattr(body, name)) for kind, name in zip(kinds, NAMES[type(body)]))
    return b"".join(parts)


def private_topic(nonce: bytes) -> bytes:
    """Where the publisher speaks to the one subscriber that drew this nonce."""
    return b"\xff" + nonce


def nonce_of(frame: bytes) -> bytes:
    """Whom a frame on the data connection is for."""
    require(len(frame) >= 17 and frame[:1] == b"\xff", "not private")
    return frame[1:17]


def read_in_band(frame: bytes) -> Frame:
    """Reads the frame behind a private topic."""
    nonce_of(frame)
    read = read_control(frame[17:], IN_BAND)
    require(read.session == NO_ID, "a session in-band")
    return read
