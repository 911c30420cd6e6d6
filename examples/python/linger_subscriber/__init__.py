"""A subscriber of linger's acknowledgement protocol, written from SPEC.md alone.

It gets every message of its prefixes once and in order, has sent again what was lost, and
acknowledges what the application has processed:

    with Subscriber("risk-1", "tcp://pub:5556", "tcp://pub:5557", ["EUR"]) as ticks:
        for item in ticks:
            if isinstance(item, Delivery):
                print(item.topic, item.sequence, item.payload)
                item.ack()  # nothing else counts as processed

| question | module |
|---|---|
| what travels | `wire`, `frames`, `messages` |
| what is said when | `machine`, with `stream`, `topic`, `prefixes`, `timing` |
| how sockets are set up | `sockets` |
| how to use it from threads, from asyncio | `blocking`, `aio` |
"""

from .aio import AsyncSubscriber
from .blocking import NotGranted, Subscriber
from .items import (
    Abandoned,
    Delivery,
    EndOfStream,
    Event,
    Gone,
    Granted,
    Item,
    Joined,
    LastMark,
    Lost,
    Outcome,
    Refused,
    Released,
    Restarted,
    Superseded,
)
from .settings import Settings
from .sockets import Curve, Plain, Security, Unsupported

__all__ = [
    "Abandoned",
    "AsyncSubscriber",
    "Curve",
    "Delivery",
    "EndOfStream",
    "Event",
    "Gone",
    "Granted",
    "Item",
    "Joined",
    "LastMark",
    "Lost",
    "NotGranted",
    "Outcome",
    "Plain",
    "Refused",
    "Released",
    "Restarted",
    "Security",
    "Settings",
    "Subscriber",
    "Superseded",
    "Unsupported",
]
