"""The messages of one session: in order, once, and which of them are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from .messages import read_message
from .prefixes import Prefixes
from .settings import Settings
from .topic import Topic
from .wire import Broken, Entry, Mark, Range, require

RANGES, RANGES_OF_TOPIC = 512, 64


class Takes(Protocol):
    """Who takes what is next in its topic."""

    def deliver(self, topic: Topic, sequence: int, payload: bytes) -> None: ...

    def tell_gone(self, topic: bytes, first: int, last: int) -> None: ...


class Stream:
    """All topics of a session."""

    def __init__(
        self,
        session: bytes,
        settings: Settings,
        prefixes: Prefixes,
        counts: Counter[str],
        out: Takes,
    ) -> None:
        self.session, self.settings, self.prefixes = session, settings, prefixes
        self.counts, self.out = counts, out
        self.tag = 0
        self.topics: dict[int, Topic] = {}
        self.heads: dict[bytes, Topic] = {}  # by the beginning of their envelopes
        self.incomplete: dict[int, None] = {}  # topics with something missing
        self.early_messages = self.early_bytes = 0
        self.changed: dict[int, None] = {}  # topics with a mark that was not said
        self.changes = self.changed_bytes = 0

    # --- topics ----------------------------------------------------------------------------------

    def owed(self, number: int, name: bytes) -> Topic | None:
        """The topic of this number; one that is new begins at 1, if a granted prefix matches."""
        topic = self.topics.get(number)
        if topic is None:
            return self.begin(number, name, 1) if self.prefixes.match(name) else None  # [P5]
        require(topic.name == name, "a number with another topic")
        return topic

    def begin(self, number: int, name: bytes, base: int) -> Topic:
        """A topic's period begins, the first or one after it was released."""
        before = self.topics.get(number)
        if before is None:
            require(len(self.topics) < self.settings.max_topics, "too many topics")
        else:
            require(before.name == name, "a number with another topic")
        topic = self.topics[number] = Topic(self.session, self.tag, number, name, base)
        self.heads[topic.head] = topic
        self.incomplete.pop(number, None)
        return topic

    def grant(self, entry: Entry) -> None:
        """It is owed from this base on; one that is owed already keeps its own [P3]."""
        known = self.topics.get(entry.number)
        if known is None or known.is_released():
            self.begin(entry.number, entry.topic, entry.sequence)

    def release(self, entry: Entry) -> None:
        """From this sequence on it is not owed [P6]."""
        topic = self.topics.get(entry.number) or self.begin(entry.number, entry.topic, 1)
        self.forget_early(topic.release(entry.sequence))
        self.note_missing(topic)

    def note_entry(self, entry: Entry, is_adding: bool) -> bool:
        """Takes evidence of a topic; false if it can't be told yet what is owed of it [P5]."""
        topic = self.owed(entry.number, entry.topic)
        if topic is None or (entry.sequence > topic.line and is_adding):
            return False
        topic.note_sent(entry.sequence)
        self.note_missing(topic)
        return True

    # --- messages --------------------------------------------------------------------------------

    def on_message(self, came: Sequence[bytes]) -> None:
        """Takes a message, enveloped or bare."""
        if len(came) == 2:
            envelope, payload = came
            topic = self.heads.get(envelope[:-8])
            if topic is not None:  # topic, NUL, tag and number are those of one that is known
                sequence = int.from_bytes(envelope[-8:], "big")
                if sequence == topic.next == topic.sent_below and sequence < topic.line:
                    return self.take_next(topic, payload)
        message = read_message(came)
        if message.tag == self.tag:
            known = self.owed(message.number, message.topic)
            if known is not None:
                self.take(known, message.sequence, message.payload)

    def take_next(self, topic: Topic, payload: bytes) -> None:
        """Takes a message where nothing is missing, and it is next."""
        sequence = topic.next
        topic.next = topic.sent_below = sequence + 1
        self.out.deliver(topic, sequence, payload)
        self.changes += 1
        self.changed_bytes += len(payload)
        self.changed[topic.number] = None

    def take(self, topic: Topic, sequence: int, payload: bytes) -> None:
        """Takes a message, from the data connection or a repair."""
        if sequence >= topic.line:  # what was released, and is not granted again yet [P5, P6]
            self.counts["foreign"] += 1
            return
        topic.note_sent(sequence + 1)
        if not topic.is_missing(sequence):
            self.counts["duplicates"] += 1
        elif sequence == topic.next:
            topic.fill(sequence)
            self.hand_out(topic, payload)
        elif self.has_room(len(payload)):
            topic.fill(sequence)
            topic.early[sequence] = payload
            self.early_messages += 1
            self.early_bytes += len(payload)
        else:
            self.counts["dropped"] += 1  # it is asked for again [R5]
        self.note_missing(topic)

    def has_room(self, size: int) -> bool:
        """Whether one more may wait for an earlier message [R5]."""
        own = self.settings
        has_bytes = self.early_bytes + size <= own.reorder_bytes
        return has_bytes and self.early_messages < own.reorder_messages

    def hand_out(self, topic: Topic, payload: bytes | None) -> None:
        """What is next in its topic goes to the application, and what waited for it."""
        while payload is not None:
            self.out.deliver(topic, topic.next, payload)
            topic.next += 1
            self.changes += 1
            self.changed_bytes += len(payload)
            payload = self.next_early(topic)
        self.changed[topic.number] = None

    def next_early(self, topic: Topic) -> bytes | None:
        payload = topic.early.pop(topic.next, None)
        if payload is not None:
            self.forget_early([payload])
        return payload

    def forget_early(self, payloads: list[bytes]) -> None:
        self.early_messages -= len(payloads)
        self.early_bytes -= sum(map(len, payloads))

    def gone(self, lost: Range) -> None:
        """A loss that the publisher owns up to: marks step over it, in order [R4]."""
        topic = self.topics.get(lost.number)
        if topic is None:
            raise Broken("GONE of an unknown topic")
        first, last = topic.next, min(lost.last, topic.line - 1)
        if lost.first <= first <= last:
            self.out.tell_gone(topic.name, first, last)
            self.forget_early(topic.skip(last))
            topic.settle(first, last)
            self.changes += 1
            self.hand_out(topic, self.next_early(topic))
        topic.note_sent(last + 1)
        self.note_missing(topic)

    # --- marks and gaps --------------------------------------------------------------------------

    def acknowledge(self, topic: Topic, sequence: int) -> None:
        """The application has processed it; in a period that is over this changes nothing [P4]."""
        if topic.settle(sequence, sequence):
            self.changed[topic.number] = None
            self.changes += 1

    def marks(self, numbers: Sequence[int]) -> list[Mark]:
        """How far these topics are; they count as said."""
        for number in numbers:
            self.changed.pop(number, None)
        return [self.topics[number].mark() for number in numbers]

    def note_missing(self, topic: Topic) -> None:
        if topic.gaps:
            self.incomplete[topic.number] = None
        else:
            self.incomplete.pop(topic.number, None)

    def missing(self) -> list[Range]:
        """What is missing, as far as one NACK names it."""
        ranges: list[Range] = []
        for number in self.incomplete:
            ranges += self.topics[number].missing(min(RANGES_OF_TOPIC, RANGES - len(ranges)))
            if len(ranges) == RANGES:
                break
        return ranges
