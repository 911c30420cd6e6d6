"""When to say something again."""

from __future__ import annotations

NEVER = float("inf")


class Retry:
    """At once, then after waits that double up to the longest; seconds of a steady clock."""

    __slots__ = ("at", "first", "longest", "wait")

    def __init__(self, first: float, longest: float) -> None:
        self.first, self.longest = first, longest
        self.wait, self.at = first, NEVER

    def begin(self, now: float, after: float = 0.0) -> None:
        self.wait, self.at = self.first, now + after

    def answered(self, now: float) -> None:
        """It is being answered: the waits begin anew, with the first."""
        self.begin(now, self.first)

    def refused(self, now: float) -> None:
        """Pressing does not help: only the longest wait, from now on [J6]."""
        self.wait, self.at = self.longest, now + self.longest

    def stop(self) -> None:
        self.at = NEVER

    def said(self, now: float) -> None:
        self.at, self.wait = now + self.wait, min(2 * self.wait, self.longest)
