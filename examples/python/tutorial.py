#!/usr/bin/env python3
"""The subscriber of every ZeroMQ tutorial, at the data port of a linger publisher.

One line differs. It joins nothing, is owed nothing and holds nothing back; what PUB and SUB lose,
it loses. `linger_subscriber` is the one that loses nothing.

    python3 tutorial.py tcp://localhost:5556 EUR
"""

from __future__ import annotations

import sys

import zmq

context = zmq.Context()
socket = context.socket(zmq.SUB)
socket.connect(sys.argv[1])
socket.setsockopt_string(zmq.SUBSCRIBE, sys.argv[2])

while True:
    # topic, message = socket.recv_string().split(" ", 1)
    topic, message, *_ = socket.recv_multipart()
    print(topic.split(b"\0")[0].decode(), message.decode(), flush=True)
