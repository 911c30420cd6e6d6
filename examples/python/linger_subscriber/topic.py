"""How far a session is in one topic: what is next, missing, early, processed."""

from __future__ import annotations

from bisect import bisect_right

from .items import LastMark
from .messages import STAMP
from .wire import TOP, Mark, Range

NO_LINE = TOP + 1


class Topic:
    """One period of a topic in one session.

    All below `next` was handed out, or is gone. All below `sent_below` is known to have been sent.
    What lies between is in `early`, or missing: `gaps` holds that as ranges, lowest first, the first
    one beginning at `next`.
    """

    __slots__ = (
        "early",
        "gaps",
        "head",
        "later",
        "line",
        "name",
        "next",
        "number",
        "processed",
        "sent_below",
        "session",
    )

    def __init__(self, session: bytes, tag: int, number: int, name: bytes, base: int) -> None:
        self.session, self.number, self.name = session, number, name
        self.head = name + b"\0" + STAMP.pack(tag, number, 0)[:8]  # of its envelopes
        self.next = self.sent_below = base
        self.line = NO_LINE  # once it was released: the sequence after the last owed [P6]
        self.processed = base - 1
        self.gaps: list[list[int]] = []
        self.early: dict[int, bytes] = {}
        self.later: dict[int, int] = {}  # processed or gone, above `processed`: first to last

    def mark(self) -> Mark:
        last = self.line - 1
        return Mark(self.number, min(self.next - 1, last), min(self.processed, last))

    def last_mark(self) -> LastMark:
        _, received, processed = self.mark()
        return LastMark(self.name, received, processed)

    def is_released(self) -> bool:
        return self.line != NO_LINE

    def settle(self, first: int, last: int) -> bool:
        """The application is through with these; true if `processed` rose over what is whole."""
        if first != self.processed + 1:
            self.later[first] = last
            return False
        self.processed = last
        while self.later and self.processed + 1 in self.later:
            self.processed = self.later.pop(self.processed + 1)
        return True

    def note_sent(self, below: int) -> None:
        """Evidence: all below this was sent, so what is not here is missing [R1]."""
        below = min(below, self.line)
        if below <= self.sent_below:
            return
        if self.gaps and self.gaps[-1][1] == self.sent_below - 1:
            self.gaps[-1][1] = below - 1
        else:
            self.gaps.append([self.sent_below, below - 1])
        self.sent_below = below

    def fill(self, sequence: int) -> None:
        """It is missing no more; it must be within a gap."""
        at = self.gap_of(sequence)
        first, last = self.gaps[at]
        if first == last:
            del self.gaps[at]
        elif sequence == first:
            self.gaps[at][0] = first + 1
        elif sequence == last:
            self.gaps[at][1] = last - 1
        else:
            self.gaps[at][1] = sequence - 1
            self.gaps.insert(at + 1, [sequence + 1, last])

    def is_missing(self, sequence: int) -> bool:
        at = self.gap_of(sequence)
        return at >= 0 and sequence <= self.gaps[at][1]

    def gap_of(self, sequence: int) -> int:
        """The last gap that does not begin above it, or -1."""
        return bisect_right(self.gaps, sequence, key=lambda gap: gap[0]) - 1

    def missing(self, most: int) -> list[Range]:
        return [Range(self.number, first, last) for first, last in self.gaps[:most]]

    def skip(self, last: int) -> list[bytes]:
        """What is next and up to there is gone; the early ones among that, which are dropped."""
        self.note_sent(last + 1)
        dropped = [self.early.pop(at) for at in sorted(self.early) if at <= last]
        self.gaps = [[max(gap[0], last + 1), gap[1]] for gap in self.gaps if gap[1] > last]
        self.next = last + 1
        return dropped

    def release(self, line: int) -> list[bytes]:
        """From this sequence on nothing is owed; the early ones from there on, which are dropped."""
        self.note_sent(line)
        self.line = line
        dropped = [self.early.pop(at) for at in sorted(self.early) if at >= line]
        self.gaps = [[gap[0], min(gap[1], line - 1)] for gap in self.gaps if gap[0] < line]
        self.sent_below = min(self.sent_below, line)
        return dropped
