"""Repair: R1 to R5."""

from __future__ import annotations

from linger_subscriber import Delivery, Gone, frames
from linger_subscriber.wire import Range
from tests.peer import Peer


class Repair(Peer):
    def asked(self, seconds: float = 0.0) -> list[list[Range]]:
        return [nack.ranges for nack in self.kinds(self.passes(seconds), frames.Nack)]

    def repairs(self, sequence: int, last: bool = True) -> None:
        self.says(frames.Repair(1, sequence, last, b"EURUSD", b"%d" % sequence))

    def test_a_gap_is_asked_for_at_once_and_again_with_all_that_is_missing_then(self) -> None:
        self.joins()
        self.publishes(2)
        self.assertEqual(self.asked(), [[(1, 1, 1)]])
        self.publishes(5)  # it waits its turn
        self.assertEqual(self.asked(0.049), [])
        self.assertEqual(self.asked(0.002), [[(1, 1, 1), (1, 3, 4)]])
        self.assertEqual(len(self.asked(10)), 4 + 8)  # 100, 200, 400, 800 ms, then each second

    def test_without_evidence_nothing_is_asked_for(self) -> None:
        self.joins()
        self.publishes(1)
        self.assertEqual(self.asked(100), [])

    def test_sync_end_gone_and_repair_are_evidence(self) -> None:
        self.joins()
        self.says(frames.Sync(self.entries(EURUSD=3)))
        self.assertEqual(self.asked(), [[(1, 1, 2)]])
        self.says(frames.End(0, 1, self.entries(EURUSD=4)))
        self.assertEqual(self.asked(0.06), [[(1, 1, 3)]])
        self.repairs(6)
        self.assertEqual(self.asked(), [[(1, 1, 5)]])
        self.says(frames.GoneRange(1, 8, 8))  # ahead of what is next: asked for again
        self.assertEqual(self.asked(0.06)[-1], [(1, 1, 5), (1, 7, 8)])
        self.assertEqual(self.taken(Gone), [])

    def test_repairs_are_delivered_in_order_and_once(self) -> None:
        self.joins()
        for sequence in (1, 4, 4, 6):
            self.publishes(sequence)
        for sequence in (5, 3, 5, 2, 2, 1):
            self.repairs(sequence)
        self.publishes(7, bare=True)
        self.assertEqual([item.sequence for item in self.taken(Delivery)], [1, 2, 3, 4, 5, 6, 7])
        self.assertEqual(self.machine.counts["duplicates"], 4)
        self.assertEqual(self.asked(10), [])

    def test_a_repair_begins_the_waits_anew_and_the_last_one_ends_them(self) -> None:
        self.joins()
        self.publishes(9)
        self.asked(1)
        self.repairs(1, last=False)
        self.assertEqual(self.asked(0.049), [])
        self.repairs(2, last=True)
        self.assertEqual(self.asked(), [[(1, 3, 8)]])
        self.assertEqual(len(self.asked(0.051)), 1)

    def test_what_is_gone_is_an_answer_too(self) -> None:
        self.joins(EURUSD=1, EURGBP=1)
        self.says(frames.Sync(self.entries(EURUSD=2, EURGBP=2)))
        self.assertGreater(len(self.asked(5)), 3)
        self.says(frames.GoneRange(1, 1, 1))
        self.assertEqual(self.asked(0.049), [])
        self.assertEqual(self.asked(0.002), [[(2, 1, 1)]])

    def test_at_most_64_ranges_of_a_topic_and_512_in_all_are_asked_for(self) -> None:
        self.joins()
        for number in range(1, 11):
            for sequence in range(2, 202, 2):
                self.says(frames.Repair(number, sequence, False, b"EUR%d" % number, b""))
        ranges = self.asked(0.06)[0]
        self.assertEqual(len(ranges), 512)
        self.assertEqual(sum(one.number == 1 for one in ranges), 64)
        self.assertEqual(ranges[0], (1, 1, 1))

    def test_gone_stands_in_its_place_and_marks_step_over_it_in_turn(self) -> None:
        self.joins()
        for sequence in (1, 3, 5):
            self.publishes(sequence)
        self.says(frames.GoneRange(1, 1, 4))  # from below what is next; 3 had come
        kinds = [type(item) for item in self.machine.ready]
        self.assertEqual(kinds[-3:], [Delivery, Gone, Delivery])
        self.assertEqual(self.machine.stream.early_messages, 0)
        first, last = (item for item in self.machine.ready if isinstance(item, Delivery))
        self.assertEqual(self.gone(), [(b"EURUSD", 2, 4)])
        self.assertEqual(self.marks(), {1: (5, 0)})
        last.ack()
        first.ack()
        self.assertEqual(self.marks(), {1: (5, 5)})

    def test_gone_may_come_unasked_and_again(self) -> None:
        self.joins(EURUSD=5)
        for _ in range(2):
            self.says(frames.GoneRange(1, 5, 7))
        self.assertEqual(self.gone(), [(b"EURUSD", 5, 7)])
        self.publishes(8)
        self.assertEqual(self.marks(), {1: (8, 7)})

    def test_while_the_application_is_behind_nothing_is_asked_for(self) -> None:
        self.joins()
        self.publishes(2_000)
        self.asked()
        for sequence in range(1, 1_001):
            self.repairs(sequence)
        self.assertTrue(self.machine.is_behind())
        self.assertEqual(self.asked(10), [])
        self.acknowledged()
        self.assertEqual(self.asked(), [[(1, 1_001, 1_999)]])


class Bounded(Peer):
    how = {"prefixes": (b"EUR",), "reorder_messages": 2, "reorder_bytes": 10}

    def test_what_waits_is_bounded_in_messages_and_the_next_one_is_always_taken(self) -> None:
        self.joins()
        for sequence in (2, 3, 4, 5):
            self.publishes(sequence)
        self.assertEqual(self.machine.counts["dropped"], 2)
        self.publishes(1)
        self.assertEqual([item.sequence for item in self.taken(Delivery)], [1, 2, 3])
        self.assertEqual(self.speaks()[-1].ranges, [(1, 4, 5)])
        self.publishes(4)
        self.publishes(5)
        self.assertEqual([item.sequence for item in self.taken(Delivery)], [4, 5])

    def test_it_is_bounded_in_bytes_of_all_topics(self) -> None:
        self.joins()
        self.publishes(2, payload=bytes(6))
        self.publishes(2, b"EURGBP", payload=bytes(6))
        self.assertEqual(self.machine.counts["dropped"], 1)
        self.publishes(1, payload=bytes(100))
        self.assertEqual(len(self.taken(Delivery)), 2)
        self.publishes(2, b"EURGBP", payload=bytes(10))
        self.publishes(1, b"EURGBP")
        self.assertEqual(len(self.taken(Delivery)), 2)
