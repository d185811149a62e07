"""Takes from a leader what it reports to `pressel status`."""

from __future__ import annotations

from pressel.schema.events import event_table
from pressel.schema.features import names_of
from ptt.base import clock
from ptt.leader.floor import arbitrator
from ptt.leader.leader import Leader
from ptt.leader.members import DIFFERENT_TABLE, NEWER_TABLE, OLDER_TABLE, Member

from .badge_state import BadgeState, read_report
from .held_words import advice, why_held
from .leader_state import FloorState, HeldState, LeaderState, MemberState
from .ways import NameOf, relays_of, way_of

# What to do when two builds have different message tables.
ADVICE = {
    table_is: event_table().word("protocols", -table_is)  # as a badge sees the leader's
    for table_is in (OLDER_TABLE, DIFFERENT_TABLE, NEWER_TABLE)
}


def take_snapshot(
    leader: Leader, address: str, uptime_s: float, now_ms: int, name_of: NameOf = bytes.hex
) -> LeaderState:
    """The state of `leader` at `now_ms` of the engine's clock; `name_of` gives a host's name."""
    members = leader.members.all()
    names = {member.node: member.name.decode() for member in members}
    refused = leader.refusals.as_dict()
    refused.pop("accepted", None)
    return LeaderState(
        term=leader.term,
        address=address,
        uptime_s=uptime_s,
        battery_low_percent=leader.settings.settings.battery_low_percent,
        members=[
            MemberState(
                node=member.node,
                name=names[member.node],
                device=member.device.hex(),
                address=f"{member.address[0]}:{member.address[1]}",
                build=member.build.decode(),
                features=names_of(member.features),
                group=member.group,
                silent_ms=clock.since(now_ms, member.heard_ms),
                table_advice=ADVICE.get(member.table_is),
                settings_version=member.settings.acknowledged,
                played=member.played,
                concealed=member.concealed,
                late=member.late,
                badge=_badge(member, now_ms),
                way=way_of(leader.voice, member, now_ms, name_of),
            )
            for member in members
        ],
        floors=[
            FloorState(
                group=group,
                state=arbitrator.STATES[floor.state],
                talker=names.get(floor.holder),
                node=floor.holder if floor.holder in names else None,
                lease=floor.lease,
                queue=[names.get(waiting.node, "?") for waiting in floor.queue],
                talks_ms=clock.age(now_ms, floor.begun_ms) if floor.holder else None,
            )
            for group, floor in sorted(leader.floors.items())
        ],
        relays=relays_of(leader.voice, now_ms, name_of),
        voice_in=leader.voice.packets_in,
        voice_out=leader.voice.packets_out,
        refused=refused,
        held=[
            HeldState(
                device=device.hex(),
                name=(leader.joining.directory.name(device) or b"").decode(),
                why=why_held(why),
                advice=advice(why),
                times=held.times,
                ago_ms=clock.age(now_ms, held.last_ms),
            )
            for device, why, held in leader.held.all()
        ],
    )


def _badge(member: Member, now_ms: int) -> BadgeState | None:
    if member.report is None:
        return None
    return read_report(member.report, clock.age(now_ms, member.reported_ms))
