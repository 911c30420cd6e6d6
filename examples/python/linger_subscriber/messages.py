"""Messages as they travel on the data connection, enveloped or bare."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from .wire import SEQ, check_topic, require

STAMP = struct.Struct(">IIQ")


class Message(NamedTuple):
    """A message; the tag is the last four bytes of its publisher's epoch."""

    topic: bytes
    tag: int
    number: int
    sequence: int
    payload: bytes


def read_message(frames: Sequence[bytes]) -> Message:
    """Reads a message: of two frames it is enveloped, of three bare."""
    require(len(frames) in (2, 3), "frames")
    topic, payload, stamp = frames[0], frames[1], frames[-1]
    if len(frames) == 2:
        # From the end: tag and numbers may hold NULs, too.
        topic, nul, stamp = stamp_of(topic)
        require(nul == b"\0", "envelope")
    require(len(stamp) == STAMP.size and len(topic) >= 1, "length")
    check_topic(topic)
    tag, number, sequence = STAMP.unpack(stamp)
    SEQ.check(sequence)
    return Message(topic, tag, number, sequence, payload)


def stamp_of(envelope: bytes) -> tuple[bytes, bytes, bytes]:
    """Topic, NUL, and the 16 bytes behind it."""
    return envelope[:-17], envelope[-17:-16], envelope[-16:]


def write_message(message: Message, bare: bool = False) -> list[bytes]:
    """Writes a message, as a publisher does."""
    stamp = STAMP.pack(message.tag, message.number, message.sequence)
    if bare:
        return [message.topic, message.payload, stamp]
    return [message.topic + b"\0" + stamp, message.payload]
