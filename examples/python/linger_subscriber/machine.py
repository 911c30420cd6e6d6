"""The subscriber's side of the protocol as a state machine, without sockets, threads or clock.

Whoever drives it passes in what came (`on_data`, `on_control`) and the time, lets it say what is
due (`speak`), takes `ready` items to the application, and comes back at `wake_at`. In brackets: the
rules of SPEC.md.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from . import frames, items
from .frames import NO_ID, VERSION, Frame, private_topic
from .items import Delivery, Gone, Item, Outcome
from .prefixes import Change, Filter, Parts, Prefixes
from .settings import Settings
from .timing import NEVER, Retry
from .stream import Stream
from .topic import Topic
from .wire import Broken, Mark, Range, require

MARKS_IN_ACK = 2_048

State = Literal["joining", "confirming", "member", "leaving", "ended"]


class Link(Filter, Protocol):
    """The two sockets, as far as the machine has to know of them."""

    def say(self, frame: bytes) -> bool:
        """Says a frame on control; false if the connection takes none now [A8]."""


class Machine:
    """One subscriber at one publisher."""

    def __init__(
        self,
        settings: Settings,
        link: Link,
        settle: Callable[[Delivery, bool], None],
        now: float,
        draw: Callable[[], bytes] = lambda: os.urandom(16),
    ) -> None:
        self.settings, self.link, self.draw = settings, link, draw
        self.on_settle = settle  # what `ack` of a delivery calls, on any thread
        self.prefixes = Prefixes(settings.prefixes, link)
        self.refusals: dict[bytes, str] = {}  # why a prefix was not granted
        self.ready: deque[Item] = deque()  # items for the application, in order
        self.counts: Counter[str] = Counter()
        self.outcome: Outcome | None = None
        self.outstanding = 0  # deliveries of any session that the application has not settled
        self.leave_at = NEVER  # the application leaves, then at the latest
        self.takes = True  # messages
        self.nonce = b""
        # Of a session that was lost: epoch, topics, and what was granted.
        self.former: tuple[bytes, dict[int, Topic], tuple[bytes, ...]] | None = None
        self.rejoin = self.retry()
        self.join(now, 0.0)

    def retry(self) -> Retry:
        return Retry(self.settings.retry_first, self.settings.retry_longest)

    # --- a session -------------------------------------------------------------------------------

    def join(self, now: float, after: float) -> None:
        """Draws a new session; all of the old one is forgotten [J1, X4]."""
        before = self.nonce
        self.session, self.nonce, self.serial = self.draw(), self.draw(), 0
        self.prefixes.begin(len(self.settings.credentials))
        self.link.subscribe(private_topic(self.nonce))
        if before:
            self.link.unsubscribe(private_topic(before))
        self.state: State = "joining"
        self.epoch: bytes | None = None
        self.welcome = 0
        self.stream = Stream(self.session, self.settings, self.prefixes, self.counts, self)
        self.parts, self.end_parts = Parts(), Parts()
        self.end_is_whole = self.end_was_told = False
        self.unsettled = 0  # deliveries of this session that may yet be acknowledged
        self.window, self.window_bytes, self.beat = 1, 1, NEVER
        self.whole: list[int] | None = None  # topics that a whole ACK has yet to name
        self.ack_at = self.beat_at = self.farewell_at = self.held_until = NEVER
        self.nack = self.retry()
        self.again = self.retry()  # HELLO, JOINED or BYE
        self.again.begin(now, after)

    def lose(self, now: float, why: str, after: float | None = None) -> None:
        """The publisher does not know this session any more [M4, W4]."""
        if self.state == "leaving" or self.end_is_whole:
            return self.finish("unconfirmed")
        if after is None:
            after = 0.0
            if self.state != "member":  # again, before it was one: with back-off
                self.rejoin.said(now)
                after = self.rejoin.at - now
        if self.epoch:
            self.former = self.epoch, self.stream.topics, self.prefixes.granted
        self.counts["lost"] += 1
        self.ready.append(items.Lost(why))
        self.join(now, after)

    def finish(self, outcome: Outcome) -> None:
        self.state, self.outcome, self.takes = "ended", outcome, False

    def leave(self, now: float, grace: float) -> None:
        """Says BYE once nothing is in the application's hands, or when `grace` is over [M2].

        At the level processed nothing more is handed out: what waits is to be withdrawn.
        """
        if self.state not in ("leaving", "ended"):
            self.leave_at = min(self.leave_at, now + grace)
            self.takes = self.takes and self.settings.level == "received"

    def goodbye(self, now: float) -> None:
        if self.state == "joining":
            return self.finish("unconfirmed")  # nothing is owed yet, and it forgets us by itself
        self.takes, self.leave_at = False, NEVER
        self.state, self.farewell_at = "leaving", now + self.settings.farewell
        self.again.begin(now)

    # --- what the application says ---------------------------------------------------------------

    def subscribe(self, prefix: bytes) -> None:
        self.refusals.pop(prefix, None)
        self.prefixes.want(prefix)

    def unsubscribe(self, prefix: bytes) -> None:
        self.prefixes.want_no_more(prefix)

    def settle(self, delivery: Delivery, acked: bool) -> None:
        """The application is through with a delivery [A1, A6]."""
        self.outstanding -= 1
        topic, sequence = delivery.owed_in, delivery.sequence
        if topic.session is not self.session or self.state in ("leaving", "ended"):
            if not acked and self.settings.level == "processed":
                self.abandoned(topic, sequence)  # a former session's, and counts for nothing
            return
        self.unsettled -= 1
        if acked:
            self.stream.acknowledge(topic, sequence)
        elif self.settings.level == "processed":
            if delivery.attempt <= self.settings.redeliveries and self.takes:
                self.hand_over(topic, sequence, delivery.payload, delivery.attempt + 1)
            else:
                self.abandoned(topic, sequence)

    def abandoned(self, topic: Topic, sequence: int) -> None:
        self.counts["abandoned"] += 1
        self.ready.append(items.Abandoned(topic.name, sequence))

    def withdraw(self, delivery: Delivery) -> None:
        """It was not handed out, and will not be."""
        delivery.withdraw()
        self.outstanding -= 1

    def deliver(self, topic: Topic, sequence: int, payload: bytes) -> None:
        self.hand_over(topic, sequence, payload, 1)

    def hand_over(self, topic: Topic, sequence: int, payload: bytes, attempt: int) -> None:
        self.outstanding += 1
        self.unsettled += 1
        self.ready.append(Delivery(topic, sequence, payload, self.on_settle, attempt))

    def tell_gone(self, topic: bytes, first: int, last: int) -> None:
        self.counts["gone"] += last - first + 1
        self.ready.append(Gone(topic, first, last))

    # --- what is due -----------------------------------------------------------------------------

    def wake_at(self) -> float:
        """When `speak` has something to say, if nothing comes before."""
        if self.state == "ended":
            return NEVER
        if self.held_until != NEVER:
            return min(self.held_until, self.farewell_at)
        at = min(self.again.at, self.farewell_at, self.leave_at)
        if self.state == "member":
            at = min(at, self.ack_at, self.beat_at)
            if not self.is_behind():
                at = min(at, self.nack.at)
            if self.prefixes.change:
                at = min(at, self.prefixes.change.retry.at)
        return at

    def is_held(self) -> bool:
        """Something is due, and the connection takes nothing: `speak` again once it does."""
        return self.held_until != NEVER

    def is_behind(self) -> bool:
        """The application is: SUB is not to be read on, and nothing to be asked for."""
        return len(self.ready) >= self.settings.backlog

    def speak(self, now: float) -> None:
        """Says all that is due."""
        if self.outcome is not None:
            return
        if self.farewell_at <= now:  # after BYE, or after FIN
            is_whole = self.state == "leaving" or (self.end_is_whole and not self.stream.incomplete)
            return self.finish("unconfirmed" if is_whole else "incomplete")
        self.held_until = NEVER
        if self.leave_at != NEVER and (
            self.leave_at <= now or not self.outstanding or self.settings.level == "received"
        ):
            self.goodbye(now)
        if self.state == "ended" or not (self.speak_as_member(now) and self.speak_again(now)):
            return
        if self.state == "member" and self.is_through():
            self.tell_end()
            if not self.unsettled or self.settings.level == "received":
                self.goodbye(now)
                self.speak_again(now)

    def speak_again(self, now: float) -> bool:
        if self.again.at > now:
            return True
        if self.state == "joining":
            own = self.settings
            prefixes, credentials = self.prefixes.asked, own.credentials
            hello = frames.Hello(self.nonce, own.level, own.name, credentials, prefixes)
            said = self.say(now, hello)
        elif self.state == "confirming":
            said = self.say(now, frames.Joined(self.welcome))
        else:
            said = self.say_bye(now)
        if said:
            self.again.said(now)
        return said

    def speak_as_member(self, now: float) -> bool:
        if self.state != "member":
            return True
        return (
            self.say_marks(now)
            and self.say_missing(now)
            and self.say_change(now)
            and (self.beat_at > now or self.say(now, frames.Beat()))
        )

    def say(self, now: float, body: Any) -> bool:
        frame = Frame(self.epoch or NO_ID, self.session, body, self.serial + 1)
        if not self.link.say(frames.write_control(frame)):
            self.held_until = now + self.settings.retry_longest
            return False
        self.serial += 1
        self.beat_at = now + self.beat
        return True

    def say_marks(self, now: float) -> bool:
        """Says the marks that changed, or all of them [A2, A3]."""
        stream = self.stream
        if stream.changed and self.ack_at == NEVER:
            self.ack_at = now + self.settings.ack_delay
        is_due = self.ack_at <= now or self.acks_before_due() <= 0
        while self.whole is not None or (is_due and stream.changed):
            numbers = list(stream.changed if self.whole is None else self.whole)[:MARKS_IN_ACK]
            is_last = self.whole is not None and len(numbers) == len(self.whole)
            if not self.say(now, frames.Ack(is_last, stream.marks(numbers))):
                stream.changed.update(dict.fromkeys(numbers))
                return False
            if self.whole is not None:
                self.whole = None if is_last else self.whole[MARKS_IN_ACK:]
        if not stream.changed:
            self.ack_at, stream.changes, stream.changed_bytes = NEVER, 0, 0
        return True

    def acks_before_due(self) -> int:
        """How many more acknowledgements make an ACK due before `wake_at` [A3]."""
        if self.stream.changed_bytes >= max(1, self.window_bytes // 8):
            return 0
        return max(1, min(256, self.window // 8)) - self.stream.changes

    def ask_whole(self) -> None:
        """An ACK may have been lost: every topic is named again [A2]."""
        self.whole = list(self.stream.topics)

    def say_bye(self, now: float) -> bool:
        numbers, stream = list(self.stream.topics), self.stream
        # A frame stays below 128 KiB: those beyond are said before.
        for at in range(MARKS_IN_ACK, len(numbers), MARKS_IN_ACK):
            some = numbers[at : at + MARKS_IN_ACK]
            if not self.say(now, frames.Ack(False, stream.marks(some))):
                return False
        return self.say(now, frames.Bye(stream.marks(numbers[:MARKS_IN_ACK])))

    def say_missing(self, now: float) -> bool:
        if not self.stream.incomplete:
            self.nack.stop()
        elif self.nack.at == NEVER:
            self.nack.begin(now)  # something begins to be missing [R1]
        if self.nack.at > now or self.is_behind():
            return True
        if not self.say(now, frames.Nack(self.stream.missing())):
            return False
        self.nack.said(now)
        return True

    def say_change(self, now: float) -> bool:
        change = self.prefixes.change
        if change is None:
            change = self.prefixes.next_change(self.retry())
            if change:
                change.retry.begin(now)
        if change and change.retry.at <= now:
            if not self.say(now, change.body()):
                return False
            change.retry.said(now)
        return True

    def is_through(self) -> bool:
        """The stream has ended, and everything that is owed was handed out or is gone."""
        return self.end_is_whole and not self.stream.incomplete and self.farewell_at == NEVER

    def tell_end(self) -> None:
        if not self.end_was_told:
            self.end_was_told = True
            self.ready.append(items.EndOfStream())

    # --- what comes on the data connection -------------------------------------------------------

    def on_data(self, came: Sequence[bytes], now: float) -> None:
        """Takes what SUB read; raises Broken for what is to be counted and dropped [X1]."""
        if len(came[0]) + len(came[-1]) > self.settings.max_frame:
            raise Broken("too long")
        if len(came) != 1:
            # Before WELCOME is whole nobody knows what is owed [J4].
            if self.takes and self.state != "joining":
                self.stream.on_message(came)
        elif frames.nonce_of(came[0]) == self.nonce:
            # Who subscribes to everything sees others', too.
            self.on_in_band(frames.read_in_band(came[0]), now)

    def on_in_band(self, frame: Frame, now: float) -> None:
        body = frame.body
        if isinstance(body, frames.Welcome):
            if self.state == "joining":
                self.on_welcome(frame.epoch, body, now)
        elif self.state not in ("confirming", "member") or frame.epoch != self.epoch:
            return
        elif isinstance(body, (frames.Granted, frames.Released)):
            self.on_change(body)
        else:
            is_adding = self.is_adding()
            known = [self.stream.note_entry(entry, is_adding) for entry in body.entries]
            self.ask_whole()
            if isinstance(body, frames.End) and all(known) and not self.end_is_whole:
                whole = self.end_parts.take("END", body.part, body.parts, [])
                self.end_is_whole = whole is not None

    def is_adding(self) -> bool:
        return self.prefixes.change is not None and self.prefixes.change.adds

    def on_welcome(self, epoch: bytes, body: frames.Welcome, now: float) -> None:
        """Bases count once all parts of one number have come [J3]."""
        key = epoch, body.welcome
        entries = self.parts.take(key, body.part, body.parts, body.entries)
        if entries is None:
            return
        self.epoch, self.welcome = epoch, body.welcome
        self.stream.tag = int.from_bytes(epoch[-4:], "big")
        self.window, self.window_bytes = body.window_messages, body.window_bytes
        self.beat = max(0.01, body.expiry_ms / 5_000)
        self.prefixes.welcomed()
        for entry in entries:
            self.stream.begin(entry.number, entry.topic, entry.sequence)
        former, self.former = self.former, None
        if former:
            self.compare(epoch, *former)
        self.state, self.parts = "confirming", Parts()
        self.again.begin(now)

    def compare(
        self, epoch: bytes, before: bytes, had: dict[int, Topic], granted: tuple[bytes, ...]
    ) -> None:
        """Names what was lost between two sessions, or that the publisher was restarted [M4]."""
        if before != epoch:
            marks = tuple(topic.last_mark() for topic in had.values())
            self.ready.append(items.Restarted(epoch, marks))
            return
        topics = self.stream.topics
        for topic in had.values():
            if topic.is_released() or topic.number not in topics:
                self.lost_between(topic.name, topic.next, min(topic.sent_below, topic.line))
        for topic in topics.values():
            old = had.get(topic.number)
            if old is None and topic.name.startswith(granted):
                self.lost_between(topic.name, 1, topic.next)  # it was born, and never seen
            elif old is not None and not old.is_released():
                self.lost_between(topic.name, old.next, topic.next)

    def lost_between(self, topic: bytes, first: int, below: int) -> None:
        if first < below:
            self.tell_gone(topic, first, below - 1)

    def on_change(self, body: frames.Granted | frames.Released) -> None:
        """The answer to a change counts once all its parts have come [P3, P6]."""
        change = self.prefixes.change
        entries = change.take(body) if change else None
        if change is None or entries is None:
            return
        self.prefixes.settled(change)
        prefixes = tuple(change.prefixes)
        for entry in entries:
            if change.adds:
                self.stream.grant(entry)
            else:
                self.stream.release(entry)
        told = items.Granted(prefixes) if change.adds else items.Released(prefixes)
        self.ready.append(told)

    # --- what comes on the control connection ----------------------------------------------------

    def on_control(self, came: Sequence[bytes], now: float) -> None:
        """Takes what DEALER read; raises Broken for what is to be counted and dropped [X1]."""
        require(len(came) == 1 and len(came[0]) <= self.settings.max_frame, "frames")
        frame = frames.read_control(came[0], frames.TO_SUBSCRIBER)
        body = frame.body
        if frame.session != self.session or self.state == "ended":
            return
        of_any_epoch = isinstance(body, (frames.Unknown, frames.Versions))
        if self.epoch not in (None, frame.epoch) and not of_any_epoch:
            return
        if isinstance(body, frames.Superseded):
            self.ready.append(items.Superseded())
            self.finish("superseded")  # and it must not join again by itself [M3]
        elif isinstance(body, (frames.Unknown, frames.Evicted)):
            self.lose(now, "UNKNOWN" if isinstance(body, frames.Unknown) else "EVICTED")
        elif isinstance(body, frames.Versions):
            self.on_versions(frame, body, now)
        elif self.state == "leaving":
            if isinstance(body, frames.ByeOk):
                self.finish("confirmed")
            elif isinstance(body, frames.Fin):
                self.finish("confirmed" if body.acked else "unconfirmed")
        elif isinstance(body, (frames.Refused, frames.Closing)):
            self.on_refusal(body, now)
        elif self.state in ("confirming", "member"):
            self.on_owed(body, now)

    def on_versions(self, frame: Frame, body: frames.Versions, now: float) -> None:
        """It speaks other versions: it may yet be replaced by one that speaks this one [V1]."""
        if body.lowest <= VERSION <= body.highest:
            return  # an answer to somebody's older frame
        if self.state == "joining":
            self.refused(now, "VERSIONS")
        elif self.state in ("confirming", "member") and frame.epoch != self.epoch:
            self.lose(now, "VERSIONS", after=self.settings.retry_longest)

    def on_refusal(self, body: frames.Refused | frames.Closing, now: float) -> None:
        number, why = 0, "CLOSING"
        if isinstance(body, frames.Refused):
            number, why = body.change, f"REFUSED {body.reason}"
        change = self.prefixes.change
        if self.state == "member":
            if change and change.adds and (why == "CLOSING" or number == change.number):
                self.give_up(change, why)
        elif number == 0 and self.state == "confirming":
            self.lose(now, why, after=self.settings.retry_longest)
        elif number == 0:
            self.refused(now, why)

    def refused(self, now: float, why: str) -> None:
        """It asks again, but only after the longest wait [J6]."""
        told = items.Refused(why)
        if not self.ready or self.ready[-1] != told:
            self.ready.append(told)  # once, for an application that takes nothing
        self.again.refused(now)

    def give_up(self, change: Change, why: str) -> None:
        """These prefixes are not granted, and the application is told [P7]."""
        self.prefixes.give_up(change)
        self.refusals.update(dict.fromkeys(change.prefixes, why))
        self.ready.append(items.Refused(why, tuple(change.prefixes)))

    def on_owed(self, body: Any, now: float) -> None:
        if isinstance(body, frames.Repair):
            self.counts["repaired"] += 1
            topic = self.stream.owed(body.number, body.topic)
            if topic is not None and self.takes:
                self.stream.take(topic, body.sequence, body.payload)
            (self.nack.begin if body.last else self.nack.answered)(now)
        elif isinstance(body, frames.GoneRange):
            self.stream.gone(Range(body.number, body.first, body.last))
            if self.nack.at != NEVER:
                self.nack.answered(now)
        elif isinstance(body, frames.Query):
            self.ask_whole()
        elif isinstance(body, frames.Member) and self.state == "confirming":
            self.state, self.rejoin = "member", self.retry()
            self.again.stop()
            self.beat_at = now + self.beat
            self.ready.append(items.Joined(self.epoch or NO_ID))
        elif isinstance(body, frames.Fin):
            if body.acked:
                return self.finish("confirmed")
            self.farewell_at = now + self.settings.farewell  # what is on its way may still come
