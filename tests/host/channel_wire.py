"""Hosts whose channels are joined by a wire that a test can cut, change and listen to."""

from __future__ import annotations

import random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pressel.node.channel import channel, handshake, pair
from pressel.node.channel.channel import MESSAGE, Channel
from ptt.base import clock

START_MS = (1 << 30) - 500  # the clock wraps in every test


class Wire:
    """Channels by name on one network; `seen` keeps all that was sent: (from, to, bytes)."""

    def __init__(self, names: str = "ab", allow: dict[str, str] | None = None) -> None:
        self.now_ms = START_MS
        self.random = random.Random(1)
        self.keys = {n: Ed25519PrivateKey.from_private_bytes(n.encode() * 32) for n in "abcm"}
        self.public = {n: k.public_key().public_bytes_raw() for n, k in self.keys.items()}
        self.host = {n: channel.host_of(public) for n, public in self.public.items()}
        self.allow = allow or {name: names for name in names}
        self.ends: dict[str, Channel] = {}
        self.told: dict[str, list] = {}
        self.seen: list[tuple[str, str, bytes]] = []
        self.lost: set[int] = set()  # which of `seen` do not arrive
        for name in names:
            self.start(name)

    def start(self, name: str) -> None:
        allowed = [self.public[other] for other in self.allow[name]]
        self.ends[name] = Channel(self.keys[name], allowed, self.random.randbytes, self.now_ms)
        self.told[name] = []

    def address(self, name: str) -> tuple[str, int]:
        return (name, 1)

    def say(self, source: str, destination: str, message: bytes) -> None:
        self.ends[source].send(self.host[destination], message, self.now_ms)
        self.settle()

    def inject(self, data: bytes, source: str, destination: str) -> None:
        """From somebody at `source`, who need not be the host that is really there."""
        self.ends[destination].receive_datagram(data, self.address(source), self.now_ms)
        self.settle()

    def settle(self) -> None:
        while any([self._carry(name) for name in list(self.ends)]):
            pass
        for name, end in self.ends.items():
            while (event := end.next_event()) is not None:
                self.told[name].append(event)

    def _carry(self, name: str) -> bool:
        outgoing = self.ends[name].poll_transmit()
        if outgoing is None:
            return False
        destination = outgoing.destination[0]
        self.seen.append((name, destination, outgoing.data))
        if len(self.seen) - 1 not in self.lost and destination in self.ends:
            self.ends[destination].receive_datagram(outgoing.data, self.address(name), self.now_ms)
        return True

    def pass_time(self, milliseconds: int) -> None:
        end_ms = clock.add(self.now_ms, milliseconds)
        while clock.since(self.now_ms, end_ms) < 0:
            step_ms = min(50, clock.since(end_ms, self.now_ms))
            self.now_ms = clock.add(self.now_ms, step_ms)
            for end in self.ends.values():
                due_ms = end.next_timeout_ms()
                if due_ms != clock.NEVER and clock.since(self.now_ms, due_ms) >= 0:
                    end.handle_timeout(self.now_ms)
            self.settle()

    def asks(self, source: str, destination: str, signed_by: str = "") -> bytes:
        """A question in the name of `source`, with a cookie that was given where it is."""
        number = self.random.getrandbits(31) + 1
        self.inject(handshake.hail(number, self.public[source]), source, destination)
        given = handshake.read_hail(self.seen[-1][2])
        assert given is not None and given.kind == handshake.COOKIE
        key = pair.pair_key(self.keys[source], self.public[destination])
        assert key is not None
        half = handshake.Half(self.keys[signed_by or source], self.random.randbytes)
        data = half.ask(number, given.cookie, key)
        if signed_by:
            body = data[:14] + self.public[source] + data[46 : handshake.MARK_AT]
            data = body + pair.mark(key, body)
        return data

    def heard(self, name: str) -> list[bytes]:
        return [value[1] for kind, value in self.told[name] if kind == MESSAGE]

    def counts(self, name: str) -> dict[str, int]:
        return self.ends[name].counts.as_dict()


def connected(names: str = "ab", **options) -> Wire:
    wire = Wire(names, **options)
    for name in names[1:]:
        wire.ends[names[0]].reach(wire.address(name), wire.now_ms)
    wire.settle()
    return wire
