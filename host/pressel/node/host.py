"""The process of a host: it elects with the others, and leads or stands by.

Ties `ptt.host` to sockets, disk and operator. Hosts talk through `channel`; which of them may is in
the registry, and looked at again while the process runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pressel.enrol.lines import INVITE
from pressel.enrol.server import EnrolmentServer
from pressel.errors import PresselError, UsageError
from pressel.registry.directory import RegistryDirectory, mirror
from pressel.registry.identity import identity
from pressel.registry.store import Registry
from pressel.transport.udp import BROADCAST, Address, engine_now_ms
from ptt.base import clock, events
from ptt.base.numbers import TEXT_BYTES_MAX, VOTERS_MAX
from ptt.cluster import election, host_messages, host_wire
from ptt.cluster.ballot import mark_of
from ptt.host import Host
from ptt.leader.roster import GROUP_DEFAULT
from ptt.leader.sealed import SecureLeader
from ptt.wire import messages
from ptt.wire.refusal import Refused

from . import channel as channels
from . import control
from .channel import Channel, host_of
from .cluster_state import take_state
from .discovery import BEACON_S, EVERYWHERE, Discovery, beacon, read_beacon
from .event_log import EventLog, Report
from .lifeline import on_stdin_closed
from .priority import serve_first
from .snapshot import take_snapshot
from .sockets import Port, Timer
from .term import load_record, store_record
from .updates import Updates

LOOK_S = 0.5  # at the registry: a host that is removed is out within a second


@dataclass(frozen=True)
class HostOptions:
    """`listen` for badges and `hosts` for other hosts: address and UDP port (0: any); `state`:
    folder for what it keeps; `control`: its control socket (None: named after the port); `peers`:
    addresses where to look for hosts; `node_class`: who stands first; `discovery`: look for hosts
    by mDNS and broadcast; `dies_with_parent`: end when stdin closes; `joining`: one of
    `pressel.enrol.desk.JOINING`."""

    listen: Address
    hosts: Address
    state: Path
    control: Path | None = None
    peers: tuple[Address, ...] = ()
    node_class: int = 1
    discovery: bool = True
    dies_with_parent: bool = False
    joining: str = INVITE


class HostNode:
    """One host from start to stop; `report` gets (event, fields) of everything that happens."""

    def __init__(self, options: HostOptions, report: Report) -> None:
        self._options = options
        self._report = report
        self._stopping = asyncio.Event()
        self._failure: PresselError | None = None  # why it stops
        self._started_s = time.monotonic()
        self._registry = Registry(options.state)
        self._directory = RegistryDirectory(self._registry)
        self._names: dict[bytes, str] = {}
        self._changes = -1
        now_ms = engine_now_ms()
        private = identity(options.state)
        self._channel = Channel(private, [], os.urandom, now_ms)
        keys = self._look_at_registry()
        self._channel.allow(keys, now_ms)
        own = self._channel.host
        voters = (own, *(host_of(key) for key in keys))
        self._host = Host(
            own, voters, load_record(options.state), self._make_leader, now_ms, options.node_class
        )
        self._log = EventLog(report, lambda: self._host.leader, self._name_of)
        self._updates = Updates(options.state, lambda: self._host.leader, self._directory, report)
        self._enrolment = EnrolmentServer(
            options.state, options.joining, lambda: self._host.leader is not None, report
        )
        self._badges = Port(self._on_badge)
        self._hosts = Port(self._on_host)
        self._timer = Timer(self._on_time)
        self._discovery = Discovery(own, self._on_found)

    async def run(self) -> None:
        """Serve until a signal, or the parent, ends it."""
        serve_first()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        async with contextlib.AsyncExitStack() as closing:
            closing.callback(self._registry.close)
            await self._open(closing)
            if self._options.dies_with_parent:
                on_stdin_closed(self._stopping.set)
            host, port = self._badges.address
            fields = {"address": host, "port": port, "hosts_port": self._hosts.address[1]}
            self._report("ready", {**fields, "host": self._host.own.hex()})
            looking = asyncio.create_task(self._look_around())
            closing.callback(looking.cancel)
            self._settle()
            await self._stopping.wait()
        if self._failure is not None:
            raise self._failure
        self._report("stopped", {})

    async def _open(self, closing: contextlib.AsyncExitStack) -> None:
        await self._badges.open(self._options.listen, "badges")
        closing.callback(self._badges.close)
        await self._hosts.open(self._options.hosts, "other hosts")
        closing.callback(self._hosts.close)
        closing.callback(self._timer.set, None)
        path = self._options.control or control.control_path(self._badges.address[1])
        server = await control.serve(path, self._answer)
        closing.callback(path.unlink, missing_ok=True)
        closing.callback(server.close)
        await self._enrolment.open(self._badges.address)
        closing.push_async_callback(self._enrolment.close)
        closing.callback(self._resign)
        if self._options.discovery:
            closing.push_async_callback(self._discovery.close)
            try:
                await self._discovery.open(self._hosts.address)
            except OSError as error:
                advice = "name the other hosts by --peer if they do not find each other"
                self._report("not_announced", {"why": str(error), "advice": advice})

    def _resign(self) -> None:
        """The last thing said: another one leads at once."""
        self._host.resign(engine_now_ms())
        self._settle()

    # --- what comes in ---

    def _on_badge(self, data: bytes, source: Address) -> None:
        self._host.receive_datagram(data, source, engine_now_ms())
        self._settle()

    def _on_host(self, data: bytes, source: Address) -> None:
        host = read_beacon(data)
        if host is not None:
            self._on_found(host, source)
            return
        self._channel.receive_datagram(data, source, engine_now_ms())
        self._settle()

    def _on_found(self, host: bytes, address: Address) -> None:
        """A hint that `host` is at `address`; who does not answer by its key is not believed."""
        silent_ms = self._channel.silent_ms(host, engine_now_ms())
        is_wanted = host in self._channel.hosts()
        if is_wanted and (silent_ms is None or silent_ms > channels.UNANSWERED_MS):
            self._channel.reach(address, engine_now_ms())
            self._settle()

    def _on_time(self) -> None:
        now_ms = engine_now_ms()
        self._host.handle_timeout(now_ms)
        self._channel.handle_timeout(now_ms)
        self._settle()

    def _on_message(self, source: bytes, message: bytes, now_ms: int) -> None:
        if message[0] != host_messages.HOST_ADDRESS:
            self._host.receive_from_host(message, source, now_ms)
            return
        with contextlib.suppress(Refused):
            _, (port,) = host_wire.decode(message)
            at = self._channel.address_of(source)
            if at is not None:
                self._host.note_address(source, (socket.inet_aton(at[0]), port))

    # --- what goes out ---

    def _settle(self) -> None:
        """Write, send, tell, and set the timer, until nothing is left to do."""
        is_moving = True
        while is_moving:
            now_ms = engine_now_ms()
            is_moving = self._store(now_ms) | self._carry(now_ms) | self._tell(now_ms)
        due_ms = clock.earliest(self._host.next_timeout_ms(), self._channel.next_timeout_ms())
        wait_ms = None if due_ms == clock.NEVER else clock.since(due_ms, engine_now_ms())
        self._timer.set(wait_ms)

    def _store(self, now_ms: int) -> bool:
        record = self._host.poll_store()
        if record is None:
            return False
        try:
            store_record(self._options.state, record)
        except PresselError as error:  # who cannot write a vote down must not give one
            self._failure = error
            self._stopping.set()
            return False
        self._host.on_stored(record, now_ms)
        return True

    def _carry(self, now_ms: int) -> bool:
        is_moving = False
        while (outgoing := self._host.poll_transmit()) is not None:
            self._badges.send(bytes(outgoing.data), outgoing.destination)
        while (outgoing := self._host.poll_host()) is not None:
            self._channel.send(outgoing.destination, bytes(outgoing.data), now_ms)
        while (outgoing := self._channel.poll_transmit()) is not None:
            self._hosts.send(outgoing.data, outgoing.destination)
        while (event := self._channel.next_event()) is not None:
            is_moving = True
            kind, value = event
            self._on_channel(kind, value, now_ms)
        return is_moving

    def _on_channel(self, kind: int, value: Any, now_ms: int) -> None:
        if kind == channels.MESSAGE:
            source, message = value
            self._on_message(source, message, now_ms)
        elif kind == channels.UP:
            self._report("host_up", {"name": self._name_of(value)})
            port = self._badges.address[1]
            told = host_wire.encode(host_messages.HOST_ADDRESS, (port,))
            self._channel.send(value, told, now_ms)
        elif kind == channels.OTHER_TABLE:
            advice = "it runs another version of Pressel: update the older of the two"
            self._report("other_host", {"name": self._name_of(value), "advice": advice})

    def _tell(self, now_ms: int) -> bool:
        while (event := self._host.next_event()) is not None:
            if event[0] == events.UPDATE:
                self._updates.on_told(*event[1])
            else:
                self._log.on_floor(*event)
        while (event := self._host.next_election_event()) is not None:
            kind, value = event
            self._log.on_election(kind, value, self._host.election.convergence_ms)
            if kind == election.BECAME_LEADER:
                self._updates.resume()
        return False

    def _make_leader(self, term: int) -> SecureLeader:
        self._directory.refresh()
        leader = SecureLeader(
            term, secrets.randbits(32), self._directory, os.urandom, roster=self._directory
        )
        leader.bytes_of, leader.address_of = _bytes_of, _address_of
        leader.keep_devices(self._directory.version, self._directory.records(), engine_now_ms())
        return leader

    # --- the other hosts ---

    async def _look_around(self) -> None:
        """For hosts that are missing, and for what the operator changes."""
        looks = 0
        while True:
            now_ms = engine_now_ms()
            silent = [self._channel.silent_ms(host, now_ms) for host in self._channel.hosts()]
            is_missing = any(each is None or each > BEACON_S * 1000 for each in silent)
            if is_missing and looks % round(BEACON_S / LOOK_S) == 0:
                for peer in self._options.peers:
                    self._channel.reach(peer, now_ms)
                if self._options.discovery and self._options.hosts[0] == EVERYWHERE:
                    address = (BROADCAST, self._hosts.address[1])
                    self._hosts.send(beacon(self._host.own), address)
            self._obey_registry(now_ms)
            self._settle()
            looks += 1
            await asyncio.sleep(LOOK_S)

    def _obey_registry(self, now_ms: int) -> None:
        try:
            self._registry.forget_old()
            self._follow_leader()
            if self._registry.changes() == self._changes:
                return
            keys = self._look_at_registry()
            self._obey_directory(now_ms)
        except PresselError as error:
            self._report("registry", {"advice": str(error)})
            return
        self._channel.allow(keys, now_ms)
        own = self._channel.host
        voters = (own, *(host_of(key) for key in keys))
        if sorted(voters) != list(self._host.election.voters.hosts):
            self._host.configure(voters, now_ms)
            self._report("voters", {"hosts": len(voters)})

    def _follow_leader(self) -> None:
        """Who stands by knows the leader's devices, so that they can join here one day."""
        state = self._host.replica.state
        if self._host.leader is not None or state is None:
            return
        if mirror(self._registry, state):
            self._report("devices", {"known": len(self._registry.devices("active"))})

    def _obey_directory(self, now_ms: int) -> None:
        leader = self._host.leader
        if self._directory.refresh() and isinstance(leader, SecureLeader):
            leader.keep_devices(self._directory.version, self._directory.records(), now_ms)
            leader.look_at_directory(now_ms)

    def _look_at_registry(self) -> list[bytes]:
        """The public keys of the other hosts. UsageError when they cannot all be voters."""
        self._changes = self._registry.changes()
        allowed = self._registry.hosts()
        own = self._channel.host
        keys = [bytes.fromhex(each.public_key) for each in allowed]
        hosts = {host_of(key): each.name for key, each in zip(keys, allowed, strict=True)}
        hosts.pop(own, None)
        if len(hosts) >= VOTERS_MAX:
            raise UsageError(f"at most {VOTERS_MAX} hosts vote; `pressel host remove` some")
        if len({mark_of(host) for host in (own, *hosts)}) <= len(hosts):
            raise UsageError(
                "two hosts have the same mark; on one of them delete host.key, and allow its new "
                "key on the others"
            )
        self._names = hosts
        return [key for key in keys if host_of(key) != own]

    def _name_of(self, host: bytes) -> str:
        if host == self._channel.host:
            return "this host"
        return self._names.get(host, host.hex())

    # --- the operator ---

    def _answer(self, request: dict[str, Any]) -> Any:
        """What other commands ask over the control socket."""
        now_ms = engine_now_ms()
        ask = request["ask"]
        if ask == "node":
            addresses = (_words(self._badges.address), _words(self._hosts.address))
            state = take_state(self._host, self._channel, self._name_of, addresses, now_ms)
            return state.model_dump()
        if ask == "resign":
            if self._host.leader is None:
                raise UsageError("this host does not lead; see `pressel node status`")
            if not self._channel.hosts():
                raise UsageError("there is no other host to lead; stop this one to end the venue")
            self._host.resign(now_ms)
            self._settle()
            return True
        if ask == "return":
            self._host.return_to_duty(now_ms)
            self._settle()
            return True
        return self._leader_answer(ask, request, now_ms)

    def _leader_answer(self, ask: str, request: dict[str, Any], now_ms: int) -> Any:
        leader = self._host.leader
        if leader is None:
            raise UsageError("this host does not lead; `pressel node status` says who does")
        if ask == "status":
            uptime_s = time.monotonic() - self._started_s
            address = _words(self._badges.address)
            return take_snapshot(leader, address, uptime_s, now_ms).model_dump()
        if ask == "text":
            words = str(request["text"])
            text = words.encode()
            if not 0 < len(text) <= TEXT_BYTES_MAX or not words.isprintable():
                raise ValueError(f"a text has 1 to {TEXT_BYTES_MAX} bytes, all printable")
            operator = messages.TEXT_OPERATOR
            leader.send_text(GROUP_DEFAULT, operator, b"operator", text, now_ms)
            self._settle()
            return len(leader.members)
        if ask == "update":
            status = self._updates.answer(request)
            self._settle()
            return status
        raise ValueError(ask)


def _words(address: Address) -> str:
    return f"{address[0]}:{address[1]}"


def _bytes_of(address: Address) -> bytes:
    """An address as standbys keep it: 4 bytes and the port."""
    return socket.inet_aton(address[0]) + address[1].to_bytes(2, "big")


def _address_of(data: bytes) -> Address:
    return socket.inet_ntoa(data[:4]), int.from_bytes(data[4:6], "big")
