"""By which way a leader's members get voice, and why."""

from __future__ import annotations

from collections.abc import Callable

from ptt.base import features
from ptt.fanout.multicast import Multicast
from ptt.leader.members import Member
from ptt.leader.voice_path import VoicePath

from .way_state import RelayState, WayState

NameOf = Callable[[bytes], str]

OFF = "nothing goes to many: relay.multicast_group is 0"
UNABLE = "its build hears no multicast"
SILENT = "it has not told what it hears"
STALE = "it has no key of what is sent now"
DEAF = "{} of the newest 16 probes came"
WELL = "it hears multicast"


def way_of(voice: VoicePath, member: Member, now_ms: int, name_of: NameOf = bytes.hex) -> WayState:
    """Of `member`, by what it has reported; `name_of` gives the name of a host."""
    way = _way_to_many(voice.multicast, member, now_ms)
    host = voice.relays.relay_of(member.node)
    way.relay = None if host is None else name_of(host)
    way.relay_why = voice.relays.why(member.node)
    return way


def relays_of(voice: VoicePath, now_ms: int, name_of: NameOf = bytes.hex) -> list[RelayState]:
    """All that the leader has asked whether they relay; none when that is off."""
    found = []
    for host in sorted(voice.relays.hosts):
        standing = voice.relays.standing(host, now_ms)
        if standing is not None:
            found.append(
                RelayState(
                    name=name_of(host),
                    serves=standing.serves,
                    listeners=standing.members,
                    load_percent=standing.load_percent,
                    round_trip_ms=standing.rtt_ms,
                )
            )
    return found


def _way_to_many(multicast: Multicast, member: Member, now_ms: int) -> WayState:
    if multicast.place is None:
        return WayState(is_many=False, why=OFF)
    if not member.features & features.MULTICAST:
        return WayState(is_many=False, why=UNABLE)
    report = multicast.ears.report(member.node)
    if report is None:
        return WayState(is_many=False, why=SILENT)
    probes, late, forged = report
    count = probes.bit_count()
    is_many = multicast.is_heard_by(member.node, now_ms)
    why = WELL if is_many else STALE if count > 12 else DEAF.format(count)
    return WayState(is_many=is_many, why=why, probes=count, late=late, forged=forged)
