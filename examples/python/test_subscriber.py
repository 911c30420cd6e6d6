"""Plays a publisher to the subscriber, frame by frame: `python3 test_subscriber.py`."""

import time
import unittest

import zmq

import linger_subscriber
from linger_codec import (
    IN_BAND, NO_ID, TO_PUBLISHER, TO_SUBSCRIBER, Frame, Message, private_topic, read_control,
    write_control, write_message,
)
from linger_subscriber import Delivery, Gone, Notice, Subscriber

linger_subscriber.RETRY_LONGEST = linger_subscriber.FAREWELL = 0.2
EPOCH, NEXT_EPOCH = b"0123456789abcdef", b"fedcba9876543210"
TOPIC, NUMBER = b"EURUSD", 7


class Play(unittest.TestCase):
    """One publisher, of which the test says each frame, and one subscriber."""

    def setUp(self):
        self.context = zmq.Context()
        self.pub, self.router = self.context.socket(zmq.XPUB), self.context.socket(zmq.ROUTER)
        self.router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        ports = [socket.bind_to_random_port("tcp://127.0.0.1") for socket in (self.pub, self.router)]
        self.epoch, self.items = EPOCH, []
        self.subscriber = self.start(*(f"tcp://127.0.0.1:{port}" for port in ports))

    def start(self, data, control, level="processed"):
        return Subscriber("one", data, control, ["EUR"], level, context=self.context)

    def tearDown(self):
        self.subscriber.__exit__()
        self.context.destroy(linger=0)

    def turn(self):
        self.subscriber.turn(0.01)
        while self.subscriber.ready:
            self.items.append(self.subscriber.ready.popleft())

    def until(self, wanted):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = wanted()
            if found:
                return found
            self.turn()
        raise AssertionError(f"it did not come; items: {self.items}")

    def heard(self):
        if not self.router.poll(0):
            return None
        self.route, frame = self.router.recv_multipart()
        return read_control(frame, TO_PUBLISHER)

    def hears(self, kind):
        """Waits for a frame of this kind; skips others."""
        def wanted():
            frame = self.heard()
            return frame if frame and frame.kind == kind else None
        return self.until(wanted)

    def says(self, kind, **fields):
        frame = Frame(kind, self.epoch, self.session, fields)
        self.router.send_multipart([self.route, write_control(TO_SUBSCRIBER, frame)])

    def says_in_band(self, kind, **fields):
        frame = Frame(kind, self.epoch, NO_ID, fields)
        self.pub.send(private_topic(self.nonce) + write_control(IN_BAND, frame))

    def publishes(self, sequence, epoch=EPOCH, bare=False):
        tag = int.from_bytes(epoch[-4:], "big")
        message = Message(TOPIC, tag, NUMBER, sequence, str(sequence).encode())
        self.pub.send_multipart(write_message(message, bare))

    def entry(self, sequence):
        return {"number": NUMBER, "sequence": sequence, "topic": TOPIC}

    def welcomes(self, base, expiry_ms=60_000):
        # Only what is subscribed gets there.
        wanted = {b"\x01EUR"}
        while wanted:
            wanted -= {self.pub.recv()} if self.pub.poll(5_000) else self.fail("no subscription")
        hello = self.hears("HELLO")
        self.session, self.nonce = hello.session, hello.fields["nonce"]
        sizes = {"window_messages": 800, "window_bytes": 1 << 20, "expiry_ms": expiry_ms}
        entries = [] if base is None else [self.entry(base)]
        self.says_in_band("WELCOME", welcome=3, part=1, parts=2, entries=[], **sizes)
        self.says_in_band("WELCOME", welcome=3, part=0, parts=2, entries=entries, **sizes)
        self.assertEqual(self.hears("JOINED").fields["welcome"], 3)

    def joins(self, base=1):
        self.welcomes(base)
        self.says("MEMBER")

    def marks(self, kind="ACK", whole=True):
        frame = self.hears(kind)
        while whole and not frame.fields["whole"]:
            frame = self.hears(kind)
        (mark,) = frame.fields["marks"]
        return mark["received"], mark["processed"]

    def messages(self):
        return [item.sequence for item in self.items if isinstance(item, Delivery)]

    def gaps(self):
        return [(item.first, item.last) for item in self.items if isinstance(item, Gone)]

    def ends(self):
        self.until(lambda: self.subscriber.outcome)
        return self.subscriber.outcome


class Stream(Play):
    def test_messages_of_both_forms_come_in_order_and_marks_say_what_was_acknowledged(self):
        self.joins()
        self.publishes(1)
        self.publishes(2, bare=True)
        self.publishes(1)  # again
        self.until(lambda: len(self.items) == 2 and self.subscriber.counts["duplicates"] == 1)
        self.items[1].ack()
        self.says("QUERY")
        self.assertEqual(self.marks(), (2, 0))
        self.items[0].ack()
        self.assertEqual(self.marks(whole=False), (2, 2))
        self.assertEqual(self.messages(), [1, 2])

    def test_a_gap_is_asked_for_and_filled_in_its_place(self):
        self.joins()
        for sequence in (1, 4):
            self.publishes(sequence)
        for missing in (2, 3):
            (asked,) = self.hears("NACK").fields["ranges"]
            self.assertEqual(asked, {"number": NUMBER, "first": missing, "last": 3})
            self.says("REPAIR", number=NUMBER, sequence=missing, last=True, topic=TOPIC,
                      payload=b"x")
        self.until(lambda: len(self.items) == 4)
        self.assertEqual(self.messages(), [1, 2, 3, 4])

    def test_a_member_that_has_nothing_to_say_beats(self):
        self.welcomes(1, expiry_ms=250)
        self.says("MEMBER")
        begun = time.monotonic()
        serials = [self.hears("BEAT").serial for _ in range(3)]
        self.assertGreater(time.monotonic() - begun, 0.1)
        self.assertEqual(serials, sorted(set(serials)))

    def test_a_lost_last_message_is_shown_by_sync(self):
        self.joins(base=5)
        self.says_in_band("SYNC", entries=[self.entry(6)])
        (asked,) = self.hears("NACK").fields["ranges"]
        self.assertEqual(asked, {"number": NUMBER, "first": 5, "last": 5})

    def test_it_asks_for_nothing_before_it_is_a_member(self):
        self.welcomes(1)
        self.publishes(2)
        self.until(lambda: self.subscriber.gaps)
        for _ in range(5):
            self.assertEqual(self.hears("JOINED").kind, "JOINED")
            self.assertNotEqual(getattr(self.heard(), "kind", None), "NACK")
        self.says("MEMBER")
        self.hears("NACK")

    def test_what_is_not_its_own_is_dropped(self):
        self.joins()
        self.publishes(1, epoch=NEXT_EPOCH)
        self.pub.send_multipart([TOPIC, b"", b"", b""])
        self.pub.send(TOPIC)
        self.router.send_multipart([self.route, b"LG\x01"])
        self.router.send_multipart([self.route, b"two", b"frames"])
        mine, self.session = self.session, bytes(range(16))
        self.says("SUPERSEDED")
        self.session = mine
        self.publishes(1)
        self.until(lambda: self.subscriber.counts["broken"] == 4)
        self.until(lambda: self.items)
        self.assertEqual(self.messages(), [1])
        self.assertEqual(self.subscriber.counts["duplicates"], 0)

    def test_gone_stands_in_its_place_and_marks_step_over_it_in_turn(self):
        self.joins()
        self.publishes(1)
        self.publishes(4)
        self.hears("NACK")
        self.says("GONE", number=NUMBER, first=3, last=3)  # ahead of what is next: left
        self.hears("NACK")
        self.says("GONE", number=NUMBER, first=1, last=3)
        self.until(lambda: len(self.items) == 3)
        self.assertEqual((self.messages(), self.gaps()), ([1, 4], [(2, 3)]))
        self.says("QUERY")
        self.assertEqual(self.marks(), (4, 0))
        self.items[0].ack()
        self.says("QUERY")
        self.assertEqual(self.marks(), (4, 3))


class Sessions(Play):
    def comes_back(self, base):
        """Joins anew, with a session, a nonce and serials of its own."""
        session, nonce = self.session, self.nonce
        self.subscriber.sub.setsockopt(zmq.SUBSCRIBE, b"EUR!")  # the next line must see one
        hello = self.hears("HELLO")
        self.assertNotIn(hello.session, (session, nonce))
        self.assertEqual((hello.serial, hello.epoch), (1, NO_ID))
        self.session, self.nonce = hello.session, hello.fields["nonce"]
        self.assertNotIn(self.nonce, (session, nonce))
        sizes = {"window_messages": 8, "window_bytes": 1, "expiry_ms": 60_000}
        fields = {"welcome": 9, "part": 0, "parts": 1, "entries": [self.entry(base)], **sizes}
        deadline = time.monotonic() + 5
        while not self.subscriber.epoch and time.monotonic() < deadline:
            self.says_in_band("WELCOME", **fields)
            self.turn()
        self.hears("JOINED")
        self.says("MEMBER")

    def loses(self, kind):
        self.joins()
        self.publishes(1)
        self.until(lambda: self.items)
        self.says(kind)
        self.comes_back(base=4)
        self.publishes(4)
        self.until(lambda: self.messages() == [1, 4])
        self.assertEqual(self.gaps(), [(2, 3)])
        self.items[0].ack()  # of the former session
        self.says("QUERY")
        self.assertEqual(self.marks(), (4, 3))

    def test_unknown_makes_it_join_anew_and_name_what_it_lost(self):
        self.loses("UNKNOWN")

    def test_evicted_does_too(self):
        self.loses("EVICTED")

    def test_a_restart_is_told_and_begins_anew(self):
        self.joins()
        self.publishes(1)
        self.until(lambda: self.items)
        self.epoch = NEXT_EPOCH
        self.says("UNKNOWN")
        self.comes_back(base=1)
        self.publishes(1, epoch=NEXT_EPOCH)
        self.until(lambda: self.messages() == [1, 1])
        self.assertIn(Notice("the publisher was restarted"), self.items)
        self.assertEqual(self.gaps(), [])

    def refuses(self, kind, **fields):
        hello = self.hears("HELLO")
        self.session = hello.session
        while self.heard():
            pass
        self.says(kind, **fields)
        self.until(lambda: self.items)
        begun = time.monotonic()
        while self.heard():
            pass
        again = self.hears("HELLO")
        self.assertGreater(time.monotonic() - begun, 0.1)
        self.assertEqual(again.session, hello.session)
        return self.items[0].text

    def test_refused_it_asks_again_after_the_longest_wait(self):
        self.assertEqual(self.refuses("REFUSED", change=0, reason="busy"), "REFUSED busy")

    def test_at_a_closing_publisher_too(self):
        self.assertEqual(self.refuses("CLOSING"), "CLOSING")

    def test_at_one_of_other_versions_too(self):
        self.assertEqual(self.refuses("VERSIONS", lowest=2, highest=3, more=b"x"), "VERSIONS")

    def test_a_member_leaves_a_publisher_that_speaks_its_version_no_more(self):
        self.joins()
        self.until(lambda: self.subscriber.state == "member")
        self.says("VERSIONS", lowest=1, highest=2, more=b"")  # its own is among them
        self.epoch = bytes(16)  # another publisher has taken the place of the first
        self.says("VERSIONS", lowest=2, highest=3, more=b"")
        begun = time.monotonic()
        self.until(lambda: self.items)
        self.assertEqual(self.items, [Notice("session lost: VERSIONS")])
        self.assertNotEqual(self.hears("HELLO").session, self.session)
        self.assertGreater(time.monotonic() - begun, 0.1)

    def test_superseded_it_ends_for_good(self):
        self.joins()
        self.says("SUPERSEDED")
        self.assertEqual(self.ends(), "superseded")


class Ends(Play):
    def test_end_of_stream_is_bye_once_all_is_acknowledged(self):
        self.joins()
        self.publishes(1)
        self.until(lambda: self.items)
        self.says_in_band("END", part=1, parts=2, entries=[])
        self.says_in_band("END", part=0, parts=2, entries=[self.entry(2)])
        self.assertEqual(self.marks(), (1, 0))
        self.items[0].ack()
        self.assertEqual(self.marks("BYE", whole=False), (1, 1))
        self.hears("BYE")  # again
        self.says("BYE_OK")
        self.assertEqual(self.ends(), "confirmed")

    def test_without_an_answer_it_gives_up(self):
        self.joins(base=None)
        self.says_in_band("END", part=0, parts=1, entries=[])
        self.assertEqual(self.ends(), "unconfirmed")

    def test_leaving_says_what_was_acknowledged_and_hands_out_no_more(self):
        self.joins()
        self.publishes(1)
        self.until(lambda: self.items)
        self.items[0].ack()
        self.publishes(2)
        self.until(lambda: len(self.items) == 2)
        self.subscriber.leave()
        self.assertEqual(self.marks("BYE", whole=False), (2, 1))
        self.says("FIN", acked=False)
        self.assertEqual(self.ends(), "unconfirmed")

    def test_fin_that_knows_all_ends_it(self):
        self.joins()
        self.until(lambda: self.subscriber.state == "member")
        self.says("FIN", acked=True)
        self.assertEqual(self.ends(), "confirmed")

    def test_fin_that_does_not_leaves_it_incomplete(self):
        self.joins()
        self.until(lambda: self.subscriber.state == "member")
        self.says("FIN", acked=False)
        self.assertEqual(self.ends(), "incomplete")

    def test_unknown_after_the_end_of_the_stream_ends_it(self):
        self.joins()
        self.publishes(1)
        self.says_in_band("END", part=0, parts=1, entries=[self.entry(2)])
        self.until(lambda: self.subscriber.end)
        self.says("UNKNOWN")
        self.assertEqual(self.ends(), "unconfirmed")
        self.assertEqual(self.messages(), [1])


class AtTheLevelReceived(Play):
    def start(self, data, control, level="received"):
        return super().start(data, control, level)

    def test_what_is_received_is_enough_to_end(self):
        self.joins()
        self.publishes(1)
        self.says_in_band("END", part=0, parts=1, entries=[self.entry(2)])
        self.assertEqual(self.marks("BYE", whole=False), (1, 0))
        self.says("BYE_OK")
        self.assertEqual(self.ends(), "confirmed")
        self.assertEqual(self.messages(), [1])


if __name__ == "__main__":
    unittest.main()
