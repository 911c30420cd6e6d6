"""Acknowledgements: A1 to A8, R6, and the end: M2, C1, C4."""

from __future__ import annotations

from linger_subscriber import Abandoned, Delivery, EndOfStream, frames
from linger_subscriber.machine import MARKS_IN_ACK
from linger_subscriber.wire import Entry, Mark
from tests.peer import Peer


class Acks(Peer):
    def test_processed_rises_by_ack_and_nothing_else_in_whatever_order(self) -> None:
        self.joins()
        for sequence in (1, 2, 3):
            self.publishes(sequence)
        first, second, third = self.taken(Delivery)
        self.assertEqual(self.marks(), {1: (3, 0)})
        third.ack()
        second.ack()
        second.ack()  # again: nothing
        self.assertEqual(self.marks(), {1: (3, 0)})
        first.ack()
        self.assertEqual(self.marks(), {1: (3, 3)})

    def test_an_ack_falls_due_after_the_delay_with_what_changed_alone(self) -> None:
        self.joins(EURUSD=1, EURGBP=1)
        self.publishes(1)
        self.assertEqual(self.speaks(), [])
        self.assertEqual(self.passes(0.0049), [])
        (ack,) = self.passes(0.001)
        self.assertEqual(ack, frames.Ack(False, [Mark(1, 1, 0)]))
        self.assertEqual(self.passes(1), [])

    def test_it_falls_due_at_once_after_an_eighth_of_the_window(self) -> None:
        self.joins(window=80)
        for sequence in range(1, 10):
            self.publishes(sequence)
        self.assertEqual(self.speaks(), [])
        self.publishes(10)
        self.assertEqual(len(self.speaks()), 1)

    def test_it_falls_due_at_once_after_256_messages(self) -> None:
        self.joins(window=32_768)
        for sequence in range(1, 256):
            self.publishes(sequence)
        self.assertEqual(self.speaks(), [])
        self.taken(Delivery)[0].ack()
        self.assertEqual(len(self.speaks()), 1)

    def test_it_falls_due_at_once_after_an_eighth_of_the_windows_bytes(self) -> None:
        self.joins()
        self.publishes(1, payload=bytes((1 << 17) - 1))
        self.assertEqual(self.speaks(), [])
        self.publishes(2, payload=b"x")
        self.assertEqual(len(self.speaks()), 1)

    def test_query_sync_and_end_ask_for_all_marks(self) -> None:
        self.joins(EURUSD=5, EURGBP=1)
        sync, end = frames.Sync([]), frames.End(0, 2, [])
        for body in (frames.Query(), sync, end):
            self.says(body)
            (ack,) = self.speaks()
            self.assertEqual(ack, frames.Ack(True, [Mark(1, 4, 4), Mark(2, 0, 0)]))

    def test_without_topics_a_whole_ack_is_an_empty_list(self) -> None:
        self.joins()
        self.says(frames.Query())
        self.assertEqual(self.speaks(), [frames.Ack(True, [])])

    def test_many_topics_are_named_in_several_frames_even_when_few_are_taken_at_once(self) -> None:
        count = 2 * MARKS_IN_ACK + 1
        entries = [Entry(number, 1, b"EUR%d" % number) for number in range(1, count + 1)]
        self.speaks()
        self.says(frames.Welcome(3, 0, 1, 800, 1 << 20, 60_000, entries))
        self.says(frames.Member())
        self.says(frames.Query())
        say, taken = self.say, list[bytes]()

        def one_at_a_time(frame: bytes) -> bool:
            if taken:
                return False
            taken.append(frame)
            return say(frame)

        self.say = one_at_a_time  # type: ignore[method-assign]
        acks = []
        for _ in range(10):
            taken.clear()
            acks += self.kinds(self.speaks(), frames.Ack)
        self.assertEqual([ack.whole for ack in acks], [False, False, True])
        numbers = [mark.number for ack in acks for mark in ack.marks]
        self.assertEqual(numbers, list(range(1, count + 1)))
        self.assertLess(max(self.sizes), 128 << 10)

    def test_an_ack_of_a_former_session_counts_for_nothing(self) -> None:
        self.joins()
        self.publishes(1)
        (old,) = self.taken(Delivery)
        self.says(frames.Unknown())
        self.joins(EURUSD=1)
        self.publishes(1)
        old.ack()
        self.assertEqual(self.marks(), {1: (1, 0)})


    def test_nor_does_it_end_the_new_session_before_its_time(self) -> None:
        self.joins()
        self.publishes(1)
        (old,) = self.taken(Delivery)
        self.says(frames.Unknown())
        self.joins(EURUSD=2)
        self.publishes(2)
        self.says(frames.End(0, 1, self.entries(EURUSD=3)))
        old.ack()
        self.assertEqual(self.kinds(self.passes(1), frames.Bye), [])
        self.assertEqual(self.sequences(), [2])
        self.assertEqual(len(self.kinds(self.speaks(), frames.Bye)), 1)


class Redelivery(Peer):
    how = {"prefixes": (b"EUR",), "redeliveries": 2}

    def test_an_abandoned_delivery_comes_again_so_often_and_is_then_named(self) -> None:
        self.joins()
        self.publishes(1)
        self.publishes(2)
        kept = self.taken(Delivery)
        self.machine.ready.extend(kept)
        for attempt in (1, 2, 3):
            delivery = self.taken(Delivery)[0]
            self.assertEqual((delivery.sequence, delivery.attempt), (1, attempt))
            delivery.abandon()
            delivery.ack()  # too late
        self.assertEqual(self.taken(Abandoned), [Abandoned(b"EURUSD", 1)])
        self.assertEqual(self.marks(), {1: (2, 0)})

    def test_one_that_is_dropped_is_abandoned(self) -> None:
        self.joins()
        self.publishes(1)
        self.taken(Delivery)  # and nobody keeps it
        (again,) = self.taken(Delivery)
        self.assertEqual((again.sequence, again.attempt), (1, 2))
        again.ack()
        self.assertEqual(self.marks(), {1: (1, 1)})

    def test_who_leaves_is_not_handed_it_again(self) -> None:
        self.joins()
        self.publishes(1)
        (had,) = self.taken(Delivery)
        self.machine.leave(self.now, 60)
        self.assertEqual(self.kinds(self.passes(1), frames.Bye), [])
        had.abandon()
        self.assertEqual(self.speaks(), [frames.Bye([Mark(1, 1, 0)])])
        self.assertEqual(self.taken(Delivery), [])

    def test_what_is_abandoned_for_good_does_not_keep_it_from_saying_bye(self) -> None:
        self.joins()
        self.publishes(1)
        self.says(frames.End(0, 1, self.entries(EURUSD=2)))
        for _ in range(3):
            self.assertEqual(self.kinds(self.passes(1), frames.Bye), [])
            self.taken(Delivery)[0].abandon()
        self.assertEqual(self.speaks(), [frames.Bye([Mark(1, 1, 0)])])


class AtTheLevelReceived(Peer):
    how = {"prefixes": (b"EUR",), "level": "received", "redeliveries": 9}

    def test_dropping_a_delivery_is_no_matter_and_an_ack_is_said_as_it_is(self) -> None:
        self.joins()
        self.publishes(1)
        self.publishes(2)
        first, second = self.taken(Delivery)
        first.ack()
        del second
        self.assertEqual(self.taken(Delivery), [])
        self.assertEqual(self.taken(Abandoned), [])
        self.assertEqual(self.marks(), {1: (2, 1)})


class Ends(Peer):
    def test_end_is_whole_once_each_part_has_come_of_whichever_repeat(self) -> None:
        self.joins()
        self.says(frames.End(0, 3, []))
        self.says(frames.End(1, 2, self.entries(EURUSD=1)))  # of another count: begun anew
        self.says(frames.End(1, 2, self.entries(EURUSD=1)))
        self.assertEqual(self.kinds(self.passes(1), frames.Bye), [])
        self.says(frames.End(0, 2, []))
        self.assertEqual(self.speaks()[-1], frames.Bye([Mark(1, 0, 0)]))
        self.assertEqual(self.taken(EndOfStream), [EndOfStream()])

    def test_bye_waits_for_what_is_missing_and_for_the_application(self) -> None:
        self.joins()
        self.says(frames.End(0, 1, self.entries(EURUSD=2)))
        said = self.passes(1)
        self.assertEqual(self.kinds(said, frames.Bye), [])
        self.assertTrue(self.kinds(said, frames.Nack))
        self.says(frames.Repair(1, 1, True, b"EURUSD", b""))
        self.assertEqual(self.kinds(self.passes(1), frames.Bye), [])
        self.assertEqual(self.sequences(), [1])
        self.assertIn(frames.Bye([Mark(1, 1, 1)]), self.speaks())

    def test_bye_is_said_again_until_it_is_answered(self) -> None:
        self.joins()
        self.machine.leave(self.now, 0)
        self.assertEqual(len(self.passes(0.4)), 4)
        self.says(frames.ByeOk())
        self.assertEqual(self.machine.outcome, "confirmed")
        self.assertEqual(self.passes(10), [])

    def test_nobody_answers_and_it_gives_up_after_the_farewell(self) -> None:
        self.joins()
        self.machine.leave(self.now, 0)
        self.passes(0.99)
        self.assertIsNone(self.machine.outcome)
        self.passes(0.02)
        self.assertEqual(self.machine.outcome, "unconfirmed")

    def test_a_candidate_takes_its_hello_back_and_who_knows_no_epoch_just_goes(self) -> None:
        self.welcomes()
        self.machine.leave(self.now, 0)
        self.assertEqual(self.speaks(), [frames.Bye([])])
        self.setUp()
        self.speaks()
        self.machine.leave(self.now, 0)
        self.assertEqual((self.speaks(), self.machine.outcome), ([], "unconfirmed"))

    def test_answers_to_bye(self) -> None:
        for body, outcome in (
            (frames.ByeOk(), "confirmed"),
            (frames.Fin(True), "confirmed"),
            (frames.Fin(False), "unconfirmed"),
            (frames.Unknown(), "unconfirmed"),
            (frames.Evicted(), "unconfirmed"),
        ):
            self.setUp()
            self.joins()
            self.machine.leave(self.now, 0)
            self.speaks()
            self.says(body)
            self.assertEqual(self.machine.outcome, outcome)

    def test_after_bye_nothing_is_taken_and_nothing_acknowledged(self) -> None:
        self.joins()
        self.publishes(1)
        (had,) = self.taken(Delivery)
        self.machine.leave(self.now, 0)
        self.speaks()
        had.ack()
        self.publishes(2)
        self.assertEqual(self.taken(Delivery), [])
        self.assertEqual(self.passes(0.05), [frames.Bye([Mark(1, 1, 0)])])

    def test_after_the_end_nothing_is_taken(self) -> None:
        self.joins()
        self.says(frames.End(0, 1, self.entries(EURUSD=1)))
        self.assertEqual(len(self.kinds(self.speaks(), frames.Bye)), 1)
        self.publishes(1)
        self.assertEqual(self.taken(Delivery), [])

    def test_many_topics_are_said_in_acks_before_bye(self) -> None:
        count = MARKS_IN_ACK + 5
        entries = [Entry(number, 1, b"EUR%d" % number) for number in range(1, count + 1)]
        self.speaks()
        self.says(frames.Welcome(3, 0, 1, 800, 1 << 20, 60_000, entries))
        self.says(frames.Member())
        self.speaks()
        self.machine.leave(self.now, 0)
        ack, bye = self.speaks()
        self.assertEqual((len(ack.marks), len(bye.marks)), (5, MARKS_IN_ACK))
        self.assertLess(max(self.sizes), 128 << 10)

    def test_fin_without_acks_leaves_the_farewell_for_what_is_on_its_way(self) -> None:
        for entries, outcome in ((self.entries(EURUSD=3), "unconfirmed"), (None, "incomplete")):
            self.setUp()
            self.joins()
            self.publishes(1)
            self.says(frames.Fin(False))
            self.publishes(2)
            if entries:
                self.says(frames.End(0, 1, entries))
            self.passes(0.9)
            self.assertIsNone(self.machine.outcome)
            self.passes(0.2)
            self.assertEqual(self.machine.outcome, outcome)
            self.assertEqual(self.sequences(), [1, 2])

    def test_a_successors_unknown_after_the_end_is_another_s_business(self) -> None:
        for body in (frames.Unknown(), frames.Evicted()):
            self.setUp()
            self.joins()
            self.publishes(1)
            self.says(frames.End(0, 1, self.entries(EURUSD=2)))
            self.says(body)
            self.assertEqual(self.machine.outcome, "unconfirmed")
