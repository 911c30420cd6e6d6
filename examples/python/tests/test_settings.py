"""What a subscriber can be told, and what not."""

from __future__ import annotations

import unittest
from typing import Any

from linger_subscriber import Settings
from linger_subscriber.settings import prefix_of, prefixes_of


class Limits(unittest.TestCase):
    def test_each_setting_is_within_its_range(self) -> None:
        for key, low, high in (
            ("retry_first", 0.001, 10),
            ("retry_longest", 0.05, 60),
            ("ack_delay", 0, 10),
            ("farewell", 0.001, 3_600),
            ("backlog", 1, 2**31),
            ("max_topics", 1, 2**31),
            ("max_frame", 64 << 10, 2**41),
        ):
            with self.subTest(key):
                for value in (low, high):
                    Settings("one", **self.one(key, value))
                for value in (low - 0.001 if low < 1 else low - 1, high + 1):
                    with self.assertRaisesRegex(ValueError, key):
                        Settings("one", **self.one(key, value))

    def one(self, key: str, value: float) -> dict[str, Any]:
        # The longest wait is no shorter than the first.
        return {"retry_longest": 60, key: value}

    def test_a_name_is_1_to_255_bytes_of_utf_8(self) -> None:
        for name in ("a", "é" * 127):
            Settings(name)
        for name in ("", "é" * 128):
            with self.assertRaises(ValueError):
                Settings(name)

    def test_credentials_are_at_most_65_535_bytes(self) -> None:
        Settings("one", credentials=bytes(65_535))
        with self.assertRaises(ValueError):
            Settings("one", credentials=bytes(65_536))

    def test_a_level_has_one_of_two_names(self) -> None:
        with self.assertRaises(ValueError):
            Settings("one", level="seen")  # type: ignore[arg-type]

    def test_prefixes_can_be_topics(self) -> None:
        self.assertEqual(prefixes_of(["EUR", b"EUR", "é"]), (b"EUR", "é".encode()))
        self.assertEqual(prefixes_of("EUR"), (b"EUR",))
        self.assertEqual(prefixes_of(b""), (b"",))
        for wrong in (b"\xff", b"a\0", bytes(1) * 2, b"x" * 1_025):
            with self.assertRaises(ValueError):
                prefix_of(wrong)
