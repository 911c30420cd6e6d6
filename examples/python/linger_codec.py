"""The frames of linger's acknowledgement protocol, version 1: a table of them, read and written.

SPEC.md's chapter "Frames" stands here as data: `TO_PUBLISHER`, `TO_SUBSCRIBER` and `IN_BAND` say
of each kind which fields follow its header. Fields are a dict, as in the golden vectors.
"""

import struct
from typing import NamedTuple

VERSION = 1
NO_ID = bytes(16)
TOP = 2**64 - 2  # the highest sequence: each has one after it
TOPIC_LIMIT = 1024


class Broken(Exception):
    """What came can't be read: drop it."""


def require(condition, what):
    if not condition:
        raise Broken(what)


class Reader:
    """Takes bytes from the front of a frame; refuses what is cut."""

    def __init__(self, frame):
        self.frame, self.at = frame, 0

    def left(self):
        return len(self.frame) - self.at

    def take(self, count):
        require(count <= self.left(), "cut")
        self.at += count
        return self.frame[self.at - count : self.at]


class Int:
    """An unsigned integer within a range."""

    def __init__(self, size, low=0, high=None):
        self.size = self.least = size
        self.low, self.high = low, 256**size - 1 if high is None else high

    def check(self, value):
        require(self.low <= value <= self.high, "out of range")
        return value

    def read(self, reader):
        return self.check(int.from_bytes(reader.take(self.size), "big"))

    def write(self, value):
        return self.check(value).to_bytes(self.size, "big")


class Words:
    """One byte that stands for one of some words, from `first` on."""

    least = 1

    def __init__(self, first, *words):
        self.first, self.words = first, words

    def read(self, reader):
        at = reader.take(1)[0] - self.first
        require(0 <= at < len(self.words), "no such value")
        return self.words[at]

    def write(self, value):
        return bytes([self.words.index(value) + self.first])


class Id:
    """16 bytes as they were drawn."""

    least = 16

    def read(self, reader):
        return reader.take(16)

    def write(self, value):
        return value


class Bytes:
    """A length of two bytes, then that many."""

    def __init__(self, low=0, high=0xFFFF, check=lambda value: None):
        self.low, self.high, self.check, self.least = low, high, check, 2 + low

    def read(self, reader):
        length = U16.read(reader)
        require(self.low <= length <= self.high, "length")
        value = reader.take(length)
        self.check(value)
        return value

    def write(self, value):
        require(self.low <= len(value) <= self.high, "length")
        self.check(value)
        return U16.write(len(value)) + value


class Text(Bytes):
    """Bytes that are UTF-8."""

    def read(self, reader):
        try:
            return super().read(reader).decode()
        except UnicodeDecodeError:
            raise Broken("not UTF-8") from None

    def write(self, value):
        return super().write(value.encode())


class Rest:
    """All that is left; what nobody needs is ignored."""

    least = 0

    def read(self, reader):
        return reader.take(reader.left())

    def write(self, value):
        return value


class ListOf:
    """A count of four bytes, then that many."""

    def __init__(self, item, low=0):
        self.item, self.low, self.least = item, low, 4

    def read(self, reader):
        count = U32.read(reader)
        # Before anything is set aside for them.
        require(self.low <= count and count * self.item.least <= reader.left(), "count")
        return [self.item.read(reader) for _ in range(count)]

    def write(self, value):
        require(self.low <= len(value), "count")
        return U32.write(len(value)) + b"".join(map(self.item.write, value))


class Fields:
    """Named fields, one after the other; in `ordered` pairs the first is at most the second."""

    def __init__(self, ordered=None, **types):
        self.types, self.ordered = types, ordered
        self.least = sum(kind.least for kind in types.values())

    def check(self, value):
        if self.ordered:
            require(value[self.ordered[0]] <= value[self.ordered[1]], "order")
        if "parts" in self.types:
            require(value["part"] < value["parts"], "part")
        return value

    def read(self, reader):
        return self.check({name: kind.read(reader) for name, kind in self.types.items()})

    def write(self, value):
        self.check(value)
        return b"".join(kind.write(value[name]) for name, kind in self.types.items())


def check_topic(value):
    require(b"\0" not in value and value[:1] != b"\xff", "not a topic")


U8, U16, U32, U64 = Int(1), Int(2), Int(4), Int(8)
SEQ, CHANGE = Int(8, 1, TOP), Int(8, 1)
BOOL = Words(0, False, True)
LEVEL = Words(1, "received", "processed")
REASON = Words(
    1, "too_many_members", "too_many_prefixes", "too_many_topics", "busy", "not_authorized"
)
TOPIC, PREFIX = Bytes(1, TOPIC_LIMIT, check_topic), Bytes(0, TOPIC_LIMIT, check_topic)
MARK = Fields(("processed", "received"), number=U32, received=U64, processed=U64)
RANGE = Fields(("first", "last"), number=U32, first=SEQ, last=SEQ)
ENTRIES = ListOf(Fields(number=U32, sequence=SEQ, topic=TOPIC))
MARKS, PREFIXES = ListOf(MARK), ListOf(PREFIX, 1)
PART = {"part": U16, "parts": U16}
NOTHING = Fields()

TO_PUBLISHER = {
    1: ("HELLO", Fields(nonce=Id(), level=LEVEL, name=Text(1, 255), credentials=Bytes(),
                        prefixes=ListOf(PREFIX))),
    2: ("JOINED", Fields(welcome=U64)),
    3: ("ACK", Fields(whole=BOOL, marks=MARKS)),
    4: ("NACK", Fields(ranges=ListOf(RANGE))),
    5: ("BEAT", NOTHING),
    6: ("BYE", Fields(marks=MARKS)),
    7: ("SUBSCRIBE", Fields(change=CHANGE, prefixes=PREFIXES)),
    8: ("UNSUBSCRIBE", Fields(change=CHANGE, prefixes=PREFIXES)),
}
TO_SUBSCRIBER = {
    65: ("MEMBER", NOTHING),
    66: ("REPAIR", Fields(number=U32, sequence=SEQ, last=BOOL, topic=TOPIC, payload=Rest())),
    67: ("GONE", RANGE),
    68: ("QUERY", NOTHING),
    69: ("BYE_OK", NOTHING),
    70: ("UNKNOWN", NOTHING),
    71: ("CLOSING", NOTHING),
    72: ("SUPERSEDED", NOTHING),
    73: ("FIN", Fields(acked=BOOL)),
    74: ("REFUSED", Fields(change=U64, reason=REASON)),
    75: ("EVICTED", NOTHING),
    76: ("VERSIONS", Fields(("lowest", "highest"), lowest=Int(1, 1), highest=Int(1, 1),
                            more=Rest())),
}
IN_BAND = {
    129: ("WELCOME", Fields(welcome=U64, **PART, window_messages=U32, window_bytes=U64,
                            expiry_ms=U32, entries=ENTRIES)),
    130: ("SYNC", Fields(entries=ENTRIES)),
    131: ("END", Fields(**PART, entries=ENTRIES)),
    132: ("GRANTED", Fields(change=CHANGE, **PART, entries=ENTRIES)),
    133: ("RELEASED", Fields(change=CHANGE, **PART, entries=ENTRIES)),
}
VERSIONS = 76  # may come in any version


class Frame(NamedTuple):
    """A control frame, or one that came in-band."""

    kind: str
    epoch: bytes
    session: bytes
    fields: dict
    serial: int | None = None


def read_control(frame, kinds):
    """Reads a frame of one of these kinds, from its header on."""
    reader = Reader(frame)
    require(reader.take(2) == b"LG", "magic")
    version, code = reader.take(2)
    require(version == VERSION or code == VERSIONS and kinds is TO_SUBSCRIBER, "version")
    require(code in kinds, "kind")
    epoch, session = reader.take(16), reader.take(16)
    serial = U64.read(reader) if kinds is TO_PUBLISHER else None
    kind, layout = kinds[code]
    fields = layout.read(reader)
    require(reader.left() == 0, "more bytes")
    return Frame(kind, epoch, session, fields, serial)


def write_control(kinds, frame):
    """Writes a frame of one of these kinds."""
    code, layout = next((code, row[1]) for code, row in kinds.items() if row[0] == frame.kind)
    serial = U64.write(frame.serial) if kinds is TO_PUBLISHER else b""
    header = b"LG" + bytes([VERSION, code]) + frame.epoch + frame.session
    return header + serial + layout.write(frame.fields)


def private_topic(nonce):
    """Where the publisher speaks to the one subscriber that drew this nonce."""
    return b"\xff" + nonce


def nonce_of(frame):
    """Whom a frame on the data connection is for."""
    require(len(frame) >= 17 and frame[:1] == b"\xff", "not private")
    return frame[1:17]


def read_in_band(frame):
    """Reads a private topic's nonce and the frame behind it."""
    nonce, read = nonce_of(frame), read_control(frame[17:], IN_BAND)
    require(read.session == NO_ID, "a session in-band")
    return nonce, read


STAMP = struct.Struct(">IIQ")


class Message(NamedTuple):
    """A message as it travels; the tag is the last four bytes of its publisher's epoch."""

    topic: bytes
    tag: int
    number: int
    sequence: int
    payload: bytes


def read_message(frames):
    """Reads a message, enveloped (two frames) or bare (three)."""
    require(len(frames) in (2, 3), "frames")
    topic, payload, stamp = frames[0], frames[1], frames[-1]
    if len(frames) == 2:
        topic, nul, stamp = topic[:-17], topic[-17:-16], topic[-16:]
        require(nul == b"\0", "envelope")
    require(len(stamp) == STAMP.size and 1 <= len(topic) <= TOPIC_LIMIT, "length")
    check_topic(topic)
    tag, number, sequence = STAMP.unpack(stamp)
    SEQ.check(sequence)
    return Message(topic, tag, number, sequence, payload)


def write_message(message, bare=False):
    """Writes a message, as a publisher does."""
    stamp = STAMP.pack(message.tag, message.number, message.sequence)
    if bare:
        return [message.topic, message.payload, stamp]
    return [message.topic + b"\0" + stamp, message.payload]
