"""Joining: J1 to J6, V1, X4, and what becomes of a session: M1 to M5, W4."""

from __future__ import annotations

from linger_subscriber import Delivery, Joined, Lost, Refused, Restarted, Superseded, frames
from linger_subscriber.frames import NO_ID, Frame
from linger_subscriber.items import LastMark
from linger_subscriber.wire import Entry
from tests.peer import EPOCH, NEXT_EPOCH, Peer


class Joining(Peer):
    how = {"prefixes": (b"EUR", b"GBP"), "credentials": b"secret", "level": "received"}

    def test_it_subscribes_prefixes_then_its_private_topic_and_only_then_says_hello(self) -> None:
        (hello,) = self.speaks()
        nonce = self.machine.nonce
        wanted = frames.Hello(nonce, "received", "one", b"secret", [b"EUR", b"GBP"])
        self.assertEqual(hello, wanted)
        private = f"subscribe {bytes([255]) + nonce!r}"
        self.assertEqual(
            self.history, ["subscribe b'EUR'", "subscribe b'GBP'", private, "Hello"]
        )
        self.assertNotEqual(nonce, self.machine.session)

    def test_hello_is_said_again_after_waits_that_double_up_to_the_longest(self) -> None:
        said = self.passes(10)
        self.assertEqual(len(said), 1 + 5 + 8)  # 50, 100, 200, 400, 800 ms; then each second
        self.assertEqual({frame.epoch for frame in self.said}, {NO_ID})
        self.assertEqual([frame.serial for frame in self.said], list(range(1, 15)))

    def test_welcome_counts_once_all_parts_of_one_number_have_come(self) -> None:
        self.speaks()
        sizes = {"window_messages": 8, "window_bytes": 1, "expiry_ms": 500}
        first, second = self.entries(EURUSD=5), self.entries(GBPUSD=6)
        for number, part, entries in ((1, 0, first), (2, 1, second), (1, 1, second)):
            self.says(frames.Welcome(number, part, 2, **sizes, entries=entries))
            self.assertEqual(self.machine.state, "joining")
        self.says(frames.Welcome(1, 0, 3, **sizes, entries=first))  # of other parts: begun anew
        self.says(frames.Welcome(1, 1, 2, **sizes, entries=second))
        self.assertEqual(self.machine.state, "joining")
        self.says(frames.Welcome(1, 0, 2, **sizes, entries=first))
        self.assertEqual(self.speaks(), [frames.Joined(1)])
        self.assertEqual(self.said[-1].epoch, EPOCH)
        self.publishes(5)
        self.publishes(6, b"GBPUSD")
        self.assertEqual([item.sequence for item in self.taken(Delivery)], [5, 6])

    def test_joined_is_said_again_until_member_comes(self) -> None:
        self.welcomes()
        self.assertEqual(len(self.kinds(self.passes(1), frames.Joined)), 4)
        self.says(frames.Member())
        self.assertEqual(self.kinds(self.passes(11), frames.Joined), [])
        self.assertEqual(self.taken(Joined), [Joined(EPOCH)])

    def test_before_welcome_is_whole_nothing_is_delivered(self) -> None:
        self.speaks()
        self.publishes(1)
        self.says(frames.Sync(self.entries(EURUSD=2)))
        self.assertEqual((self.taken(Delivery), self.broken), ([], 0))

    def test_before_member_it_delivers_and_says_neither_ack_nor_nack(self) -> None:
        self.welcomes()
        self.publishes(1)
        self.publishes(3)
        self.assertEqual([item.sequence for item in self.taken(Delivery)], [1])
        self.says(frames.Sync(self.entries(EURUSD=5)))
        self.assertEqual({type(body) for body in self.passes(5)}, {frames.Joined})
        self.says(frames.Member())
        kinds = [type(body) for body in self.speaks()]
        self.assertEqual(kinds, [frames.Ack, frames.Nack])
        self.assertTrue(self.said[-2].body.whole)

    def test_a_topic_that_welcome_does_not_name_begins_at_1(self) -> None:
        self.joins(EURUSD=7)
        self.publishes(2, b"EURGBP")
        self.assertEqual(self.speaks()[-1].ranges, [(2, 1, 1)])

    def test_refused_it_presses_no_more_often_than_the_longest_wait(self) -> None:
        for body in (frames.Refused(0, "busy"), frames.Closing(), frames.Versions(2, 2)):
            self.speaks()
            self.says(body)
            self.assertEqual(len(self.passes(0.9)), 0)
            self.assertEqual(len(self.passes(3)), 3)
        whys = ["REFUSED busy", "CLOSING", "VERSIONS"]
        self.assertEqual(self.taken(Refused), [Refused(why) for why in whys])

    def test_an_application_that_takes_nothing_is_told_of_a_refusal_once(self) -> None:
        for _ in range(100):
            self.speaks()
            self.says(frames.Refused(0, "busy"))
            self.passes(1)
        self.assertEqual(self.taken(Refused), [Refused("REFUSED busy")])

    def test_a_connection_that_takes_nothing_is_not_pressed(self) -> None:
        tries = 0

        def refuse(frame: bytes) -> bool:
            nonlocal tries
            tries += 1
            return False

        self.say = refuse  # type: ignore[method-assign]
        self.passes(10)
        self.assertTrue(self.machine.is_held())
        self.assertLess(tries, 20)

    def test_a_candidate_at_a_publisher_that_closes_begins_anew_after_the_longest_wait(self) -> None:
        self.welcomes()
        session = self.machine.session
        self.says(frames.Closing())
        self.assertNotEqual(self.machine.session, session)
        self.assertEqual(self.passes(0.9), [])
        self.assertEqual(len(self.passes(0.12)), 1)

    def test_a_version_that_both_speak_is_no_refusal(self) -> None:
        self.speaks()
        self.says(frames.Versions(1, 9, b"more"))
        self.assertEqual(len(self.passes(0.05)), 1)

    def test_versions_is_read_whatever_version_it_has(self) -> None:
        self.speaks()
        frame = frames.write_control(Frame(EPOCH, self.machine.session, frames.Versions(2, 9)))
        self.machine.on_control([frame[:2] + b"\x09" + frame[3:]], self.now)
        self.assertEqual(self.taken(Refused), [Refused("VERSIONS")])


class Bounded(Peer):
    how = {"prefixes": (b"EUR",), "max_topics": 1, "max_frame": 64 << 10}

    def test_topics_beyond_the_limit_are_broken(self) -> None:
        self.joins()
        self.publishes(1)
        self.publishes(1, b"EURGBP")
        self.assertEqual(len(self.taken(Delivery)), 1)
        self.assertEqual(self.broken, 1)

    def test_frames_beyond_the_limit_are_broken(self) -> None:
        self.joins()
        self.publishes(1, payload=bytes(64 << 10))
        self.says(frames.Repair(1, 1, True, b"EURUSD", bytes(64 << 10)))
        self.assertEqual((self.broken, self.taken(Delivery)), (2, []))
        self.publishes(1, payload=bytes(60 << 10))
        self.assertEqual(len(self.taken(Delivery)), 1)


class Sessions(Peer):
    how = {"prefixes": (b"EUR",), "level": "received"}

    def test_a_member_beats_each_fifth_of_the_expiry_unless_it_says_something_else(self) -> None:
        self.welcomes(expiry_ms=5_000)
        self.says(frames.Member())
        self.assertEqual(len(self.kinds(self.passes(10), frames.Beat)), 10)
        self.publishes(1)
        self.passes(0.5)
        self.assertEqual(self.kinds(self.passes(0.4), frames.Beat), [])

    def test_unknown_makes_it_begin_anew_with_other_ids_and_serial_1(self) -> None:
        self.joins()
        session, nonce = self.machine.session, self.machine.nonce
        self.epoch = NEXT_EPOCH  # it is taken from any epoch
        self.says(frames.Unknown())
        (hello,) = self.speaks()
        self.assertEqual((self.said[-1].serial, self.said[-1].epoch), (1, NO_ID))
        self.assertFalse({session, nonce} & {self.said[-1].session, hello.nonce})
        self.assertFalse(self.is_subscribed(b"\xff" + nonce))
        self.assertTrue(self.is_subscribed(b"\xff" + hello.nonce))
        self.assertEqual(self.taken(Lost), [Lost("UNKNOWN")])

    def test_unknown_again_before_member_is_answered_after_waits_that_double(self) -> None:
        self.joins()
        waits = []
        for _ in range(8):
            self.says(frames.Unknown())
            begun = self.now
            while not self.passes(0.01):
                pass
            waits.append(round(self.now - begun, 2))
        self.assertEqual(waits, [0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
        self.welcomes()
        self.says(frames.Member())
        self.says(frames.Unknown())
        self.assertEqual(len(self.speaks()), 1)

    def test_versions_of_another_epoch_takes_a_member_away_for_the_longest_wait(self) -> None:
        self.joins()
        self.says(frames.Versions(2, 3))  # of its own publisher: nonsense
        self.assertEqual(self.machine.state, "member")
        self.epoch = NEXT_EPOCH
        self.says(frames.Versions(1, 3))  # its own is among them
        self.assertEqual(self.machine.state, "member")
        self.says(frames.Versions(2, 3))
        self.assertEqual(self.taken(Lost), [Lost("VERSIONS")])
        self.assertEqual(self.passes(0.99), [])
        self.assertEqual(len(self.passes(0.02)), 1)

    def test_what_lies_between_two_sessions_is_named_once(self) -> None:
        self.joins(EURUSD=3)
        for sequence in (3, 4, 9):
            self.publishes(sequence)
        self.says(frames.Evicted())
        self.welcomes(EURUSD=20, EURGBP=4)  # the second was born meanwhile
        self.assertEqual(self.gone(), [(b"EURUSD", 5, 19), (b"EURGBP", 1, 3)])
        self.says(frames.Unknown())
        self.welcomes(EURUSD=20, EURGBP=4)
        self.assertEqual(self.gone(), [])
        self.assertEqual(self.machine.counts["gone"], 18)

    def test_what_was_in_order_is_still_handed_out_and_what_waited_is_dropped(self) -> None:
        self.joins()
        self.publishes(1)
        self.publishes(3)
        self.says(frames.Unknown())
        self.welcomes(EURUSD=4)
        self.assertEqual([item.sequence for item in self.taken(Delivery)], [1])

    def test_a_durable_name_is_paid_from_below_its_old_mark(self) -> None:
        self.joins()
        for sequence in (1, 2, 3):
            self.publishes(sequence)
        self.says(frames.Unknown())
        self.joins(EURUSD=2)
        self.publishes(4)  # 2 and 3 are repaired
        self.assertEqual(self.speaks()[-1].ranges, [(1, 2, 3)])
        self.assertEqual(self.gone(), [])

    def test_a_restart_is_told_with_the_last_marks(self) -> None:
        self.joins(EURUSD=5)
        self.publishes(5)
        self.epoch = NEXT_EPOCH
        self.says(frames.Unknown())
        self.welcomes(EURUSD=9)
        restarted = Restarted(NEXT_EPOCH, (LastMark(b"EURUSD", 5, 4),))
        self.assertEqual(self.taken(Restarted), [restarted])
        self.assertEqual(self.machine.counts["gone"], 0)

    def test_superseded_is_the_end_in_every_state(self) -> None:
        for prepare in (self.speaks, self.welcomes, self.joins):
            self.setUp()
            prepare()
            self.says(frames.Superseded())
            self.assertEqual(self.machine.outcome, "superseded")
            self.assertEqual(self.taken(Superseded), [Superseded()])
            self.assertEqual(self.passes(100), [])

    def test_frames_of_other_sessions_and_epochs_are_dropped(self) -> None:
        self.joins()
        self.says(frames.Superseded(), session=bytes(range(16)))
        self.epoch = NEXT_EPOCH
        for body in (frames.Superseded(), frames.Evicted(), frames.Fin(True)):
            self.says(body)
        self.says(frames.End(0, 1, self.entries(EURUSD=9)))
        self.publishes(1)
        self.assertEqual((self.machine.state, self.broken), ("member", 0))
        self.assertEqual(self.taken(Delivery), [])
        self.assertEqual(self.kinds(self.passes(1), frames.Nack), [])

    def test_what_it_can_not_read_is_broken_and_ends_nothing(self) -> None:
        self.joins()
        for came in ([b""], [b"a"], [b"a"] * 4, [b"\xff" + bytes(9)], [b"a" * 20, b""]):
            self.takes(came)
        self.says(frames.Sync([Entry(1, 5, b"EURUSD")]))
        self.says(frames.Sync([Entry(1, 5, b"EURCHF")]))  # a number with another topic
        self.says(frames.GoneRange(99, 1, 1))
        self.assertEqual(self.broken, 7)
        self.assertEqual(self.machine.state, "member")

    def test_a_frame_that_the_connection_does_not_take_is_said_later_as_it_is_then(self) -> None:
        self.joins()
        self.is_full = True
        self.publishes(1)
        self.assertEqual(self.passes(1), [])
        self.is_full = False
        (ack,) = self.passes(0.01)
        self.assertEqual(ack.marks, [(1, 1, 0)])
        self.assertEqual(self.said[-1].serial, len(self.said))
