"""The other hosts: how this one finds them, talks to them, asks them and answers them.

Ties the channel and the exchange to a socket of their own and to discovery.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pressel.errors import UsageError
from pressel.transport.udp import BROADCAST, Address, engine_now_ms, resolve
from ptt.base import clock

from .channel import channel as channels
from .channel import exchange as exchanges
from .channel.channel import Channel, Outgoing
from .channel.exchange import Exchange
from .discovery import BEACON_S, Discovery, beacon, read_beacon
from .options import EVERYWHERE, HOSTS_PORT, HostOptions
from .report import Report
from .sockets import Port
from .standbys import HEARD_MS

OnMessage = Callable[[bytes, bytes, int], None]  # host, message, now_ms


class OtherHosts:
    """`on_message` gets hosts' messages to the engine, `on_up` a host that can be reached now,
    `answer` hosts' questions: (body, host); `settle` is called when something waits to be sent."""

    def __init__(
        self,
        private: Ed25519PrivateKey,
        options: HostOptions,
        on_message: OnMessage,
        on_up: Callable[[bytes, int], None],
        answer: Callable[[bytes, bytes], Awaitable[bytes]],
        settle: Callable[[], None],
        report: Report,
    ) -> None:
        self._options = options
        self._on_message = on_message
        self._on_up = on_up
        self._answer = answer
        self._settle = settle
        self._report = report
        self.channel = Channel(private, [], os.urandom, engine_now_ms())
        self.exchange = Exchange(os.urandom)
        self.own = self.channel.host
        self.names: dict[bytes, str] = {}
        self._port = Port(self._receive, self._all_received)
        self._is_spoken_to = False  # by another host, in what has come just now
        self._discovery: Discovery | None = None
        self._announcing: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[bytes | None]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._is_silent = False
        self._told = ""  # why the port is not open

    @property
    def address(self) -> Address | None:
        """Where other hosts reach this one; None while no port is open for them."""
        return self._port.address if self._port.is_open else None

    def allow(self, keys: dict[bytes, str], now_ms: int) -> None:
        """These hosts and no others from now on: names by public key."""
        if self._is_silent:
            keys = {}
        self.channel.allow(keys, now_ms)
        self.names = {channels.host_of(key): name for key, name in keys.items()}
        self.exchange.forget(self.channel.hosts())

    def be_silent(self, now_ms: int) -> None:
        """Speak to no host any more: another one has our identity."""
        self._is_silent = True
        self.allow({}, now_ms)

    def name_of(self, host: bytes) -> str:
        return "this host" if host == self.own else self.names.get(host, host.hex())

    def silent_ms(self, host: bytes, now_ms: int) -> int | None:
        """How long ago `host` was heard; None: never."""
        return self.channel.silent_ms(host, now_ms)

    def there(self) -> list[bytes]:
        """The hosts that were heard lately."""
        now_ms = engine_now_ms()
        silent = {host: self.silent_ms(host, now_ms) for host in self.channel.hosts()}
        return [host for host, ms in silent.items() if ms is not None and ms < HEARD_MS]

    # --- from start to stop ---

    async def open(self) -> None:
        """Open the port, if there is anybody to talk to or the port was named. UsageError when it
        is taken."""
        is_named = self._options.hosts is not None or bool(self._options.peers)
        if is_named or self.channel.hosts():
            await self._open()

    async def _open(self) -> None:
        await self._port.open(self._options.hosts or (EVERYWHERE, HOSTS_PORT), "other hosts")
        if not self._options.discovery:
            return
        self._discovery = Discovery(self.own, self._on_announced)
        announcing = self._discovery.keep(self._port.address, self._tell_not_announced)
        self._announcing = asyncio.create_task(announcing)

    def _tell_not_announced(self, why: str) -> None:
        advice = "name the other hosts with --peer if they do not find each other"
        self._report("not_announced", {"why": why, "advice": advice})

    async def close(self) -> None:
        """Safe to call whatever happened before."""
        for task in self._answering:
            task.cancel()
        for waiting in self._waiting.values():
            waiting.cancel()
        if self._announcing is not None:
            self._announcing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._announcing
        if self._discovery is not None:
            await self._discovery.close()

    def close_port(self) -> None:
        self._port.close()

    async def look_around(self, looks: int, looks_per_beacon: int) -> None:
        """For hosts that are missing; `looks` counts."""
        if not self.channel.hosts() or not await self._is_open():
            return
        now_ms = engine_now_ms()
        silent = [self.channel.silent_ms(host, now_ms) for host in self.channel.hosts()]
        is_missing = any(each is None or each > BEACON_S * 1000 for each in silent)
        if not is_missing or looks % looks_per_beacon:
            return
        for peer in self._options.peers:
            with contextlib.suppress(ValueError):  # nobody has that name just now
                self.channel.reach(await asyncio.to_thread(resolve, peer), engine_now_ms())
        address, port = self._port.address
        if self._options.discovery and address == EVERYWHERE:
            self._port.send(beacon(self.own), (BROADCAST, port))

    async def _is_open(self) -> bool:
        """Opens the port for the first host that is allowed while we run."""
        if self._port.is_open:
            return True
        try:
            await self._open()
        except UsageError as error:
            if str(error) != self._told:
                self._report("hosts_off", {"advice": str(error)})
            self._told = str(error)
            return False
        self._report("hosts_on", {"port": self._port.address[1]})
        return True

    # --- questions ---

    async def ask(self, host: bytes, body: bytes) -> bytes | None:
        """What `host` answers to `body`; None when it does not. UsageError when it is too much."""
        try:
            number = self.exchange.ask(host, body, engine_now_ms())
        except (ValueError, RuntimeError) as error:
            raise UsageError(str(error)) from error
        waiting: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        self._settle()
        try:
            return await waiting  # the exchange tells in the end, whatever happens
        finally:
            self._waiting.pop(number, None)

    async def _answer_question(self, host: bytes, number: int, body: bytes) -> None:
        answer = await self._answer(body, host)
        with contextlib.suppress(ValueError):  # longer than hosts may answer: no answer
            self.exchange.answer(host, number, answer)
        self._settle()

    # --- what comes in ---

    def _receive(self, data: bytes, source: Address) -> None:
        host = read_beacon(data)
        if host is not None:
            self._on_found(host, source)
            return
        self.channel.receive_datagram(data, source, engine_now_ms())
        if self.channel.has_news:
            self._is_spoken_to = True
            self._settle()  # each message has its effect before the next; rubbish has none

    def _all_received(self) -> bool:
        """A stranger shall not make the whole host look whether it has anything to do."""
        is_worth_it = self._is_spoken_to or self.channel.has_work
        self._is_spoken_to = False
        if self.channel.has_work:
            self._settle()
        return is_worth_it

    def _on_announced(self, host: bytes, address: Address) -> None:
        self._on_found(host, address)
        self._settle()

    def _on_found(self, host: bytes, address: Address) -> None:
        """A hint that `host` is at `address`; it is not believed until it answers with its key."""
        now_ms = engine_now_ms()
        silent_ms = self.channel.silent_ms(host, now_ms)
        is_wanted = host in self.channel.hosts()
        if is_wanted and (silent_ms is None or silent_ms > channels.UNANSWERED_MS):
            self.channel.reach(address, now_ms, is_hint=True)

    # --- the engines ---

    def handle_timeout(self, now_ms: int) -> None:
        self.channel.handle_timeout(now_ms)
        self.exchange.handle_timeout(now_ms)

    def next_timeout_ms(self) -> int:
        return clock.earliest(self.channel.next_timeout_ms(), self.exchange.next_timeout_ms())

    def send(self, host: bytes, message: bytes, now_ms: int) -> None:
        self.channel.send(host, message, now_ms)

    def carry(self, now_ms: int) -> bool:
        """Send what waits and obey what has come; True when there was anything to obey."""
        is_moving = self._tell()
        while (asked := self.exchange.poll_transmit()) is not None:
            self.channel.send(asked.destination, asked.data, now_ms)
        while (outgoing := self.channel.poll_transmit()) is not None:
            self._put(outgoing)
        while (event := self.channel.next_event()) is not None:
            is_moving = True
            self._on_channel(*event, now_ms)
        return is_moving

    def _put(self, outgoing: Outgoing) -> None:
        self._port.send(outgoing.data, outgoing.destination)

    def _on_channel(self, kind: int, value: Any, now_ms: int) -> None:
        if kind == channels.MESSAGE:
            source, message = value
            if message[0] in exchanges.KINDS:
                self.exchange.receive(message, source, now_ms)
            else:
                self._on_message(source, message, now_ms)
        elif kind == channels.UP:
            self._report("host_up", {"name": self.name_of(value)})
            self._on_up(value, now_ms)
        elif kind == channels.OTHER_TABLE:
            advice = "it runs another version of Pressel; update the older of the two"
            self._report("other_host", {"name": self.name_of(value), "advice": advice})
        elif kind == channels.OLDER:
            advice = "it runs an older Pressel, with which this one does not talk; update it"
            self._report("other_host", {"name": self.name_of(value), "advice": advice})

    def _tell(self) -> bool:
        is_moving = False
        while (event := self.exchange.next_event()) is not None:
            is_moving = True
            kind, value = event
            if kind == exchanges.ASKED:
                task = asyncio.ensure_future(self._answer_question(*value))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
                continue
            number, body = value if kind == exchanges.ANSWERED else (value, None)
            waiting = self._waiting.get(number)
            if waiting is not None and not waiting.done():
                waiting.set_result(body)
        return is_moving


def voters_of(keys: dict[bytes, str], own: bytes) -> tuple[bytes, ...]:
    """All hosts that vote, `own` among them."""
    return (own, *(channels.host_of(key) for key in keys))
