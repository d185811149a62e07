"""What can happen to a machine or a way, each from its beginning to its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

from tests.chaos.venue import HOSTS, Badge, Venue

from pressel.sim.world import record

Fault = Callable[[Venue], Awaitable[None]]

HOST_AWAY_MS = (2500, 5000)
BADGE_AWAY_MS = (500, 4000)
DISK_MS = (2500, 5000)
ROAM_MS = (300, 1500)
CLOCK_MS = (2500, 5000)
CLOCK_S = (600, 7200)  # by more than a host is silent; an hour is what summer time does
CUT_MS = (3500, 6500)


def _between(venue: Venue, range_ms: tuple[int, int]) -> float:
    low, high = range_ms
    return (low + venue.prng.below(high - low)) / 1000


def _badge(venue: Venue) -> Badge:
    return venue.badges[venue.prng.below(len(venue.badges))]


def _host(venue: Venue, is_leader: bool | None = None) -> str | None:
    leader = venue.leading()
    names = [n for n in HOSTS if venue.is_up(n) and is_leader in (None, n == leader)]
    return names[venue.prng.below(len(names))] if names else None


async def _kill_host(venue: Venue, name: str | None) -> None:
    if name is None:
        return
    venue.note(record.FAULT, venue.number_of(name), record.CRASHED)
    venue.signal_host(name, signal.SIGKILL)
    await asyncio.sleep(_between(venue, HOST_AWAY_MS))
    await venue.start_host(name)


async def _stop_host(venue: Venue, name: str | None) -> None:
    """For a listener a leader that stands still is as dead as a killed one."""
    if name is None:
        return
    is_leader = name == venue.leading()
    venue.signal_host(name, signal.SIGSTOP)
    venue.note(record.FAULT, venue.number_of(name), record.CRASHED if is_leader else record.PAUSED)
    await asyncio.sleep(_between(venue, HOST_AWAY_MS))
    venue.signal_host(name, signal.SIGCONT)
    venue.note(record.FAULT, venue.number_of(name), record.RESUMED)


async def kill_the_leader(venue: Venue) -> None:
    await _kill_host(venue, _host(venue, is_leader=True))


async def kill_a_standby(venue: Venue) -> None:
    await _kill_host(venue, _host(venue, is_leader=False))


async def stop_the_leader(venue: Venue) -> None:
    await _stop_host(venue, _host(venue, is_leader=True))


async def stop_a_standby(venue: Venue) -> None:
    await _stop_host(venue, _host(venue, is_leader=False))


async def kill_a_badge(venue: Venue) -> None:
    badge = _badge(venue)
    badge.kill()
    venue.note(record.FAULT, badge.number, record.CRASHED)
    venue.note(record.TALKING, badge.number, 0)
    await asyncio.sleep(_between(venue, BADGE_AWAY_MS))
    await badge.start()


async def stop_a_badge(venue: Venue) -> None:
    badge = _badge(venue)
    badge.signal(signal.SIGSTOP)
    venue.note(record.FAULT, badge.number, record.PAUSED)
    await asyncio.sleep(_between(venue, BADGE_AWAY_MS))
    badge.signal(signal.SIGCONT)
    venue.note(record.FAULT, badge.number, record.RESUMED)


async def kill_the_handset(venue: Venue) -> None:
    await venue.kill_handset()
    await venue.start_handset()


async def roam(venue: Venue) -> None:
    badge, lasts_s = _badge(venue), _between(venue, ROAM_MS)
    venue.note(record.FAULT, badge.number, record.ROAMING)
    badge.way.silence(lasts_s)
    await asyncio.sleep(lasts_s)


async def cut_a_badge_off(venue: Venue) -> None:
    badge, lasts_s = _badge(venue), _between(venue, CUT_MS)
    venue.note(record.FAULT, badge.number, record.ROAMING)  # as a listener it is excused
    badge.way.silence(lasts_s)
    await asyncio.sleep(lasts_s)


async def another_address(venue: Venue) -> None:
    badge = _badge(venue)
    venue.note(record.FAULT, badge.number, record.READDRESSED)
    await badge.way.move()
    await asyncio.sleep(_between(venue, ROAM_MS))


async def full_disk(venue: Venue) -> None:
    name = _host(venue)
    if name is None:
        return
    state = venue.cluster.state(name)
    venue.disks.fill(state)
    venue.note(record.FAULT, venue.number_of(name), record.DISK_FULL)
    await asyncio.sleep(_between(venue, DISK_MS))
    venue.disks.mend(state)
    if not venue.is_up(name):  # who cannot write a vote down must stop
        await venue.start_host(name)


async def slow_disk(venue: Venue) -> None:
    name = _host(venue)
    if name is None:
        return
    state = venue.cluster.state(name)
    venue.disks.slow_down(state)
    venue.note(record.FAULT, venue.number_of(name), record.DISK_SLOW)
    await asyncio.sleep(_between(venue, DISK_MS))
    venue.disks.mend(state)


async def kill_the_leader_on_a_slow_disk(venue: Venue) -> None:
    """In the midst of what it writes."""
    name = _host(venue, is_leader=True)
    if name is None:
        return
    state = venue.cluster.state(name)
    venue.disks.slow_down(state)
    await asyncio.sleep(1.2)
    venue.disks.mend(state)
    await _kill_host(venue, name)


async def _set_clock(venue: Venue, name: str | None) -> None:
    """Forward or back, and right again. Nothing is excused by that."""
    if name is None:
        return
    low, high = CLOCK_S
    wrong_by_s = low + venue.prng.below(high - low)
    venue.clocks.set(name, wrong_by_s if venue.prng.below(2) else -wrong_by_s)
    await asyncio.sleep(_between(venue, CLOCK_MS))
    venue.clocks.set(name, 0)


async def set_the_leaders_clock(venue: Venue) -> None:
    await _set_clock(venue, _host(venue, is_leader=True))


async def set_a_standbys_clock(venue: Venue) -> None:
    await _set_clock(venue, _host(venue, is_leader=False))


def faults_of(venue: Venue) -> dict[str, Fault]:
    """By name, those that can be made here."""
    found: dict[str, Fault] = {
        "the leader is killed": kill_the_leader,
        "a badge gets another address": another_address,
        "the leader stands still": stop_the_leader,
        "a badge is killed": kill_a_badge,
        "a standby is killed": kill_a_standby,
        "a badge roams": roam,
        "a standby stands still": stop_a_standby,
        "a badge stands still": stop_a_badge,
        "a badge is cut off": cut_a_badge_off,
        "the firmware's badge is killed": kill_the_handset,
    }
    if venue.disks.can_fill:
        found["a host's disk is full"] = full_disk
    if venue.disks.can_slow:
        found["a host's disk is slow"] = slow_disk
        found["the leader is killed on a slow disk"] = kill_the_leader_on_a_slow_disk
    if venue.clocks.can_set:
        found["the leader's clock is set"] = set_the_leaders_clock
        found["a standby's clock is set"] = set_a_standbys_clock
    return found
