"""Both drivers, at a publisher that is played frame by frame over real sockets."""

from __future__ import annotations

import threading
import time
import unittest

import zmq

from linger_subscriber import Abandoned, Lost, Restarted, frames
from linger_subscriber.frames import NO_ID
from linger_subscriber.items import LastMark
from linger_subscriber.wire import Range
from tests.play import NEXT_EPOCH, NUMBER, TOPIC, Async, Play


class Stream(Play):
    def test_messages_of_both_forms_come_in_order_and_marks_say_what_was_acknowledged(self) -> None:
        self.joins()
        self.publishes(1)
        self.publishes(2, bare=True)
        self.publishes(1)  # again
        self.until(lambda: len(self.messages()) == 2 and self.subscriber.counts["duplicates"] == 1)
        self.deliveries()[1].ack()
        self.says(frames.Query())
        self.assertEqual(self.whole_marks(), (2, 0))
        self.deliveries()[0].ack()
        self.assertEqual(self.pair(self.hears(frames.Ack)), (2, 2))
        self.assertEqual(self.messages(), [1, 2])
        self.assertEqual(self.subscriber.marks(), [LastMark(TOPIC, 2, 2)])

    def test_a_gap_is_asked_for_and_filled_in_its_place(self) -> None:
        self.joins()
        for sequence in (1, 4):
            self.publishes(sequence)
        for missing in (2, 3):
            self.assertEqual(self.hears(frames.Nack).ranges, [Range(NUMBER, missing, 3)])
            self.says(frames.Repair(NUMBER, missing, True, TOPIC, b"x"))
        self.until(lambda: len(self.messages()) == 4)
        self.assertEqual(self.messages(), [1, 2, 3, 4])

    def test_a_member_that_has_nothing_to_say_beats(self) -> None:
        self.welcomes(1, expiry_ms=250)
        self.says(frames.Member())
        begun = time.monotonic()
        serials = []
        for _ in range(3):
            self.hears(frames.Beat)
            serials.append(self.frame.serial or 0)
        self.assertGreater(time.monotonic() - begun, 0.1)
        self.assertEqual(serials, sorted(set(serials)))

    def test_what_is_not_its_own_is_dropped(self) -> None:
        self.joins()
        self.publishes(1, epoch=NEXT_EPOCH)
        self.pub.send_multipart([TOPIC, b"", b"", b""])
        self.pub.send(TOPIC)
        self.router.send_multipart([self.route, b"LG\x01"])
        self.router.send_multipart([self.route, b"two", b"frames"])
        mine, self.session = self.session, bytes(range(16))
        self.says(frames.Superseded())
        self.session = mine
        self.publishes(1)
        self.until(lambda: self.subscriber.counts["broken"] == 4)
        self.until(self.messages)
        self.assertEqual(self.messages(), [1])
        self.assertEqual(self.subscriber.counts["duplicates"], 0)

    def test_a_thousand_messages_are_acknowledged_long_before_the_delay(self) -> None:
        self.joins()
        for sequence in range(1, 1_001):
            self.publishes(sequence)
        acks = 0
        while len(self.messages()) < 1_000:
            self.turn()
            for delivery in self.deliveries()[-1:]:
                delivery.ack()
            while (frame := self.heard()) is not None:
                acks += isinstance(frame.body, frames.Ack)
        self.until(lambda: self.subscriber.marks()[0].processed == 1_000)
        self.assertGreaterEqual(acks, 2)

    def test_prefixes_come_and_go(self) -> None:
        self.joins()
        self.subscriber.subscribe("GBP")
        with self.assertRaises(TimeoutError):
            self.driven.subscribed("GBP", 0.01)
        asked = self.hears(frames.Subscribe)
        self.assertEqual(asked, frames.Subscribe(1, [b"GBP"]))
        self.until(lambda: self.is_subscribed(b"GBP"))
        self.says_in_band(frames.Granted(1, 0, 1, []))
        self.driven.subscribed("GBP", 10)
        self.assertEqual(self.subscriber.prefixes(), (b"EUR", b"GBP"))
        self.subscriber.unsubscribe("EUR")
        self.assertEqual(self.hears(frames.Unsubscribe), frames.Unsubscribe(2, [b"EUR"]))
        self.assertTrue(self.is_subscribed(b"EUR"))
        self.says_in_band(frames.Released(2, 0, 1, [self.entry(1)]))
        self.until(lambda: not self.is_subscribed(b"EUR"))
        self.until(lambda: "released EUR" in self.notices())
        self.assertEqual(self.subscriber.prefixes(), (b"GBP",))

    def test_a_prefix_that_is_refused_is_told(self) -> None:
        self.joins()
        self.subscriber.subscribe("GBP")
        self.hears(frames.Subscribe)
        self.says(frames.Refused(1, "too_many_topics"))
        with self.assertRaisesRegex(RuntimeError, "REFUSED too_many_topics"):
            self.driven.subscribed("GBP", 10)
        self.until(lambda: "refused: REFUSED too_many_topics GBP" in self.notices())
        self.until(lambda: self.is_subscribed(b"EUR") and not self.is_subscribed(b"GBP"))


class Connections(Play):
    def test_a_full_connection_is_used_as_soon_as_it_takes_something_again(self) -> None:
        """The publisher is away for so long that beats and ACKs fill what DEALER queues."""
        self.how = {"retry_longest": 60}
        self.tearDown()
        self.setUp()
        self.welcomes(1, expiry_ms=50)
        self.says(frames.Member())
        self.until(lambda: self.machine.state == "member")
        self.router.close(0)
        self.until(lambda: self.machine.is_held())
        self.router = self.context.socket(zmq.ROUTER)
        self.until(lambda: self.binds_again())
        begun = time.monotonic()
        self.hears(frames.Beat)
        self.until(lambda: not self.machine.is_held())
        self.assertLess(time.monotonic() - begun, 30)

    def binds_again(self) -> bool:
        try:
            self.router.bind(self.where[1])
        except zmq.ZMQError:
            return False  # the former one is still closing
        return True

    def test_a_context_that_ends_ends_it(self) -> None:
        self.joins()
        ends = threading.Thread(target=self.end_context)
        ends.start()
        self.assertEqual(self.ends(), "aborted")
        ends.join(10)
        self.assertFalse(ends.is_alive())

    def end_context(self) -> None:
        for socket in (self.pub, self.router):
            socket.close(0)
        self.context.term()


class Sessions(Play):
    def comes_back(self, base: int) -> None:
        """Joins anew, with a session, a nonce and serials of its own."""
        session, nonce = self.session, self.nonce
        hello = self.takes_hello()
        self.assertNotIn(self.session, (session, nonce))
        self.assertEqual((self.frame.serial, self.frame.epoch), (1, NO_ID))
        self.assertNotIn(hello.nonce, (session, nonce))
        self.until(lambda: not self.is_subscribed(b"\xff" + nonce))
        self.says_in_band(frames.Welcome(9, 0, 1, 8, 1, 60_000, [self.entry(base)]))
        self.hears(frames.Joined)
        self.says(frames.Member())

    def loses(self, body: frames.Unknown | frames.Evicted) -> None:
        self.joins()
        self.publishes(1)
        self.until(self.messages)
        self.says(body)
        self.comes_back(base=4)
        self.publishes(4)
        self.until(lambda: self.messages() == [1, 4])
        self.assertEqual(self.gaps(), [(2, 3)])
        self.deliveries()[0].ack()  # of the former session
        self.says(frames.Query())
        self.assertEqual(self.whole_marks(), (4, 3))

    def test_unknown_makes_it_join_anew_and_name_what_it_lost(self) -> None:
        self.loses(frames.Unknown())

    def test_evicted_does_too(self) -> None:
        self.loses(frames.Evicted())

    def test_a_restart_is_told_with_the_last_marks_and_begins_anew(self) -> None:
        self.joins()
        self.publishes(1)
        self.until(self.messages)
        self.epoch = NEXT_EPOCH
        self.says(frames.Unknown())
        self.comes_back(base=1)
        self.publishes(1, epoch=NEXT_EPOCH)
        self.until(lambda: self.messages() == [1, 1])
        self.assertIn(Restarted(NEXT_EPOCH, (LastMark(TOPIC, 1, 0),)), self.items)
        self.assertEqual(self.gaps(), [])

    def refuses(self, body: object) -> str:
        self.takes_hello()
        session = self.session
        while self.heard():
            pass
        self.says(body)
        self.until(lambda: self.items)
        begun = time.monotonic()
        while self.heard():
            pass
        self.takes_hello()
        self.assertGreater(time.monotonic() - begun, 0.1)
        self.assertEqual(self.session, session)
        return self.notices()[0]

    def test_refused_it_asks_again_after_the_longest_wait(self) -> None:
        self.assertEqual(self.refuses(frames.Refused(0, "busy")), "refused: REFUSED busy")

    def test_at_a_closing_publisher_too(self) -> None:
        self.assertEqual(self.refuses(frames.Closing()), "refused: CLOSING")

    def test_at_one_of_other_versions_too(self) -> None:
        self.assertEqual(self.refuses(frames.Versions(2, 3, b"x")), "refused: VERSIONS")

    def test_a_member_leaves_a_publisher_that_speaks_its_version_no_more(self) -> None:
        self.joins()
        self.says(frames.Versions(1, 2))  # its own is among them
        self.epoch = bytes(16)  # another publisher has taken the place of the first
        self.says(frames.Versions(2, 3))
        begun, session = time.monotonic(), self.session
        self.until(lambda: Lost("VERSIONS") in self.items)
        self.takes_hello()
        self.assertNotEqual(self.session, session)
        self.assertGreater(time.monotonic() - begun, 0.1)

    def test_superseded_it_ends_for_good(self) -> None:
        self.joins()
        self.says(frames.Superseded())
        self.assertEqual(self.ends(), "superseded")
        self.assertIn("superseded: a newer session has this name", self.notices())


class Ends(Play):
    def test_end_of_stream_is_bye_once_all_is_acknowledged(self) -> None:
        self.joins()
        self.publishes(1)
        self.until(self.messages)
        self.says_in_band(frames.End(1, 2, []))
        self.says_in_band(frames.End(0, 2, [self.entry(2)]))
        self.assertEqual(self.whole_marks(), (1, 0))
        self.until(lambda: "end of stream" in self.notices())
        self.deliveries()[0].ack()
        self.assertEqual(self.pair(self.hears(frames.Bye)), (1, 1))
        self.hears(frames.Bye)  # again
        self.says(frames.ByeOk())
        self.assertEqual(self.ends(), "confirmed")

    def test_without_an_answer_it_gives_up(self) -> None:
        self.joins(base=None)
        self.says_in_band(frames.End(0, 1, []))
        self.assertEqual(self.ends(), "unconfirmed")

    def test_leaving_says_what_was_acknowledged_and_hands_out_no_more(self) -> None:
        self.joins()
        self.publishes(1)
        self.until(self.messages)
        self.deliveries()[0].ack()
        self.publishes(2)
        self.until(lambda: len(self.messages()) == 2)
        self.publishes(3)
        self.until_ready(lambda: self.machine.ready)
        self.subscriber.leave(grace=0)
        self.assertEqual(self.pair(self.hears(frames.Bye)), (3, 1))
        self.says(frames.Fin(False))
        self.assertEqual(self.ends(), "unconfirmed")
        self.assertEqual(self.messages(), [1, 2])

    def test_leaving_waits_for_what_the_application_has_in_its_hands(self) -> None:
        self.joins()
        self.publishes(1)
        self.until(self.messages)
        self.subscriber.leave(grace=60)
        self.until(lambda: not self.machine.takes)
        self.publishes(2)  # comes too late
        self.says(frames.Query())
        self.assertEqual(self.whole_marks(), (1, 0))
        self.deliveries()[0].ack()
        self.assertEqual(self.pair(self.hears(frames.Bye)), (1, 1))
        self.says(frames.ByeOk())
        self.assertEqual(self.ends(), "confirmed")
        self.assertEqual(self.messages(), [1])

    def test_closing_waits_for_the_end(self) -> None:
        self.joins()
        self.driven.close()
        self.assertEqual(self.subscriber.outcome, "unconfirmed")
        self.hears(frames.Bye)

    def test_aborting_says_nothing(self) -> None:
        self.joins()
        self.driven.subscriber.abort()
        self.assertEqual(self.subscriber.outcome, "aborted")
        while (frame := self.heard()) is not None:
            self.assertNotIsInstance(frame.body, frames.Bye)

    def test_fin_that_knows_all_ends_it(self) -> None:
        self.joins()
        self.says(frames.Fin(True))
        self.assertEqual(self.ends(), "confirmed")

    def test_fin_that_does_not_leaves_it_incomplete(self) -> None:
        self.joins()
        self.says(frames.Fin(False))
        self.assertEqual(self.ends(), "incomplete")

    def test_unknown_after_the_end_of_the_stream_ends_it(self) -> None:
        self.joins()
        self.publishes(1)
        self.says_in_band(frames.End(0, 1, [self.entry(2)]))
        self.until(lambda: self.machine.end_is_whole)
        self.says(frames.Unknown())
        self.assertEqual(self.ends(), "unconfirmed")
        self.assertEqual(self.messages(), [1])


class AtTheLevelReceived(Play):
    how = {"level": "received"}

    def test_what_is_received_is_enough_to_end(self) -> None:
        self.joins()
        self.publishes(1)
        self.says_in_band(frames.End(0, 1, [self.entry(2)]))
        self.assertEqual(self.pair(self.hears(frames.Bye)), (1, 0))
        self.says(frames.ByeOk())
        self.assertEqual(self.ends(), "confirmed")
        self.assertEqual(self.messages(), [1])

    def test_leaving_hands_out_what_was_received(self) -> None:
        self.joins()
        self.publishes(1)
        self.until(lambda: self.subscriber.marks()[0].received)
        self.subscriber.leave()
        self.assertEqual(self.pair(self.hears(frames.Bye)), (1, 0))
        self.says(frames.ByeOk())
        self.assertEqual(self.ends(), "confirmed")
        self.assertEqual(self.messages(), [1])


class Redelivery(Play):
    how = {"redeliveries": 1}

    def test_what_is_dropped_comes_again_and_is_named_at_last(self) -> None:
        self.joins()
        self.publishes(1)
        self.publishes(2)
        self.until(lambda: len(self.messages()) == 2)
        self.items.remove(self.deliveries()[0])  # nobody has it any more
        self.until(lambda: self.messages() == [2, 1])
        second = self.deliveries()[1]
        self.assertEqual((second.attempt, second.payload), (2, b"1"))
        with second:
            pass  # it ends without `ack`
        self.until(lambda: Abandoned(TOPIC, 1) in self.items)
        self.deliveries()[0].ack()
        self.says_in_band(frames.End(0, 1, [self.entry(3)]))
        # All but what is abandoned for good.
        self.assertEqual(self.pair(self.hears(frames.Bye)), (2, 0))
        self.assertEqual(self.subscriber.counts["abandoned"], 1)


class Behind(Play):
    how = {"backlog": 10}

    def test_sub_is_not_read_while_the_application_is_behind_and_dealer_is(self) -> None:
        self.joins()
        for sequence in range(1, 1_001):
            self.publishes(sequence)
        self.until_ready(lambda: self.machine.is_behind())
        self.says(frames.Query())
        ack = self.until_ready(self.whole)
        assert ack
        received, _ = self.pair(ack)
        self.assertLess(received, 10 + 256)  # it ended with that batch
        self.until(lambda: len(self.messages()) == 1_000)
        self.assertEqual(self.messages(), list(range(1, 1_001)))

    def whole(self) -> frames.Ack | None:
        frame = self.heard()
        body = frame.body if frame else None
        return body if isinstance(body, frames.Ack) and body.whole else None


def on_asyncio(*plays: type[Play]) -> dict[str, type[Play]]:
    """The same tests, with the other driver."""
    names = [f"{play.__name__}OnAsyncio" for play in plays]
    return {name: type(name, (play,), {"driver": Async}) for name, play in zip(names, plays)}


globals().update(on_asyncio(Stream, Connections, Sessions, Ends, AtTheLevelReceived, Redelivery, Behind))

if __name__ == "__main__":
    unittest.main()
