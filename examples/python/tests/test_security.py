"""CURVE and PLAIN: who has the key or the password joins, and nobody else."""

from __future__ import annotations

import unittest
from typing import Any
from unittest import mock

import zmq
from zmq.auth.thread import ThreadAuthenticator

from linger_subscriber import Curve, Plain, Security, Subscriber, Unsupported, frames
from tests.play import Async, Play

SERVER, CLIENT, STRANGER = (zmq.curve_keypair() for _ in range(3))


class Door(Play):
    def who_joins(self, security: Security) -> set[str]:
        """Who of the two says HELLO, this one and a friend that has this security."""
        data, control = self.where
        friend = Subscriber("friend", data, control, security=security, context=self.context)
        names = {self.hears(frames.Hello).name for _ in range(4)}
        friend.abort()
        return names


@unittest.skipUnless(zmq.has("curve"), "this libzmq was built without CURVE")
class WithCurve(Door):
    how: dict[str, Any] = {"security": Curve(SERVER[0], *CLIENT)}

    def secure(self) -> None:
        for socket in (self.pub, self.router):
            socket.setsockopt(zmq.CURVE_SERVER, 1)
            socket.setsockopt(zmq.CURVE_SECRETKEY, SERVER[1])

    def test_it_joins_and_gets_messages_through_both_ports(self) -> None:
        self.joins()
        self.publishes(1)
        self.until(self.messages)
        self.says(frames.Repair(7, 2, True, b"EURUSD", b""))
        self.until(lambda: self.messages() == [1, 2])


class WithCurveOnAsyncio(WithCurve):
    driver = Async


class WithAnotherServersKey(WithCurve):
    how = {"security": Curve(STRANGER[0], *CLIENT)}

    def test_it_joins_and_gets_messages_through_both_ports(self) -> None:
        """It does not: nothing of it reaches the publisher, while one with the key does."""
        right = Curve(SERVER[0], *CLIENT)
        self.assertEqual(self.who_joins(right), {"friend"})


class WithPlain(Door):
    how = {"security": Plain("risk", "password")}

    def secure(self) -> None:
        for socket in (self.pub, self.router):
            socket.setsockopt(zmq.PLAIN_SERVER, 1)
        self.door = ThreadAuthenticator(self.context)
        self.door.start()
        self.door.configure_plain(domain="*", passwords={"risk": "password"})

    def tearDown(self) -> None:
        self.door.stop()
        super().tearDown()

    def test_it_joins(self) -> None:
        self.joins()


class WithAnotherPassword(WithPlain):
    how = {"security": Plain("risk", "guess")}

    def test_it_joins(self) -> None:
        """It does not, while one with the password does."""
        right = Plain("risk", "password")
        self.assertEqual(self.who_joins(right), {"friend"})


class Without(unittest.TestCase):
    def test_a_libzmq_without_curve_is_told_before_a_socket_is_made(self) -> None:
        security = Curve(SERVER[0], *CLIENT)
        with mock.patch("zmq.has", return_value=False), self.assertRaises(Unsupported):
            Subscriber("one", "tcp://127.0.0.1:1", "tcp://127.0.0.1:2", security=security)
