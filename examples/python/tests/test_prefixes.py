"""Prefixes that come and go: P1 to P8."""

from __future__ import annotations

from linger_subscriber import Delivery, EndOfStream, Granted, Refused, Released, frames
from linger_subscriber.prefixes import FRAME_LIMIT
from linger_subscriber.wire import Entry, Mark, Range
from tests.peer import NUMBERS, Peer

GBP = frames.Subscribe(1, [b"GBP"])
NO_EUR = frames.Unsubscribe(1, [b"EUR"])


class Changes(Peer):
    def granted(self, change: int = 1, **bases: int) -> None:
        self.says(frames.Granted(change, 0, 1, self.entries(**bases)))

    def released(self, change: int = 1, **lines: int) -> None:
        self.says(frames.Released(change, 0, 1, self.entries(**lines)))

    # --- P1 --------------------------------------------------------------------------------------

    def test_the_sub_is_subscribed_before_the_publisher_is_asked(self) -> None:
        self.joins()
        self.machine.subscribe(b"GBP")
        self.assertEqual(self.speaks(), [GBP])
        self.assertEqual(self.history[-2:], ["subscribe b'GBP'", "Subscribe"])

    def test_it_is_asked_again_after_waits_that_double_until_it_is_answered(self) -> None:
        self.joins()
        self.machine.subscribe(b"GBP")
        self.assertEqual(self.kinds(self.passes(1), frames.Subscribe), [GBP] * 5)
        self.granted()
        self.assertEqual(self.kinds(self.passes(10), frames.Subscribe), [])
        self.assertEqual(self.taken(Granted), [Granted((b"GBP",))])

    def test_one_change_at_a_time_and_all_are_numbered_together(self) -> None:
        self.joins()
        self.machine.subscribe(b"GBP")
        self.speaks()
        self.machine.unsubscribe(b"EUR")
        self.machine.subscribe(b"USD")
        self.assertEqual(self.speaks(), [])
        self.granted(change=2)  # an answer to nothing that was asked
        self.released(change=1)  # nor is this
        self.assertEqual(self.speaks(), [])
        self.granted()
        self.assertEqual(self.speaks(), [frames.Subscribe(2, [b"USD"])])
        self.granted(change=2)
        self.assertEqual(self.speaks(), [frames.Unsubscribe(3, [b"EUR"])])
        self.released(change=3)
        self.assertEqual(self.passes(1), [])
        self.assertEqual(self.machine.prefixes.granted, (b"GBP", b"USD"))

    def test_what_is_wanted_before_member_waits_for_it(self) -> None:
        self.speaks()
        self.machine.subscribe(b"GBP")
        self.machine.unsubscribe(b"EUR")
        self.assertEqual({type(body) for body in self.passes(5)}, {frames.Hello})
        self.assertEqual(self.said[-1].body.prefixes, [b"EUR"])
        self.welcomes()
        self.assertEqual(self.kinds(self.passes(5), frames.Subscribe), [])
        self.says(frames.Member())
        self.assertEqual(self.speaks(), [GBP])

    def test_a_prefix_that_is_there_already_is_not_asked_for(self) -> None:
        self.joins()
        self.machine.subscribe(b"EUR")
        self.machine.unsubscribe(b"USD")
        self.assertEqual(self.passes(1), [])
        self.assertTrue(self.is_subscribed(b"EUR"))

    def test_a_wish_that_is_taken_back_before_it_was_said_is_never_said(self) -> None:
        self.joins()
        self.machine.subscribe(b"GBP")
        self.machine.unsubscribe(b"GBP")
        self.assertEqual(self.passes(1), [])

    def test_a_wish_that_is_taken_back_later_is_a_change_of_its_own(self) -> None:
        self.joins()
        self.machine.subscribe(b"GBP")
        self.speaks()
        self.machine.unsubscribe(b"GBP")
        self.granted()
        self.assertEqual(self.speaks(), [frames.Unsubscribe(2, [b"GBP"])])
        self.assertTrue(self.is_subscribed(b"GBP"))
        self.released(change=2)
        self.assertFalse(self.is_subscribed(b"GBP"))

    # --- P3 --------------------------------------------------------------------------------------

    def test_granted_counts_once_all_its_parts_have_come(self) -> None:
        self.joins()
        self.machine.subscribe(b"GBP")
        self.speaks()
        second = frames.Granted(1, 1, 2, self.entries(GBPUSD=4))
        self.says(second)
        self.says(second)
        self.publishes(4, b"GBPUSD")
        self.assertEqual(self.taken(Delivery), [])
        self.says(frames.Granted(1, 0, 2, []))
        self.publishes(5, b"GBPUSD")  # 4 was dropped, and shows as a gap
        self.assertEqual(self.speaks()[-1].ranges, [Range(3, 4, 4)])

    def test_topics_that_are_owed_already_keep_their_base(self) -> None:
        self.joins()
        self.publishes(1)
        self.machine.subscribe(b"E")
        self.speaks()
        self.granted(EURUSD=9)  # no publisher says so
        self.publishes(2)
        self.assertEqual(len(self.taken(Delivery)), 2)

    def test_matching_topics_that_come_later_begin_at_1(self) -> None:
        self.joins()
        self.machine.subscribe(b"GBP")
        self.speaks()
        self.granted()
        self.publishes(2, b"GBPUSD")
        self.assertEqual(self.speaks()[-1].ranges, [Range(3, 1, 1)])

    # --- P4 --------------------------------------------------------------------------------------

    def test_a_topic_that_is_granted_again_begins_a_period_of_its_own(self) -> None:
        self.joins()
        self.publishes(1)
        self.publishes(2)
        late, _ = self.taken(Delivery)
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.released(EURUSD=3)
        self.machine.subscribe(b"EUR")
        self.assertIn(frames.Subscribe(2, [b"EUR"]), self.passes(0.01))
        self.publishes(8)  # before GRANTED: nobody knows its base
        self.granted(change=2, EURUSD=8)
        self.assertEqual(self.marks(), {1: (7, 7)})
        late.ack()  # of the former period
        self.assertEqual(self.marks(), {1: (7, 7)})
        self.publishes(9)
        self.assertEqual(self.kinds(self.passes(0.01), frames.Nack)[0].ranges, [Range(1, 8, 8)])
        self.publishes(8)
        self.assertEqual(self.sequences(), [8, 9])
        self.assertEqual(self.marks(), {1: (9, 9)})

    # --- P5 --------------------------------------------------------------------------------------

    def test_until_granted_is_whole_data_of_unknown_topics_is_dropped(self) -> None:
        self.joins()
        self.machine.subscribe(b"GBP")
        self.speaks()
        self.publishes(1, b"GBPUSD")
        self.says(frames.Repair(3, 1, True, b"GBPUSD", b""))
        self.publishes(1, b"EURGBP")  # a granted prefix matches
        self.assertEqual([item.topic for item in self.taken(Delivery)], [b"EURGBP"])
        self.assertEqual(self.broken, 0)

    def test_until_granted_is_whole_sync_and_end_are_no_evidence_of_unknown_topics(self) -> None:
        self.joins()
        self.machine.subscribe(b"GBP")
        self.speaks()
        self.says(frames.Sync(self.entries(GBPUSD=5)))
        end = frames.End(0, 1, self.entries(GBPUSD=5))
        self.says(end)
        said = self.passes(0.3)
        self.assertEqual(self.kinds(said, frames.Nack), [])
        self.assertEqual(self.kinds(said, frames.Bye), [])
        self.granted(GBPUSD=4)
        self.assertEqual(self.kinds(self.passes(0.3), frames.Bye), [])
        self.says(end)
        self.publishes(4, b"GBPUSD")
        self.assertEqual(self.sequences(), [4])
        self.assertEqual(self.speaks()[-1], frames.Bye([Mark(3, 4, 4)]))

    def test_nor_are_they_of_a_topic_that_was_released_and_is_not_granted_again_yet(self) -> None:
        self.joins()
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.released(EURUSD=1)
        self.machine.subscribe(b"EUR")
        self.speaks()
        end = frames.End(0, 1, self.entries(EURUSD=9))
        self.says(end)
        self.assertEqual(self.taken(EndOfStream), [])
        self.assertEqual(self.kinds(self.passes(1), frames.Bye), [])
        self.granted(change=2, EURUSD=8)
        self.says(end)
        self.assertEqual(self.kinds(self.passes(1), frames.Bye), [])
        self.says(frames.Repair(1, 8, True, b"EURUSD", b""))
        self.assertEqual(self.sequences(), [8])
        self.assertEqual(self.speaks()[-1], frames.Bye([Mark(1, 8, 8)]))

    # --- P6 --------------------------------------------------------------------------------------

    def test_what_lies_below_the_line_is_still_owed_and_what_lies_above_is_dropped(self) -> None:
        self.joins()
        for sequence in (1, 3, 6):
            self.publishes(sequence)
        self.machine.unsubscribe(b"EUR")
        self.assertIn(NO_EUR, self.speaks())
        self.assertTrue(self.is_subscribed(b"EUR"))
        self.released(EURUSD=5)
        self.assertFalse(self.is_subscribed(b"EUR"))
        self.assertEqual(self.taken(Released), [Released((b"EUR",))])
        self.publishes(5)
        self.assertEqual(self.kinds(self.passes(1), frames.Nack)[-1].ranges,
                         [Range(1, 2, 2), Range(1, 4, 4)])
        self.says(frames.Repair(1, 2, False, b"EURUSD", b""))
        self.says(frames.Repair(1, 4, True, b"EURUSD", b""))
        self.says(frames.Repair(1, 5, True, b"EURUSD", b""))
        self.publishes(1, b"EURGBP")  # one that came later, of the same prefix
        self.assertEqual(self.marks(), {1: (4, 0)})
        self.assertEqual(self.kinds(self.passes(10), frames.Nack), [])
        self.assertEqual(self.machine.stream.early_messages, 0)

    def test_no_evidence_counts_beyond_the_line(self) -> None:
        self.joins()
        self.publishes(1)
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.released(EURUSD=2)
        self.says(frames.Sync(self.entries(EURUSD=9)))  # no publisher says so
        self.assertEqual(self.kinds(self.passes(1), frames.Nack), [])

    def test_a_new_period_asks_for_nothing_of_the_former(self) -> None:
        self.joins()
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.released(EURUSD=3)
        self.assertEqual(len(self.kinds(self.speaks(), frames.Nack)), 1)
        self.machine.subscribe(b"EUR")
        self.speaks()
        self.granted(change=2, EURUSD=5)  # no publisher does so before all is acknowledged
        self.assertEqual(self.kinds(self.passes(1), frames.Nack), [])

    def test_marks_beyond_the_line_are_not_said(self) -> None:
        self.joins()
        for sequence in (1, 2, 3):
            self.publishes(sequence)
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.released(EURUSD=2)  # the first RELEASED was lost, 2 and 3 came before its repeat
        self.assertEqual(self.sequences(), [1, 2, 3])
        self.assertEqual(self.marks(), {1: (1, 1)})
        self.says(frames.End(0, 1, []))
        self.assertIn(frames.Bye([Mark(1, 1, 1)]), self.speaks())

    def test_a_topic_of_which_nothing_came_is_released_with_all_that_is_missing(self) -> None:
        self.joins()
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.released(EURGBP=3)
        self.assertEqual(self.speaks()[-1].ranges, [Range(2, 1, 2)])

    def test_gone_below_the_line_is_told_and_nothing_beyond_it(self) -> None:
        self.joins()
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.released(EURUSD=3)
        self.says(frames.GoneRange(1, 1, 9))
        self.assertEqual(self.gone(), [(b"EURUSD", 1, 2)])
        self.assertEqual(self.marks(), {1: (2, 2)})

    def test_of_a_topic_that_is_new_while_its_prefix_is_given_up_nothing_is_said(self) -> None:
        """It may have begun after the publisher let go of it: its mark would break every ACK."""
        self.joins()
        self.publishes(1)
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.publishes(1, b"EURGBP")
        self.says(frames.Sync(self.entries(EURGBP=2)))
        self.assertEqual(self.marks(), {1: (1, 0)})
        self.released(EURUSD=2)
        self.publishes(2, b"EURGBP")
        self.assertEqual(self.marks(), {1: (1, 0)})
        self.assertEqual(self.sequences(), [1])

    def test_nor_is_it_lost_if_it_was_owed(self) -> None:
        self.joins()
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.publishes(1, b"EURGBP")
        end = frames.End(0, 1, self.entries(EURGBP=2))
        self.says(end)
        self.assertEqual(self.kinds(self.passes(1), frames.Bye), [])
        self.released(EURGBP=2)
        self.assertEqual(self.kinds(self.passes(0), frames.Nack)[0].ranges, [Range(2, 1, 1)])
        self.says(frames.Repair(2, 1, True, b"EURGBP", b""))
        self.assertEqual(self.sequences(), [1])
        self.says(end)
        self.assertEqual(self.kinds(self.speaks(), frames.Bye), [frames.Bye([Mark(2, 1, 1)])])

    def test_a_prefix_beside_a_longer_one_keeps_the_topics_of_both(self) -> None:
        self.joins()
        self.machine.subscribe(b"EURU")
        self.speaks()
        self.granted()
        self.machine.unsubscribe(b"EURU")
        self.speaks()
        self.released(change=2)
        self.publishes(1)
        self.assertEqual(self.sequences(), [1])

    def test_released_comes_in_parts(self) -> None:
        self.joins()
        self.publishes(1)
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.says(frames.Released(1, 1, 2, self.entries(EURUSD=2)))
        self.assertTrue(self.is_subscribed(b"EUR"))
        self.publishes(2)
        self.says(frames.Released(1, 0, 2, []))
        self.assertFalse(self.is_subscribed(b"EUR"))
        self.publishes(3)
        self.assertEqual(self.sequences(), [1, 2])

    # --- P7 --------------------------------------------------------------------------------------

    def test_a_refusal_gives_the_prefixes_up_and_uses_the_number_up(self) -> None:
        for body, why in (
            (frames.Refused(1, "too_many_prefixes"), "REFUSED too_many_prefixes"),
            (frames.Closing(), "CLOSING"),
        ):
            self.setUp()
            self.joins()
            self.machine.subscribe(b"GBP")
            self.speaks()
            self.says(frames.Refused(7, "busy"))  # of another change
            self.assertTrue(self.is_subscribed(b"GBP"))
            self.says(body)
            self.assertFalse(self.is_subscribed(b"GBP"))
            self.assertEqual(self.taken(Refused), [Refused(why, (b"GBP",))])
            self.assertEqual(self.machine.refusals, {b"GBP": why})
            self.assertEqual(self.passes(1), [])
            self.machine.subscribe(b"GBP")
            self.assertEqual(self.machine.refusals, {})
            self.assertEqual(self.speaks(), [frames.Subscribe(2, [b"GBP"])])

    def test_unsubscribe_is_never_refused(self) -> None:
        self.joins()
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.says(frames.Closing())
        self.says(frames.Refused(1, "busy"))
        self.assertEqual(self.taken(Refused), [])
        self.assertEqual(self.kinds(self.passes(0.06), frames.Unsubscribe), [NO_EUR])

    def test_a_member_that_asks_for_nothing_takes_no_notice_of_closing(self) -> None:
        self.joins()
        self.says(frames.Closing())
        self.assertEqual((self.machine.state, self.taken(Refused)), ("member", []))

    # --- P8 --------------------------------------------------------------------------------------

    def test_a_lost_session_takes_its_changes_with_it(self) -> None:
        self.joins()
        self.machine.subscribe(b"GBP")
        self.speaks()
        self.granted()
        self.machine.unsubscribe(b"EUR")
        self.machine.subscribe(b"USD")
        self.speaks()
        self.says(frames.Unknown())
        (hello,) = self.speaks()
        self.assertEqual(hello.prefixes, [b"GBP", b"USD"])
        self.assertFalse(self.is_subscribed(b"EUR"))
        self.assertTrue(self.is_subscribed(b"GBP") and self.is_subscribed(b"USD"))
        self.assertEqual(self.machine.prefixes.granted, ())
        self.joins()
        self.machine.subscribe(b"EUR")
        self.assertEqual(self.speaks(), [frames.Subscribe(1, [b"EUR"])])

    def test_between_two_sessions_only_what_was_granted_is_named_as_lost(self) -> None:
        self.joins(EURUSD=1)
        self.machine.subscribe(b"GBP")
        self.speaks()
        self.says(frames.Unknown())
        self.welcomes(EURUSD=3, GBPUSD=9)
        self.assertEqual(self.gone(), [(b"EURUSD", 1, 2)])

    def test_of_a_released_topic_only_what_lies_below_the_line_is_named(self) -> None:
        self.joins(EURUSD=1)
        self.machine.unsubscribe(b"EUR")
        self.speaks()
        self.released(EURUSD=4)
        self.machine.subscribe(b"EUR")
        self.says(frames.Unknown())
        self.welcomes(EURUSD=9)
        self.assertEqual(self.gone(), [(b"EURUSD", 1, 3)])


class ManyPrefixes(Peer):
    many = tuple(b"%04d" % number + bytes([97]) * 996 for number in range(300))
    how = {"prefixes": many, "credentials": bytes(65_535)}

    def test_hello_stays_below_128_kib_and_the_others_are_asked_for_later(self) -> None:
        asked: list[bytes] = []
        (hello,) = self.speaks()
        asked += hello.prefixes
        self.assertLess(len(asked), 80)
        self.welcomes()
        self.says(frames.Member())
        changes = 0
        while subscribes := self.kinds(self.speaks(), frames.Subscribe):
            changes += 1
            asked += subscribes[0].prefixes
            self.says(frames.Granted(changes, 0, 1, []))
        self.assertEqual(asked, list(self.many))
        self.assertEqual(changes, 2)
        self.assertLess(max(self.sizes), FRAME_LIMIT)
        self.assertEqual(self.machine.prefixes.granted, self.many)


class WithoutPrefixes(Peer):
    how = {"prefixes": ()}

    def test_it_joins_and_is_owed_nothing(self) -> None:
        self.joins()
        self.publishes(1)
        self.assertEqual(self.taken(Delivery), [])
        self.assertEqual(NUMBERS[b"EURUSD"], 1)
        self.machine.subscribe(b"")
        self.assertEqual(self.speaks(), [frames.Subscribe(1, [b""])])
        self.says(frames.Granted(1, 0, 1, [Entry(1, 2, b"EURUSD")]))
        self.publishes(2)
        self.assertEqual(self.sequences(), [2])
