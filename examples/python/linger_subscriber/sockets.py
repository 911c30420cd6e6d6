"""The two sockets of a subscriber: SPEC.md's chapter "Sockets"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Union

import zmq

from .machine import Machine
from .wire import Broken

BATCH = 256  # as many are read from a socket before the other has its turn


class Unsupported(RuntimeError):
    """This libzmq was built without what was asked for."""


@dataclass(frozen=True)
class Curve:
    """CURVE, for both ports: the publisher's public key, and a pair of one's own (Z85)."""

    server: bytes
    public: bytes
    secret: bytes

    def apply(self, socket: zmq.Socket[bytes]) -> None:
        socket.setsockopt(zmq.CURVE_SERVERKEY, self.server)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self.public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self.secret)


@dataclass(frozen=True)
class Plain:
    """PLAIN with ZAP: it authenticates, and does not encrypt."""

    user: str
    password: str

    def apply(self, socket: zmq.Socket[bytes]) -> None:
        socket.setsockopt(zmq.PLAIN_USERNAME, self.user.encode())
        socket.setsockopt(zmq.PLAIN_PASSWORD, self.password.encode())


Security = Union[Curve, Plain]


class Sockets:
    """A SUB and a DEALER of their own for one publisher; a machine's `Link`."""

    def __init__(
        self,
        context: zmq.Context[Any],
        max_frame: int,
        security: Security | None = None,
    ) -> None:
        if isinstance(security, Curve) and not zmq.has("curve"):
            raise Unsupported("this libzmq was built without CURVE")
        self.sub, self.dealer = context.socket(zmq.SUB), context.socket(zmq.DEALER)
        self.sub.setsockopt(zmq.SNDHWM, 0)  # subscriptions queue there, and must not be lost
        self.sub.setsockopt(zmq.LINGER, 0)
        self.dealer.setsockopt(zmq.SNDHWM, 16)  # acknowledgements merge while it is full
        self.dealer.setsockopt(zmq.LINGER, 500)  # for a BYE
        for socket in (self.sub, self.dealer):
            # What a stranger could make it hold; libzmq ends a connection that sends more.
            socket.setsockopt(zmq.MAXMSGSIZE, max_frame)
            if security:
                security.apply(socket)

    def connect(self, data: str, control: str) -> None:
        self.sub.connect(data)
        self.dealer.connect(control)

    def close(self) -> None:
        self.sub.close()
        self.dealer.close()

    def say(self, frame: bytes) -> bool:
        try:
            self.dealer.send(frame, zmq.DONTWAIT)
        except zmq.Again:
            return False
        return True

    def subscribe(self, prefix: bytes) -> None:
        self.sub.setsockopt(zmq.SUBSCRIBE, prefix)

    def unsubscribe(self, prefix: bytes) -> None:
        self.sub.setsockopt(zmq.UNSUBSCRIBE, prefix)

    def read(self, machine: Machine, now: float) -> bool:
        """Lets the machine take what came; true if there may be more of it.

        DEALER is always read. SUB is not while the application is behind.
        """
        is_more = self.read_one(self.dealer, machine.on_control, machine, now)
        if not machine.is_behind():
            is_more |= self.read_one(self.sub, machine.on_data, machine, now)
        return is_more

    def read_one(self, socket: Any, take: Any, machine: Machine, now: float) -> bool:
        receive, flags = socket.recv_multipart, zmq.DONTWAIT
        for _ in range(BATCH):
            try:
                frames = receive(flags)
            except zmq.Again:
                return False
            try:
                take(frames, now)
            except Broken:
                machine.counts["broken"] += 1  # and nothing ends for it [X1]
        return True
