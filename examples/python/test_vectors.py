"""Holds the codec to the golden vectors: `python3 test_vectors.py`."""

import json
import pathlib
import unittest

import linger_codec as codec

VECTORS = pathlib.Path(__file__).parents[2] / "crates" / "linger-ack-proto" / "vectors"
IDS = {"nonce", "credentials", "topic", "payload"}
WIDE = {"serial", "welcome", "change", "sequence", "first", "last", "received", "processed",
        "window_bytes"}


def load(name):
    with open(VECTORS / name, encoding="utf-8") as file:
        return json.load(file)


def plain(name, value):
    """A vector's value as the codec has it: hex is bytes, decimal text a number."""
    if isinstance(value, dict):
        return {key: plain(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain("topic" if name == "prefixes" else name, item) for item in value]
    if name in IDS:
        return bytes.fromhex(value)
    return int(value) if name in WIDE and isinstance(value, str) else value


class Vectors(unittest.TestCase):
    def each(self, name, entries="frames"):
        found = load(name)[entries]
        self.assertGreater(len(found), 0, f"nothing in {name}")
        return found

    def wanted(self, entry):
        fields = plain("fields", entry["fields"])
        if entry["kind"] == "VERSIONS":
            fields["more"] = b""
        session = bytes.fromhex(entry.get("session", "00" * 16))
        serial = plain("serial", entry.get("serial"))
        return codec.Frame(entry["kind"], bytes.fromhex(entry["epoch"]), session, fields, serial)

    def both_ways(self, name, kinds):
        for entry in self.each(name):
            with self.subTest(entry["name"]):
                frame, wanted = bytes.fromhex(entry["frame"]), self.wanted(entry)
                self.assertEqual(codec.read_control(frame, kinds), wanted)
                self.assertEqual(codec.write_control(kinds, wanted), frame)

    def test_what_a_subscriber_says(self):
        self.both_ways("to_publisher.json", codec.TO_PUBLISHER)

    def test_what_a_publisher_says(self):
        self.both_ways("to_subscriber.json", codec.TO_SUBSCRIBER)

    def test_what_it_says_in_band(self):
        for entry in self.each("in_band.json"):
            with self.subTest(entry["name"]):
                frame, wanted = bytes.fromhex(entry["frame"]), self.wanted(entry)
                nonce = bytes.fromhex(entry["nonce"])
                self.assertEqual(codec.read_in_band(frame), (nonce, wanted))
                written = codec.private_topic(nonce) + codec.write_control(codec.IN_BAND, wanted)
                self.assertEqual(written, frame)

    def test_messages_of_both_forms(self):
        for entry in self.each("data.json", "messages"):
            with self.subTest(entry["name"]):
                wanted = codec.Message(**plain("fields", entry["fields"]))
                for form, bare in (("enveloped", False), ("bare", True)):
                    frames = [bytes.fromhex(frame) for frame in entry[form]]
                    self.assertEqual(codec.read_message(frames), wanted)
                    self.assertEqual(codec.write_message(wanted, bare), frames)

    def test_what_must_be_refused(self):
        readers = {
            "to_publisher": lambda frame: codec.read_control(frame, codec.TO_PUBLISHER),
            "to_subscriber": lambda frame: codec.read_control(frame, codec.TO_SUBSCRIBER),
            "in_band": codec.read_in_band,
            "envelope": lambda frame: codec.read_message([frame, b"payload"]),
        }
        for entry in self.each("invalid.json"):
            with self.subTest(entry["name"]):
                with self.assertRaises(codec.Broken):
                    if entry["as"] == "bare":
                        topic, trailer = bytes.fromhex(entry["topic"]), bytes.fromhex(entry["trailer"])
                        codec.read_message([topic, b"payload", trailer])
                    else:
                        readers[entry["as"]](bytes.fromhex(entry["frame"]))


if __name__ == "__main__":
    unittest.main()
