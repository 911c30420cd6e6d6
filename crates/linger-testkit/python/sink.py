"""The subscriber in Python of a chaos run: it writes down what it processed, and acknowledges then.

It takes the same settings and writes the same journal as `node sink`; crates/linger-testkit's
chaos::journal says what a record is.
"""

import json
import os
import re
import signal
import sys
import threading
import time

from linger_subscriber import Delivery, Gone, Subscriber

PAYLOAD = re.compile(rb"(\d{3}) (\d{11}) ")
HEADER = 16


def record(kind: bytes, life: int, topic: int, one: int, other: int) -> bytes:
    return b"%s %03d %02d %010d %011d\n" % (kind, life, topic, one, other)


def processed(item: Delivery) -> bytes:
    """The record of a message; X where its payload is not whole."""
    topic = int(item.topic[1:])
    payload = bytes(item.payload)
    header = PAYLOAD.match(payload)
    if header:
        life, number = int(header[1]), int(header[2])
        if payload[HEADER:] == bytes([ord("a") + number % 26]) * (len(payload) - HEADER):
            return record(b"M", life, topic, item.sequence, number)
    return record(b"X", 0, topic, item.sequence, 0)


def end_with_stdin(subscriber: Subscriber) -> None:
    """Who started this process has gone if its stdin ends: then nobody is left to stop it."""
    sys.stdin.buffer.read()
    subscriber.leave()


def main() -> None:
    settings = dict(setting.split("=", 1) for setting in sys.argv[1:])
    work = int(settings.get("work_us", 0)) / 1e6
    journal = os.open(settings["journal"], os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL)
    count, due, acked = 0, time.monotonic(), b""
    stopping = False
    where = settings["data"], settings["control"]
    backlog = int(settings.get("queue", 1_000))
    prefix = settings.get("prefix", "")
    with Subscriber(settings["name"], *where, prefix, backlog=backlog) as subscriber:
        def stop(*_: object) -> None:
            nonlocal stopping
            stopping = True
            subscriber.leave()

        signal.signal(signal.SIGTERM, stop)
        threading.Thread(target=end_with_stdin, args=[subscriber], daemon=True).start()
        print(json.dumps({"event": "connected"}), flush=True)
        for item in subscriber:
            if isinstance(item, Gone):
                gone = record(b"G", 0, int(item.topic[1:]), item.first, item.last)
                os.write(journal, acked + gone)
                acked = b""
            elif isinstance(item, Delivery):
                if work and not stopping:
                    # The work itself, in pieces that a clock can tell.
                    due = max(due, time.monotonic()) + work
                    if due > time.monotonic() + 0.002:
                        time.sleep(due - time.monotonic())
                os.write(journal, acked + processed(item))
                count += 1
                acked = record(b"K", 0, 0, 0, count)
                item.ack()
    os.write(journal, acked)
    print(json.dumps({"event": "done", "count": count, "outcome": subscriber.outcome}), flush=True)


if __name__ == "__main__":
    main()
