"""Prints what a linger publisher says: `python3 -m linger_subscriber --help`."""

from __future__ import annotations

import argparse
import asyncio
import io
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from . import AsyncSubscriber, Delivery, Gone, Item, Subscriber
from .items import shown


def main() -> int:
    parser = argparse.ArgumentParser(prog="linger_subscriber", description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--data", required=True, help="the publisher's data endpoint")
    parser.add_argument("--control", required=True, help="the publisher's control endpoint")
    parser.add_argument("--prefix", action="append", help="may stand several times; default: all")
    parser.add_argument("--level", choices=["received", "processed"], default="processed")
    parser.add_argument("--work", type=float, default=0, help="seconds for each message")
    parser.add_argument(
        "--orders", action="store_true", help="takes `subscribe P` and `unsubscribe P` from stdin"
    )
    parser.add_argument("--asyncio", action="store_true", help="on an event loop, without threads")
    args = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    seen: Counter[str] = Counter()
    subscriber = asyncio.run(run_async(args, seen)) if args.asyncio else run(args, seen)
    counts = subscriber.counts
    print(
        f"end {subscriber.outcome}: {seen['Delivery']} messages, {seen['Gone']} gaps, "
        f"{counts['repaired']} repaired, {counts['duplicates']} duplicates, "
        f"{counts['broken']} broken, {counts['lost']} sessions lost"
    )
    return 0 if subscriber.outcome in ("confirmed", "unconfirmed") else 1


def wish(args: argparse.Namespace) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (args.name, args.data, args.control, args.prefix or [""]), {"level": args.level}


def run(args: argparse.Namespace, seen: Counter[str]) -> Subscriber:
    where, how = wish(args)
    with Subscriber(*where, **how) as subscriber:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: subscriber.leave())
        print(f"notice joining as {args.name}")
        if args.orders:
            listen(subscriber, lambda order, prefix: order(prefix))
        for item in subscriber:
            if args.work and isinstance(item, Delivery):
                time.sleep(args.work)
            show(item, seen)
    return subscriber


async def run_async(args: argparse.Namespace, seen: Counter[str]) -> AsyncSubscriber:
    where, how = wish(args)
    loop = asyncio.get_running_loop()
    async with AsyncSubscriber(*where, **how) as subscriber:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, subscriber.leave)
        print(f"notice joining as {args.name}")
        if args.orders:
            listen(subscriber, loop.call_soon_threadsafe)
        async for item in subscriber:
            if args.work and isinstance(item, Delivery):
                await asyncio.sleep(args.work)
            show(item, seen)
    return subscriber


def listen(
    subscriber: Subscriber | AsyncSubscriber, call: Callable[[Callable[[str], None], str], Any]
) -> None:
    """Obeys orders, on a thread that nobody waits for."""
    orders = {"subscribe": subscriber.subscribe, "unsubscribe": subscriber.unsubscribe}

    def obey() -> None:
        for line in sys.stdin:
            verb, _, prefix = line.strip().partition(" ")
            if verb in orders:
                call(orders[verb], prefix)

    threading.Thread(target=obey, name="orders", daemon=True).start()


def show(item: Item, seen: Counter[str]) -> None:
    """One line for each item; a message is acknowledged once its line is out."""
    seen[type(item).__name__] += 1
    if isinstance(item, Delivery):
        print(f"message {shown(item.topic)} {item.sequence} {shown(item.payload)}")
        item.ack()
    elif isinstance(item, Gone):
        print(f"gone {shown(item.topic)} {item.first} to {item.last}")
    else:
        print(f"notice {item}")


if __name__ == "__main__":
    sys.exit(main())
