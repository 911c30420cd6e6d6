"""Which prefixes are wanted, and which the publisher has granted: the rules P1 to P8."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from .frames import Granted, Released, Subscribe, Unsubscribe
from .timing import Retry
from .wire import Entry

FRAME_LIMIT = 128 << 10  # what any publisher takes
HEADER_ROOM = 1_024  # header, name and what else stands beside credentials and prefixes


class Filter(Protocol):
    """The SUB's own subscriptions. They count there: each is made once."""

    def subscribe(self, prefix: bytes) -> None: ...

    def unsubscribe(self, prefix: bytes) -> None: ...


class Parts:
    """A list that comes in parts, in any order and again."""

    def __init__(self) -> None:
        self.key: object = None
        self.had: dict[int, list[Entry]] = {}

    def take(self, key: object, part: int, parts: int, entries: list[Entry]) -> list[Entry] | None:
        """All entries, once it is whole; a part of another list begins it anew."""
        if self.key != (key, parts):
            self.key, self.had = (key, parts), {}
        self.had[part] = entries
        if len(self.had) < parts:
            return None
        return [entry for index in range(parts) for entry in self.had[index]]


class Change:
    """One change of a session, on its way until it is answered [P1]."""

    def __init__(self, number: int, adds: bool, prefixes: list[bytes], retry: Retry) -> None:
        self.number, self.adds, self.prefixes, self.retry = number, adds, prefixes, retry
        self.parts = Parts()

    def body(self) -> Subscribe | Unsubscribe:
        kind = Subscribe if self.adds else Unsubscribe
        return kind(self.number, self.prefixes)

    def take(self, answer: Granted | Released) -> list[Entry] | None:
        """All entries of the answer, once it is whole."""
        if answer.change != self.number or isinstance(answer, Granted) != self.adds:
            return None
        return self.parts.take(answer.change, answer.part, answer.parts, answer.entries)


class Prefixes:
    """The application's wish, the session's state, and the one change between them."""

    def __init__(self, wanted: Iterable[bytes], filter: Filter) -> None:
        self.wanted = dict.fromkeys(wanted)
        self.filter = filter
        self.made: dict[bytes, None] = {}  # on the SUB
        self.granted: tuple[bytes, ...] = ()
        self.kept: tuple[bytes, ...] = ()  # those that are granted and not being given up
        self.asked: list[bytes] = []  # in HELLO
        self.change: Change | None = None
        self.last_change = 0
        self.may_differ = False  # wish and state

    def want(self, prefix: bytes) -> None:
        self.wanted[prefix] = None
        self.may_differ = True

    def want_no_more(self, prefix: bytes) -> None:
        self.wanted.pop(prefix, None)
        self.may_differ = True

    def make(self, prefixes: Iterable[bytes]) -> None:
        for prefix in prefixes:
            if prefix not in self.made:
                self.made[prefix] = None
                self.filter.subscribe(prefix)

    def unmake(self, prefixes: Iterable[bytes]) -> None:
        for prefix in prefixes:
            if prefix in self.made:
                del self.made[prefix]
                self.filter.unsubscribe(prefix)

    def begin(self, credentials: int) -> None:
        """A new session asks for what is wanted now, as far as one HELLO holds it [P8]."""
        self.asked = fitting(self.wanted, FRAME_LIMIT - HEADER_ROOM - credentials)
        self.granted = self.kept = ()
        self.change, self.last_change = None, 0
        self.unmake([prefix for prefix in self.made if prefix not in self.wanted])
        self.make(self.asked)

    def welcomed(self) -> None:
        self.granted = self.kept = tuple(self.asked)
        self.may_differ = True

    def match(self, topic: bytes) -> bool:
        """Whether a topic of which nothing is known is owed.

        What is being given up does not tell: such a topic may have begun after the publisher had
        let go of it. If not, RELEASED names it, and what was dropped is repaired [A4, P6].
        """
        return topic.startswith(self.kept)

    def next_change(self, retry: Retry) -> Change | None:
        """What to ask for next, one change at a time [P1]."""
        if self.change is None and self.may_differ:
            self.may_differ = False
            granted = set(self.granted)
            more = [prefix for prefix in self.wanted if prefix not in granted]
            less = [prefix for prefix in self.granted if prefix not in self.wanted]
            if more or less:
                self.last_change += 1
                some = fitting(more or less, FRAME_LIMIT - HEADER_ROOM)
                self.change = Change(self.last_change, bool(more), some, retry)
                if more:
                    self.make(some)
                else:
                    self.kept = without(self.granted, some)
        return self.change

    def settled(self, change: Change) -> None:
        """The change was answered, whole."""
        self.change, self.may_differ = None, True
        if change.adds:
            self.granted = tuple(dict.fromkeys([*self.granted, *change.prefixes]))
        else:
            self.granted = without(self.granted, change.prefixes)
            self.unmake(change.prefixes)
        self.kept = self.granted

    def give_up(self, change: Change) -> None:
        """The publisher does not grant these [P7]."""
        self.change, self.may_differ = None, True
        for prefix in change.prefixes:
            self.wanted.pop(prefix, None)
        self.unmake(change.prefixes)


def without(prefixes: Iterable[bytes], gone: Iterable[bytes]) -> tuple[bytes, ...]:
    gone = set(gone)
    return tuple(prefix for prefix in prefixes if prefix not in gone)


def fitting(prefixes: Iterable[bytes], room: int) -> list[bytes]:
    """As many of them as a frame has room for, in their order."""
    some = []
    for prefix in prefixes:
        room -= 2 + len(prefix)
        if room < 0:
            break
        some.append(prefix)
    return some
