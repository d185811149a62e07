"""The venue's network: who reaches whom, how late, and what is lost on the way.

Stations are on the air, the leader box is on the wire behind the access points; what goes from
station to station takes two hops through the air. Knows nodes by number and datagrams by size only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable, Protocol

from ptt.base.prng import Prng

from ...wifi.cost import airtime_us
from .. import record
from ..loop import EventLoop
from ..record import Record
from .path import STEP_US, Path

MANY = -3  # as a destination: all who listen for multicast
BROADCAST = -1  # as a destination: all wired hosts, since only they listen for strangers
_RATE_KBPS = 39_000  # of a badge at -67 dBm, where the profile names none
_ADDRESS_FIRST = 0x8000  # above every node's number
_WIRE_US = 200  # switch and kernel of the leader's own network


Parcel = tuple  # (source, destination, data)


class Receiver(Protocol):
    """A node as the network sees it."""

    number: int
    is_wired: bool

    def arrive(self, data: Any, source: int) -> None: ...


class Hop(Protocol):
    """The air between stations and their access points."""

    why_lost: int
    may_corrupt: bool  # may datagrams be changed on their way?

    def transit(
        self, now_us: int, station: int, size_bytes: int, is_down: bool
    ) -> tuple[int, int]: ...
    def listen(self, station: int) -> None: ...
    def go_deaf(self, station: int) -> None: ...
    def multicast(
        self, now_us: int, size_bytes: int, stations: list[int]
    ) -> list[tuple[int, int, int]]: ...
    def corrupts(self, station: int, is_down: bool) -> bool: ...
    def roam(self, station: int) -> None: ...
    def calm(self) -> None: ...
    def struck(self) -> dict[str, int]: ...
    def airtime_percent(self, now_us: int) -> float | None: ...
    def airtime_within(self, spans: Sequence[tuple[int, int]]) -> float | None: ...


class ChanceAir:
    """Every station has a random path up and one down; the use of the air is only computed. The
    profile's "stations" have paths of their own: (station, is_down, what differs)."""

    def __init__(self, profile: Mapping[str, Any], prng: Prng, step_us: int = STEP_US) -> None:
        self._profile = profile
        self._step_us = step_us  # see `Path`
        self._prng = prng
        self._paths: dict[int, Path] = {}
        for station, is_down, facts in profile.get("stations", ()):
            own = {**profile["path"], **facts}
            self._paths[station << 1 | is_down] = Path(own, prng, step_us)
        self._deaf: set[int] = set()  # to multicast
        self._used_us = 0
        self._cost_us: dict[int, int] = {}  # by size
        self.why_lost = record.BY_NETWORK
        self.may_corrupt = profile["path"].get("corrupt_ppm", 0) > 0

    def transit(self, now_us: int, station: int, size_bytes: int, is_down: bool) -> tuple[int, int]:
        key = station << 1 | is_down
        path = self._paths.get(key)
        if path is None:
            path = self._paths[key] = Path(self._profile["path"], self._prng, self._step_us)
        cost_us = self._cost_us.get(size_bytes)
        if cost_us is None:
            wifi = self._profile["wifi"]
            phy, rate_kbps = wifi.get("phy", "n"), wifi.get("rate_kbps") or _RATE_KBPS
            cost_us = self._cost_us[size_bytes] = airtime_us(phy, rate_kbps, size_bytes)
        self._used_us += cost_us
        arrivals = path.transit(now_us, size_bytes)
        self.why_lost = path.why_lost
        return arrivals

    def listen(self, station: int) -> None:
        """Multicast takes the paths of all else."""

    def go_deaf(self, station: int) -> None:
        """No multicast comes to it any more."""
        self._deaf.add(station)

    def multicast(
        self, now_us: int, size_bytes: int, stations: list[int]
    ) -> list[tuple[int, int, int]]:
        """(station, when it comes or -1, why it is lost) for each."""
        found = []
        for station in stations:
            due_us, _ = self.transit(now_us, station, size_bytes, True)
            is_deaf = station in self._deaf
            why = record.BY_NOBODY if is_deaf else self.why_lost
            found.append((station, -1 if is_deaf else due_us, why))
        return found

    def corrupts(self, station: int, is_down: bool) -> bool:
        """Is what has just passed changed on its way?"""
        return self._paths[station << 1 | is_down].corrupts()

    def roam(self, station: int) -> None:
        """Its paths know no place."""

    def calm(self) -> None:
        """Nothing is lost any more, or late."""
        quiet = {"loss_ppm", "burst_ppm", "spike_ppm", "reorder_ppm", "duplicate_ppm"}
        quiet |= {"corrupt_ppm", "bytes_per_s"}
        path = {
            name: 0 if name in quiet else value for name, value in self._profile["path"].items()
        }
        self._profile = {**self._profile, "path": path}
        for each in self._paths.values():
            each.calm()

    def struck(self) -> dict[str, int]:
        """How often chance did what no record tells."""
        paths = self._paths.values()
        return {
            "delay spike": sum(each.spikes for each in paths),
            "overtaken": sum(each.overtaken for each in paths),
            "duplicate": sum(each.duplicates for each in paths),
            "corrupted": sum(each.corrupted for each in paths),
        }

    def airtime_percent(self, now_us: int) -> float | None:
        points = self._profile["wifi"]["access_points"]
        return 100.0 * self._used_us / (max(1, now_us) * points)

    def airtime_within(self, spans: Sequence[tuple[int, int]]) -> float | None:
        """It keeps no account by time."""
        return None


class Network:
    """Carries datagrams between the nodes that `join` it. It hands over all that arrives in one
    instant in one go, in the order of sending; if `in_one_go` is False, it does so between other
    things of that instant."""

    def __init__(self, loop: EventLoop, log: Record, air: Hop, in_one_go: bool = True) -> None:
        self._in_one_go = in_one_go
        self._loop = loop
        self._note = log.note
        self._air = air
        self._nodes: dict[int, Receiver] = {}
        self._wired: list[int] = []
        self._is_wired: dict[int, bool] = {}
        self._arrivals: dict[int, list[Parcel]] = {}  # by instant
        self._wire: dict[int, Callable[[bytes, int], None]] = {}  # between hosts
        self._cuts: list[tuple[frozenset[int], frozenset[int]]] = []
        self._silent_until_us: dict[int, int] = {}  # stations between two access points
        self._half_open_until_us: dict[int, int] = {}  # by station << 1 | is down
        self._address: dict[int, int] = {}  # of nodes that have another one than their number
        self._node_at: dict[int, int] = {}  # by such an address
        self._next_address = _ADDRESS_FIRST
        self._many: list[int] = []  # who listens for multicast
        self._stalled_until_us: dict[int, int] = {}  # wires of hosts
        self.datagrams = 0  # put on the air or the wire, one for each receiver
        self.bytes = 0
        self.wire_datagrams = 0  # between hosts
        self.wire_bytes = 0

    def join(self, node: Receiver) -> None:
        self._nodes[node.number] = node
        self._is_wired[node.number] = node.is_wired
        if node.is_wired:
            self._wired.append(node.number)
            self._wired.sort()

    def listen(self, host: int, take: Callable[[bytes, int], None]) -> None:
        """Call `take(data, source)` for what other hosts `wire` to `host`."""
        self._wire[host] = take

    def send(self, source: int, destination: int, data: Any) -> None:
        """Take a datagram, whose bytes must not change any more."""
        self._note(record.SENT, source, destination, len(data), data)
        if destination == MANY:
            self._send_to_many(source, data)
        elif destination == BROADCAST:
            for host in self._wired:
                self.carry(source, host, data)
        elif (
            number := self._number_of(destination) if self._address else destination
        ) in self._nodes:
            self.carry(source, number, data)
        else:
            self._lose(source, destination, record.BY_NOBODY, data)

    def listen_for_many(self, station: int, is_on: bool) -> None:
        """It joins the multicast group, or leaves it."""
        if not is_on:
            self._many.remove(station)
        elif station not in self._many:
            self._many.append(station)
            self._many.sort()
            self._air.listen(station)

    def go_deaf(self, station: int) -> None:
        """Whatever it listens for, no multicast comes to it any more."""
        self._air.go_deaf(station)

    def cut(self, sources: frozenset[int], destinations: frozenset[int]) -> None:
        """From now on nothing passes from `sources` to `destinations`; the other way it does."""
        self._cuts.append((sources, destinations))

    def heal(self) -> None:
        """Everybody reaches everybody again."""
        self._cuts.clear()

    def roam(self, station: int, silent_us: int) -> None:
        """It changes its access point and is deaf and mute meanwhile."""
        self._silent_until_us[station] = self._loop.now_us + silent_us
        self._air.roam(station)

    def half_open(self, station: int, is_down: bool, lasts_us: int) -> None:
        """For so long nothing reaches the station, or nothing comes from it."""
        self._half_open_until_us[station << 1 | is_down] = self._loop.now_us + lasts_us

    def readdress(self, node: int) -> None:
        """It gets another address: what is on its way to the former one reaches nobody."""
        former = self._address.get(node)
        if former is not None:
            del self._node_at[former]
        self._next_address += 1
        self._address[node] = self._next_address
        self._node_at[self._next_address] = node

    def swap_addresses(self, one: int, other: int) -> None:
        """Each gets the other's address: what is on its way reaches the wrong one."""
        former = {node: self._address.get(node, node) for node in (one, other)}
        for node, address in ((one, former[other]), (other, former[one])):
            self._address[node] = address
            self._node_at[address] = node

    def stall_wire(self, host: int, lasts_us: int) -> None:
        """For so long what goes between it and other hosts waits; then all of it comes at once."""
        self._stalled_until_us[host] = self._loop.now_us + lasts_us

    def calm(self) -> None:
        """Whatever was wrong with it is over."""
        self.heal()
        self._stalled_until_us.clear()
        self._silent_until_us.clear()
        self._half_open_until_us.clear()
        self._air.calm()

    def struck(self) -> dict[str, int]:
        """How often each fault of the air has met a datagram."""
        return self._air.struck()

    def airtime_percent(self) -> float | None:
        """Of the fullest access point's channel; None where that is not known."""
        return self._air.airtime_percent(self._loop.now_us)

    def airtime_within(self, spans: Sequence[tuple[int, int]]) -> float | None:
        """As `airtime_percent`, of these times alone: (since, until) in microseconds."""
        return self._air.airtime_within(spans) if spans else None

    def carry(self, source: int, destination: int, data: Any) -> None:
        """Bring one datagram, whose sending is on record, to one node."""
        self.datagrams += 1
        self.bytes += len(data)
        if self._cuts and self._is_cut(source, destination):
            self._lose(source, destination, record.BY_CUT, data)
        elif self._is_wired[source]:
            self._down((source, destination, data))
        else:
            self._up(source, destination, data)

    def wire(self, source: int, destination: int, data: bytes) -> None:
        """From host to host, on the channel between them: none of the protocol's datagrams."""
        self.wire_datagrams += 1
        self.wire_bytes += len(data)
        if not self._is_cut(source, destination):
            due_us = self._loop.now_us
            for host in (source, destination):
                due_us = max(due_us, self._stalled_until_us.get(host, 0))
            self._loop.at(due_us + _WIRE_US, self._arrive_by_wire, (source, destination, data))

    # --- inside ---

    def _send_to_many(self, source: int, data: Any) -> None:
        """One transmission; nobody repeats it for whom it is lost."""
        self.datagrams += 1
        self.bytes += len(data)
        reached = self._air.multicast(self._loop.now_us, len(data), self._many)
        for station, due_us, why in reached:
            if self._is_roaming(station):
                self._lose(source, station, record.BY_ROAMING, data)
            elif self._half_open_until_us and self._is_half_open(station, True):
                self._lose(source, station, record.BY_CUT, data)
            elif due_us < 0:
                self._lose(source, station, why, data)
            else:
                self._hand_over(due_us, (source, station, data))

    def _arrive_by_wire(self, parcel: tuple[int, int, bytes]) -> None:
        source, destination, data = parcel
        if not self._is_cut(source, destination):
            self._wire[destination](data, source)

    def _number_of(self, address: int) -> int:
        """The node that has it; -2: nobody, any more."""
        node = self._node_at.get(address)
        if node is not None:
            return node
        return -2 if address in self._address else address  # a node's former one; a node's own

    def _address_of(self, node: int) -> int:
        return self._address.get(node, node)

    def _is_half_open(self, station: int, is_down: bool) -> bool:
        until_us = self._half_open_until_us.get(station << 1 | is_down, 0)
        return until_us > self._loop.now_us

    def _changed(self, station: int, is_down: bool, data: Any) -> Any:
        """The datagram as it comes out of the air."""
        if not self._air.corrupts(station, is_down):
            return data
        changed = bytearray(data)
        place = self._loop.now_us % (8 * len(changed))  # somewhere, without a draw
        changed[place // 8] ^= 1 << place % 8
        return bytes(changed)

    def _up(self, source: int, destination: int, data: Any) -> None:
        if self._is_roaming(source):
            self._lose(source, destination, record.BY_ROAMING, data)
            return
        if self._half_open_until_us and self._is_half_open(source, False):
            self._lose(source, destination, record.BY_CUT, data)
            return
        due_us, again_us = self._air.transit(self._loop.now_us, source, len(data), False)
        if due_us < 0:
            self._lose(source, destination, self._air.why_lost, data)
            return
        if self._air.may_corrupt:
            data = self._changed(source, False, data)
        parcel = (source, destination, data)
        for at_us in (due_us,) if again_us < 0 else (due_us, again_us):
            if self._is_wired[destination]:
                self._hand_over(at_us + _WIRE_US, parcel)
            else:
                self._loop.at(at_us + _WIRE_US, self._down, parcel)

    def _down(self, parcel: Parcel) -> None:
        source, destination, data = parcel
        if self._is_wired[destination]:
            self._hand_over(self._loop.now_us + _WIRE_US, parcel)
            return
        if self._silent_until_us and self._is_roaming(destination):
            self._lose(source, destination, record.BY_ROAMING, data)
            return
        if self._half_open_until_us and self._is_half_open(destination, True):
            self._lose(source, destination, record.BY_CUT, data)
            return
        due_us, again_us = self._air.transit(self._loop.now_us, destination, len(data), True)
        if due_us < 0:
            self._lose(source, destination, self._air.why_lost, data)
            return
        if self._air.may_corrupt:
            parcel = (source, destination, self._changed(destination, True, data))
        self._hand_over(due_us, parcel)
        if again_us >= 0:
            self._hand_over(again_us, parcel)

    def _hand_over(self, due_us: int, parcel: Parcel) -> None:
        parcels = self._arrivals.get(due_us)
        if not self._in_one_go:
            self._loop.at(due_us, self._arrive_alone, parcel)
        elif parcels is None:
            self._arrivals[due_us] = [parcel]
            self._loop.at(due_us, self._arrive, due_us)
        else:
            parcels.append(parcel)

    def _arrive(self, due_us: int) -> None:
        """All that arrives in this instant."""
        nodes = self._nodes
        is_clear = not self._cuts and not self._silent_until_us
        for source, destination, data in self._arrivals.pop(due_us):
            if is_clear or self._is_let_through(source, destination, data):
                nodes[destination].arrive(data, self._address_of(source))

    def _arrive_alone(self, parcel: Parcel) -> None:
        source, destination, data = parcel
        if self._is_let_through(source, destination, data):
            self._nodes[destination].arrive(data, self._address_of(source))

    def _is_let_through(self, source: int, destination: int, data: Any) -> bool:
        """Can it still be reached at the end of the way?"""
        if self._is_roaming(destination):
            self._lose(source, destination, record.BY_ROAMING, data)
            return False
        if self._is_cut(source, destination):
            self._lose(source, destination, record.BY_CUT, data)
            return False
        return True

    def _is_cut(self, source: int, destination: int) -> bool:
        for sources, destinations in self._cuts:
            if source in sources and destination in destinations:
                return True
        return False

    def _is_roaming(self, station: int) -> bool:
        return self._silent_until_us.get(station, 0) > self._loop.now_us

    def _lose(self, source: int, destination: int, reason: int, data: Any) -> None:
        self._note(record.LOST, source, destination, reason, data)
