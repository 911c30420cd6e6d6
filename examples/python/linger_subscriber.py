#!/usr/bin/env python3
"""A subscriber of linger's acknowledgement protocol, written from SPEC.md alone.

It gets every message of its prefixes once and in order, has sent again what was lost, and
acknowledges what the application has processed:

    with Subscriber("risk-1", "tcp://pub:5556", "tcp://pub:5557", ["EUR"]) as subscriber:
        for item in subscriber:
            if isinstance(item, Delivery):
                print(item.topic, item.sequence, item.payload)
                item.ack()  # nothing else counts as processed

Everything happens on the thread that iterates. Who works on one message for longer than a fifth
of the publisher's expiry (1 s, unless it was changed) calls `subscriber.turn(0)` meanwhile.

It needs Python 3.10 and pyzmq (`requirements.txt`).

It leaves out what SPEC.md lets a subscriber leave out: prefixes that change, redelivery.
In brackets: the rules of SPEC.md.
"""

import argparse
import collections
import itertools
import os
import signal
import sys
import time
from typing import NamedTuple

import zmq

from linger_codec import (
    NO_ID, TO_PUBLISHER, TO_SUBSCRIBER, VERSION, Broken, Frame, nonce_of, private_topic,
    read_control, read_in_band, read_message, write_control,
)

RETRY_FIRST, RETRY_LONGEST = 0.05, 1.0
ACK_DELAY, FAREWELL = 0.005, 1.0
BACKLOG = 1_000  # as many as this wait for the application: SUB is not read on
REORDER = 65_536  # as many as this wait for an earlier message of their topic [R5]
RANGES, RANGES_OF_TOPIC, MARKS_IN_ACK = 512, 64, 2_048
TURN = 0.1  # the longest wait: a signal handler that called `leave` is heeded then

JOINING, CONFIRMING, MEMBER, LEAVING, ENDED = "joining", "confirming", "member", "leaving", "ended"
NEVER = float("inf")


class Gone(NamedTuple):
    """These messages of a topic can't be had any more."""

    topic: bytes
    first: int
    last: int


class Notice(NamedTuple):
    """What an application may want to know: the publisher was restarted, refuses, closes."""

    text: str


class Delivery(NamedTuple):
    """A message, the next of its topic."""

    topic: bytes
    sequence: int
    payload: bytes
    done: object

    def ack(self):
        """It was processed. For one of a former session this does nothing."""
        self.done(self.sequence, self.sequence)


class Topic:
    """How far a session is in one topic."""

    def __init__(self, number, name, base):
        self.number, self.name = number, name
        self.next = base  # all below was handed out, or is gone
        self.sent_below = base  # all below is known to have been sent
        self.processed = base - 1
        self.early = {}  # came before its turn: sequence to payload
        self.later = {}  # acknowledged, or gone, above `processed`: first to last

    def mark(self):
        return {"number": self.number, "received": self.next - 1, "processed": self.processed}

    def settle(self, first, last):
        """The application is through with these; `processed` rises over what is whole."""
        self.later[first] = last
        while self.processed + 1 in self.later:
            self.processed = self.later.pop(self.processed + 1)

    def missing(self):
        """At most RANGES_OF_TOPIC ranges that were sent and are not here, lowest first."""
        ranges, first = [], self.next
        for sequence in [*sorted(self.early), self.sent_below]:
            if first < sequence:
                ranges.append({"number": self.number, "first": first, "last": sequence - 1})
            if len(ranges) == RANGES_OF_TOPIC:
                break
            first = sequence + 1
        return ranges


class Retry:
    """When to say something again: at once, then after waits that double."""

    def __init__(self):
        self.wait, self.at = RETRY_FIRST, NEVER

    def begin(self, now, after=0.0):
        self.wait, self.at = RETRY_FIRST, now + after

    def stop(self):
        self.at = NEVER

    def said(self, now):
        self.at, self.wait = now + self.wait, min(2 * self.wait, RETRY_LONGEST)


class Subscriber:
    """One membership at one publisher; iterate for Delivery, Gone and Notice items."""

    def __init__(self, name, data, control, prefixes, level="processed", credentials=b"",
                 context=None):
        self.name, self.level, self.credentials = name, level, credentials
        self.prefixes = [p.encode() if isinstance(p, str) else p for p in prefixes]
        self.ready = collections.deque()  # items for the application, in order
        self.counts = collections.Counter()  # items by type; repaired, duplicates, broken, lost
        self.outcome = None  # at the end: confirmed, unconfirmed, incomplete, superseded
        self.wants_to_leave = False
        context = context or zmq.Context.instance()
        self.sub, self.dealer = context.socket(zmq.SUB), context.socket(zmq.DEALER)
        self.sub.setsockopt(zmq.SNDHWM, 0)  # subscriptions queue there, and must not be lost
        self.sub.setsockopt(zmq.LINGER, 0)
        self.dealer.setsockopt(zmq.SNDHWM, 16)  # acknowledgements merge while it is full
        self.dealer.setsockopt(zmq.LINGER, 500)
        for prefix in self.prefixes:
            self.sub.setsockopt(zmq.SUBSCRIBE, prefix)
        self.nonce = None
        self.former = None  # of a session that was lost: its epoch, and how far each topic was
        self.rejoin = Retry()
        self.join(time.monotonic())
        self.sub.connect(data)
        self.dealer.connect(control)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sub.close()
        self.dealer.close()

    def __iter__(self):
        """Hands out items until the publisher's stream ends, or `leave` was called and done."""
        next_turn = 0.0
        while True:
            # Beats and acknowledgements go on while there is much to hand out.
            if self.ready and time.monotonic() < next_turn:
                item = self.ready.popleft()
                self.counts[type(item).__name__] += 1
                yield item
            elif self.ready or self.state != ENDED:
                self.turn(0 if self.ready else TURN)
                next_turn = time.monotonic() + ACK_DELAY
            else:
                return

    def leave(self):
        """Leaves, with what is acknowledged by then [M2]; signal handlers may call it."""
        self.wants_to_leave = True

    # --- a session ---------------------------------------------------------------------------

    def join(self, now, after=0.0):
        """Draws a new session; all of the old one is forgotten [J1, X4]."""
        if self.nonce:
            self.sub.setsockopt(zmq.UNSUBSCRIBE, private_topic(self.nonce))
        self.session, self.nonce, self.serial = os.urandom(16), os.urandom(16), 0
        self.sub.setsockopt(zmq.SUBSCRIBE, private_topic(self.nonce))
        self.state, self.epoch = JOINING, None
        self.topics, self.numbers_changed, self.gaps = {}, set(), set()
        self.welcome, self.parts, self.end_parts, self.end = None, {}, {}, False
        self.window, self.window_bytes, self.beat = 1, 1, NEVER
        self.changes = self.changed_bytes = 0
        self.ack_at = self.beat_at = self.farewell_at = NEVER
        self.whole = False  # a whole ACK is wanted
        self.again, self.nack = Retry(), Retry()  # `again`: HELLO, JOINED or BYE
        self.again.begin(now, after)

    def lose(self, now, why, after=None):
        """The publisher does not know this session any more [M4, W4]."""
        if self.state == LEAVING or self.end:
            return self.finish("unconfirmed")
        if after is None:
            after = 0.0
            if self.state != MEMBER:  # again, before it was one: with back-off
                self.rejoin.said(now)
                after = self.rejoin.at - now
        if self.epoch:
            self.former = self.epoch, {topic.number: topic.next for topic in self.topics.values()}
        self.counts["lost"] += 1
        self.ready.append(Notice(f"session lost: {why}"))
        self.join(now, after)

    def finish(self, outcome):
        self.state, self.outcome = ENDED, outcome

    def goodbye(self, now):
        """Says BYE, again until it is answered or the farewell is over [M2]."""
        if self.state == JOINING:
            return self.finish("unconfirmed")  # nothing is owed yet, and it forgets us by itself
        if self.state == MEMBER and len(self.topics) > MARKS_IN_ACK:
            self.whole = True
            self.say_marks(now)
        self.state, self.farewell_at = LEAVING, now + FAREWELL
        self.again.begin(now)

    # --- saying ------------------------------------------------------------------------------

    def say(self, now, kind, **fields):
        """Says a frame; false if the connection takes none now [A8]."""
        frame = Frame(kind, self.epoch or NO_ID, self.session, fields, self.serial + 1)
        try:
            self.dealer.send(write_control(TO_PUBLISHER, frame), zmq.DONTWAIT)
        except zmq.Again:
            return False
        self.serial += 1
        self.beat_at = now + self.beat
        return True

    def say_again(self, now):
        if self.state == JOINING:
            self.say(now, "HELLO", nonce=self.nonce, level=self.level, name=self.name,
                     credentials=self.credentials, prefixes=self.prefixes)
        elif self.state == CONFIRMING:
            self.say(now, "JOINED", welcome=self.welcome[1])
        else:
            # Those beyond were said in an ACK just before: a frame stays below 128 KiB.
            some = itertools.islice(self.topics.values(), MARKS_IN_ACK)
            self.say(now, "BYE", marks=[topic.mark() for topic in some])
        self.again.said(now)

    def say_marks(self, now):
        """Says the marks that changed, or all of them [A2, A3]."""
        numbers = list(self.topics if self.whole else self.numbers_changed)
        for at in range(0, len(numbers) or 1, MARKS_IN_ACK):
            some = numbers[at : at + MARKS_IN_ACK]
            last = at + MARKS_IN_ACK >= len(numbers)
            marks = [self.topics[number].mark() for number in some]
            if not self.say(now, "ACK", whole=self.whole and last, marks=marks):
                self.ack_at = now + ACK_DELAY
                return
        self.numbers_changed.clear()
        self.whole, self.ack_at, self.changes, self.changed_bytes = False, NEVER, 0, 0

    def say_missing(self, now):
        ranges = []
        for number in sorted(self.gaps):
            ranges += self.topics[number].missing()[: RANGES - len(ranges)]
        self.nack.stop()
        if ranges:
            self.say(now, "NACK", ranges=ranges)
            self.nack.said(now)

    # --- one turn ----------------------------------------------------------------------------

    def turn(self, wait=TURN):
        """Reads what came, and says what is due; waits at most so many seconds for something."""
        now = time.monotonic()
        if self.wants_to_leave and self.state not in (LEAVING, ENDED):
            if self.level == "processed":
                self.ready.clear()  # who acknowledges these after BYE is not heard
            self.goodbye(now)
        if self.state == ENDED:
            return
        behind = len(self.ready) >= BACKLOG
        poller = zmq.Poller()
        poller.register(self.dealer, zmq.POLLIN)
        if not behind:
            poller.register(self.sub, zmq.POLLIN)
        until = min(now + wait, self.again.at, self.farewell_at)
        if self.state == MEMBER:
            until = min(until, self.ack_at, self.beat_at, NEVER if behind else self.nack.at)
        came = dict(poller.poll(max(0.0, until - now) * 1_000))
        now = time.monotonic()
        if self.sub in came:
            self.read(self.sub, self.on_data, now)
        if self.dealer in came:
            self.read(self.dealer, self.on_control, now)
        if self.state != ENDED:
            self.on_time(now, behind)

    def read(self, socket, take, now):
        for _ in range(256):
            try:
                frames = socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            try:
                take(frames, now)
            except Broken:
                self.counts["broken"] += 1  # and nothing ends for it [X1]
            if self.state == ENDED:
                return

    def on_time(self, now, behind):
        if self.farewell_at <= now:  # after BYE, or after FIN
            whole = self.state == LEAVING or self.end and not self.gaps
            return self.finish("unconfirmed" if whole else "incomplete")
        if self.again.at <= now:
            self.say_again(now)
        if self.state != MEMBER:
            return
        if self.whole or self.ack_at <= now or self.changes >= min(256, self.window // 8 or 1) \
                or self.changed_bytes >= self.window_bytes / 8:
            if self.whole or self.numbers_changed:
                self.say_marks(now)
        if self.nack.at <= now and not behind:
            self.say_missing(now)
        if self.beat_at <= now:
            self.say(now, "BEAT")
            self.beat_at = now + self.beat
        if self.end and not self.gaps and self.farewell_at == NEVER and self.is_through():
            self.goodbye(now)

    def is_through(self):
        return self.level == "received" or all(
            topic.processed == topic.next - 1 for topic in self.topics.values())

    # --- what comes on the data connection ---------------------------------------------------

    def on_data(self, frames, now):
        if len(frames) == 1:
            if nonce_of(frames[0]) == self.nonce:  # who subscribes to all sees others' too
                self.on_in_band(read_in_band(frames[0])[1], now)
            return
        message = read_message(frames)
        if self.state not in (CONFIRMING, MEMBER) or message.tag != self.tag:
            return  # before WELCOME nobody knows what is owed [J4]; another epoch
        topic = self.topic(message.number, message.topic, base=1)
        self.take(topic, message.sequence, message.payload, now)

    def on_in_band(self, frame, now):
        kind, fields = frame.kind, frame.fields
        if kind == "WELCOME" and self.state == JOINING:
            self.on_welcome(frame.epoch, fields, now)
        elif kind in ("SYNC", "END") and self.state in (CONFIRMING, MEMBER):
            if frame.epoch != self.epoch:
                return
            for entry in fields["entries"]:
                topic = self.topic(entry["number"], entry["topic"], base=1)
                self.note_sent(topic, entry["sequence"], now)
            self.whole = True
            if kind == "END" and not self.end:
                if fields["parts"] != self.end_parts.setdefault("parts", fields["parts"]):
                    self.end_parts = {"parts": fields["parts"]}
                self.end_parts[fields["part"]] = True
                self.end = len(self.end_parts) == fields["parts"] + 1

    def on_welcome(self, epoch, fields, now):
        """Bases count once all parts of one number have come [J3]."""
        if self.welcome != (epoch, fields["welcome"], fields["parts"]):
            self.welcome, self.parts = (epoch, fields["welcome"], fields["parts"]), {}
        self.parts[fields["part"]] = fields["entries"]
        if len(self.parts) < fields["parts"]:
            return
        self.epoch, self.tag = epoch, int.from_bytes(epoch[-4:], "big")
        self.window, self.window_bytes = fields["window_messages"], fields["window_bytes"]
        self.beat = max(0.01, fields["expiry_ms"] / 5_000)
        for entry in (entry for part in self.parts.values() for entry in part):
            number, base = entry["number"], entry["sequence"]
            self.topics[number] = Topic(number, entry["topic"], base)
            if self.former and self.former[0] == epoch:
                had = self.former[1].get(number, 1)
                if had < base:  # it was published between the two sessions
                    self.ready.append(Gone(entry["topic"], had, base - 1))
        if self.former and self.former[0] != epoch:
            self.ready.append(Notice("the publisher was restarted"))
        self.former = None
        self.state, self.parts = CONFIRMING, {}
        self.again.begin(now)

    def topic(self, number, name, base):
        topic = self.topics.get(number)
        if topic is None:
            topic = self.topics[number] = Topic(number, name, base)
        if topic.name != name:
            raise Broken("a number with another topic")
        return topic

    # --- sequences ---------------------------------------------------------------------------

    def take(self, topic, sequence, payload, now):
        """Takes a message, from the stream or a repair."""
        if sequence < topic.next or sequence in topic.early:
            self.counts["duplicates"] += 1
            return
        if sequence == topic.next or len(topic.early) < REORDER:
            topic.early[sequence] = payload
        self.hand_out(topic, now)
        self.note_sent(topic, sequence + 1, now)

    def hand_out(self, topic, now):
        """What is next in its topic goes to the application."""
        while topic.next in topic.early:
            payload = topic.early.pop(topic.next)
            self.ready.append(Delivery(topic.name, topic.next, payload, self.acker(topic)))
            topic.next += 1
            self.changed_bytes += len(payload)
            self.changed(topic, now)

    def note_sent(self, topic, below, now):
        """Evidence: all below this was sent. What is not here is asked for [R1]."""
        topic.sent_below = max(topic.sent_below, below)
        if topic.next < topic.sent_below:
            if not self.gaps:
                self.nack.begin(now)
            self.gaps.add(topic.number)
        else:
            self.gaps.discard(topic.number)
            if not self.gaps:
                self.nack.stop()

    def changed(self, topic, now):
        self.numbers_changed.add(topic.number)
        self.changes += 1
        self.ack_at = min(self.ack_at, now + ACK_DELAY)

    def acker(self, topic):
        def done(first, last):
            # Of a former session, or said twice: it counts for nothing.
            if self.topics.get(topic.number) is topic and topic.processed < first:
                topic.settle(first, last)
                self.changed(topic, time.monotonic())
        return done

    # --- what comes on the control connection ------------------------------------------------

    def on_control(self, frames, now):
        if len(frames) != 1:
            raise Broken("frames")
        frame = read_control(frames[0], TO_SUBSCRIBER)
        kind, fields = frame.kind, frame.fields
        if frame.session != self.session:
            return
        if self.epoch not in (None, frame.epoch) and kind not in ("UNKNOWN", "VERSIONS"):
            return
        if kind == "VERSIONS" and fields["lowest"] <= VERSION <= fields["highest"]:
            return  # it speaks ours: an answer to somebody's older frame
        if kind == "SUPERSEDED":
            self.ready.append(Notice("superseded: a newer session has this name"))
            self.finish("superseded")  # and it must not join again by itself [M3]
        elif kind in ("UNKNOWN", "EVICTED"):
            self.lose(now, kind)
        elif self.state == LEAVING:
            if kind in ("BYE_OK", "FIN"):
                self.finish("confirmed" if fields.get("acked", True) else "unconfirmed")
        elif kind in ("REFUSED", "CLOSING", "VERSIONS") and self.state != MEMBER:
            self.on_refusal(kind, fields, now)
        elif kind == "VERSIONS" and frame.epoch != self.epoch:
            self.lose(now, kind, after=RETRY_LONGEST)
        elif self.state in (CONFIRMING, MEMBER):
            self.on_member(kind, fields, now)

    def on_refusal(self, kind, fields, now):
        """It asks again, but only after the longest wait [J6, V1]."""
        why = f"{kind} {fields.get('reason', '')}".strip()
        if self.state == CONFIRMING:
            return self.lose(now, why, after=RETRY_LONGEST)
        self.ready.append(Notice(why))
        self.again.begin(now, after=RETRY_LONGEST)

    def on_member(self, kind, fields, now):
        if kind == "MEMBER" and self.state == CONFIRMING:
            self.state = MEMBER
            self.rejoin = Retry()
            self.again.stop()
            self.beat_at = now + self.beat
        elif kind == "QUERY":
            self.whole = True
        elif kind == "REPAIR":
            self.counts["repaired"] += 1
            topic = self.topic(fields["number"], fields["topic"], base=1)
            self.nack.begin(now, after=0.0 if fields["last"] else RETRY_FIRST)
            self.take(topic, fields["sequence"], fields["payload"], now)
        elif kind == "GONE":
            self.on_gone(fields, now)
        elif kind == "FIN":
            if fields["acked"]:
                return self.finish("confirmed")
            self.farewell_at = now + FAREWELL  # what is on its way may still come

    def on_gone(self, fields, now):
        """A loss that the publisher owns up to: the application hears of it [R4]."""
        topic = self.topics.get(fields["number"])
        if topic is None:
            raise Broken("GONE of an unknown topic")
        first, last = max(fields["first"], topic.next), fields["last"]
        if first == topic.next and first <= last:
            self.ready.append(Gone(topic.name, first, last))
            topic.next = last + 1
            topic.early = {s: p for s, p in topic.early.items() if s > last}
            topic.settle(first, last)
            self.changed(topic, now)
            self.hand_out(topic, now)
        self.note_sent(topic, last + 1, now)


def main():
    parser = argparse.ArgumentParser(description="Prints what a linger publisher says.")
    parser.add_argument("--name", required=True)
    parser.add_argument("--data", required=True, help="the publisher's data endpoint")
    parser.add_argument("--control", required=True, help="the publisher's control endpoint")
    parser.add_argument("--prefix", action="append", help="may stand several times; default: all")
    parser.add_argument("--level", choices=["received", "processed"], default="processed")
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    with Subscriber(args.name, args.data, args.control, args.prefix or [""],
                    args.level) as subscriber:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: subscriber.leave())
        print(f"notice joining as {args.name}")
        for item in subscriber:
            if isinstance(item, Delivery):
                topic, payload = (part.decode(errors="backslashreplace")
                                  for part in (item.topic, item.payload))
                print(f"message {topic} {item.sequence} {payload}")
                item.ack()
            elif isinstance(item, Gone):
                print(f"gone {item.topic.decode(errors='backslashreplace')} "
                      f"{item.first} to {item.last}")
            else:
                print(f"notice {item.text}")
    counts = subscriber.counts
    print(f"end {subscriber.outcome}: {counts['Delivery']} messages, {counts['Gone']} gaps, "
          f"{counts['repaired']} repaired, {counts['duplicates']} duplicates, "
          f"{counts['broken']} broken, {counts['lost']} sessions lost")
    return 0 if subscriber.outcome in ("confirmed", "unconfirmed") else 1


if __name__ == "__main__":
    sys.exit(main())
