"""Holds the codec to the golden vectors of `crates/linger-ack-proto`."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import unittest
from collections.abc import Callable
from typing import Any

from linger_subscriber import frames, messages
from linger_subscriber.frames import IN_BAND, NO_ID, TO_PUBLISHER, TO_SUBSCRIBER, Frame, Row
from linger_subscriber.wire import Broken, Entry, Mark, Range

VECTORS = pathlib.Path(__file__).parents[3] / "crates" / "linger-ack-proto" / "vectors"
IDS = {"nonce", "credentials", "topic", "payload"}
WIDE = {
    "serial",
    "welcome",
    "change",
    "sequence",
    "first",
    "last",
    "received",
    "processed",
    "window_bytes",
}
BODIES = {
    "HELLO": frames.Hello,
    "JOINED": frames.Joined,
    "ACK": frames.Ack,
    "NACK": frames.Nack,
    "BEAT": frames.Beat,
    "BYE": frames.Bye,
    "SUBSCRIBE": frames.Subscribe,
    "UNSUBSCRIBE": frames.Unsubscribe,
    "MEMBER": frames.Member,
    "REPAIR": frames.Repair,
    "GONE": frames.GoneRange,
    "QUERY": frames.Query,
    "BYE_OK": frames.ByeOk,
    "UNKNOWN": frames.Unknown,
    "CLOSING": frames.Closing,
    "SUPERSEDED": frames.Superseded,
    "FIN": frames.Fin,
    "REFUSED": frames.Refused,
    "EVICTED": frames.Evicted,
    "VERSIONS": frames.Versions,
    "WELCOME": frames.Welcome,
    "SYNC": frames.Sync,
    "END": frames.End,
    "GRANTED": frames.Granted,
    "RELEASED": frames.Released,
}
RECORDS: dict[str, Callable[..., Any]] = {"entries": Entry, "marks": Mark, "ranges": Range}


def plain(name: str, value: Any) -> Any:
    """A vector's value as the codec has it: hex is bytes, decimal text a number."""
    if isinstance(value, dict):
        fields = {key: plain(key, item) for key, item in value.items()}
        return RECORDS[name](**fields) if name in RECORDS else fields
    if isinstance(value, list):
        return [plain("topic" if name == "prefixes" else name, item) for item in value]
    if name in IDS:
        return bytes.fromhex(value)
    return int(value) if name in WIDE and isinstance(value, str) else value


class Vectors(unittest.TestCase):
    def each(self, name: str, entries: str = "frames") -> list[Any]:
        with open(VECTORS / name, encoding="utf-8") as file:
            found: list[Any] = json.load(file)[entries]
        self.assertGreater(len(found), 0, f"nothing in {name}")
        return found

    def wanted(self, entry: Any) -> Frame:
        body = BODIES[entry["kind"]](**plain("fields", entry["fields"]))
        session = bytes.fromhex(entry.get("session", NO_ID.hex()))
        serial = plain("serial", entry.get("serial"))
        return Frame(bytes.fromhex(entry["epoch"]), session, body, serial)

    def both_ways(self, name: str, table: dict[int, Row]) -> None:
        for entry in self.each(name):
            with self.subTest(entry["name"]):
                frame, wanted = bytes.fromhex(entry["frame"]), self.wanted(entry)
                self.assertEqual(frames.read_control(frame, table), wanted)
                self.assertEqual(frames.write_control(wanted), frame)

    def test_what_a_subscriber_says(self) -> None:
        self.both_ways("to_publisher.json", TO_PUBLISHER)

    def test_what_a_publisher_says(self) -> None:
        self.both_ways("to_subscriber.json", TO_SUBSCRIBER)

    def test_what_it_says_in_band(self) -> None:
        for entry in self.each("in_band.json"):
            with self.subTest(entry["name"]):
                frame, wanted = bytes.fromhex(entry["frame"]), self.wanted(entry)
                nonce = bytes.fromhex(entry["nonce"])
                self.assertEqual(frames.nonce_of(frame), nonce)
                self.assertEqual(frames.read_in_band(frame), wanted)
                written = frames.private_topic(nonce) + frames.write_control(wanted)
                self.assertEqual(written, frame)

    def test_messages_of_both_forms(self) -> None:
        for entry in self.each("data.json", "messages"):
            with self.subTest(entry["name"]):
                wanted = messages.Message(**plain("message", entry["fields"]))
                for form, bare in (("enveloped", False), ("bare", True)):
                    came = [bytes.fromhex(frame) for frame in entry[form]]
                    self.assertEqual(messages.read_message(came), wanted)
                    self.assertEqual(messages.write_message(wanted, bare), came)

    def test_every_kind_has_a_vector(self) -> None:
        names = ("to_publisher.json", "to_subscriber.json", "in_band.json")
        seen = {BODIES[entry["kind"]] for name in names for entry in self.each(name)}
        tables = (TO_PUBLISHER, TO_SUBSCRIBER, IN_BAND)
        self.assertEqual(seen, {row.body for table in tables for row in table.values()})
        for body in seen:
            self.assertTrue(dataclasses.is_dataclass(body))

    def test_what_must_be_refused(self) -> None:
        readers: dict[str, Callable[[bytes], object]] = {
            "to_publisher": lambda frame: frames.read_control(frame, TO_PUBLISHER),
            "to_subscriber": lambda frame: frames.read_control(frame, TO_SUBSCRIBER),
            "in_band": frames.read_in_band,
            "envelope": lambda frame: messages.read_message([frame, b"payload"]),
        }
        for entry in self.each("invalid.json"):
            with self.subTest(entry["name"]), self.assertRaises(Broken):
                if entry["as"] == "bare":
                    topic, stamp = (bytes.fromhex(entry[key]) for key in ("topic", "trailer"))
                    messages.read_message([topic, b"payload", stamp])
                else:
                    readers[entry["as"]](bytes.fromhex(entry["frame"]))


if __name__ == "__main__":
    unittest.main()
