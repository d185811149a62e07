"""The situations of `frozen`: what other builds of the same major version send, and what this one
makes of it. An older build leaves appended fields out, which then have their defaults; a newer one
says more than this build understands, which it ignores.
"""

from __future__ import annotations

from collections.abc import Sequence

from pressel.schema.messages import MessageTable, load_table

from .encoder import Header, Value, complete, datagram, encode, message, payload
from .situation import (
    DEVICE_2,
    FROM_2,
    FROM_3,
    FROM_LEADER,
    LEADER_TO_STRANGER,
    NONCE,
    NOW_TERM,
    SESSION_2,
    STRANGER,
    Does,
    Situation,
    plain,
    reads,
    refused,
    speech,
)

IMA_BYTES = 164


def frozen_situations(table: MessageTable) -> list[Situation]:
    """What a build with this table sends in the course of a session."""
    found = common(table)
    found += older(table) if table.version == "2.0" else newer(table)
    return found


def situation(
    table: MessageTable,
    file: str,
    says: str,
    name: str,
    header: Header,
    values: Sequence[Value],
    does: list[Does],
    understood: Sequence[Value] | None = None,
    tail: bytes = b"",
) -> Situation:
    """`understood`: the values in force here, when they differ from those sent."""
    understood = complete(message(load_table(), name), values if understood is None else understood)
    values = complete(message(table, name), values)
    data = encode(table, name, header, values, tail)
    reading = reads(table, name, header, values)
    if list(understood) != list(values):
        fields = message(load_table(), name).fields
        pairs = zip(fields, understood, strict=True)
        reading["fields"] = [[field.name, plain(value)] for field, value in pairs]
    return Situation(file, says, table.version, data, reading, does)


def common(table: MessageTable) -> list[Situation]:
    """Messages that are the same in all builds: only the version byte tells them apart."""
    build = table.version

    def leader(scene: str, source: str, *sends: str, tells: tuple[str, ...] = ()) -> list[Does]:
        return [Does(f"leader {scene}", source, "accepted", sends, tells)]

    def badge(scene: str, *tells: str, sends: tuple[str, ...] = ()) -> list[Does]:
        return [Does(f"participant {scene}", "leader", "accepted", sends, tells)]

    welcome: list[Value] = [NONCE, 2, SESSION_2, NOW_TERM, table.digest(), 1, 1]
    floor = ("FLOOR_GRANT to member 2", "FLOOR_TAKEN to member 3")
    idle = ("FLOOR_IDLE to member 2", "FLOOR_IDLE to member 3")
    text = ("TEXT_ACK to member 2", "TEXT_MESSAGE to member 3")
    voice: list[Value] = [1, 1, 2, 1, 0, 0, 2, IMA_BYTES]
    heard: list[Value] = [1, 1, 3, 1, 0, 1, 1, IMA_BYTES]
    rows: list[tuple[str, Header, list[Value], list[Does], bytes]] = [
        ("WELCOME", FROM_LEADER, welcome, badge("searching", "joined", "other_table"), b""),
        (
            "NACK",
            LEADER_TO_STRANGER,
            [2, 0x20, table.version_byte, 3],
            badge("joined", "lost", sends=("HELLO to leader",)),
            b"",
        ),
        (
            "SETTINGS_SNAPSHOT",
            FROM_LEADER,
            [3, 80, 30000],
            badge("joined", "settings", sends=("SETTINGS_ACK to leader",)),
            b"",
        ),
        ("SETTINGS_ACK", FROM_2, [1, 0], leader("idle", "member 2"), b""),
        (
            "TEXT_MESSAGE",
            FROM_2,
            [1, 1, 0, 2, "Ann", "hello"],
            leader("idle", "member 2", *text, tells=("text",)),
            b"",
        ),
        (
            "FLOOR_REQUEST",
            FROM_2,
            [1, 1],
            leader("idle", "member 2", *floor, tells=("floor_granted",)),
            b"",
        ),
        (
            "FLOOR_RELEASE",
            FROM_2,
            [1, 1, 1],
            leader("taken", "member 2", *idle, tells=("floor_freed",)),
            b"",
        ),
        ("FLOOR_QUEUED", FROM_LEADER, [1, 1, 3], badge("asking", "queued"), b""),
        ("FLOOR_DENIED", FROM_LEADER, [1, 1, 1], badge("asking", "denied"), b""),
        ("FLOOR_IDLE", FROM_LEADER, [1, NOW_TERM, 1], badge("listening", "idle"), b""),
        ("FLOOR_REVOKED", FROM_LEADER, [1, NOW_TERM, 1, 1], badge("talking", "revoked"), b""),
        (
            "VOICE_FRAME",
            FROM_2,
            voice,
            leader("taken", "member 2", "VOICE_FRAME to member 3"),
            speech(2),
        ),
    ]
    found = [
        situation(
            table, file_of(name), f"{name} of build {build}", name, header, values, does, tail=tail
        )
        for name, header, values, does, tail in rows
    ]
    voice_says = f"VOICE_FRAME passed on by a leader of build {build}"
    found.append(
        situation(
            table,
            "voice-frame-of-the-leader",
            voice_says,
            "VOICE_FRAME",
            FROM_LEADER,
            heard,
            badge("joined", "taken"),
            tail=speech(1),
        )
    )
    return found


def file_of(name: str) -> str:
    return name.lower().replace("_", "-")


def older(table: MessageTable) -> list[Situation]:
    """Build 2.0 does not name the talker, and knows neither reports nor receipts."""
    hello: list[Value] = [DEVICE_2, NONCE, table.digest(), 2, "Ann", "0.1.0"]
    joins = Does(
        "leader empty",
        "stranger",
        "accepted",
        ("WELCOME to stranger",),
        ("member_joined", "other_table"),
    )
    taken: list[Value] = [1, NOW_TERM, 1, 3]
    beat: list[Value] = [5000, 1, NOW_TERM, 4, 3, 2]
    grant: list[Value] = [1, 1, NOW_TERM, 1, 2000, 60000]
    return [
        situation(table, "hello", "An older build joins", "HELLO", STRANGER, hello, [joins]),
        situation(
            table,
            "floor-taken",
            "FLOOR_TAKEN of build 2.0 has no name: it is taken to be empty",
            "FLOOR_TAKEN",
            FROM_LEADER,
            taken,
            [Does("participant joined", "leader", "accepted", (), ("taken",))],
            understood=[*taken, ""],
        ),
        situation(
            table,
            "heartbeat",
            "HEARTBEAT of build 2.0",
            "HEARTBEAT",
            FROM_LEADER,
            beat,
            [Does("participant joined", "leader", "accepted", (), ("taken",))],
        ),
        situation(
            table,
            "floor-grant",
            "FLOOR_GRANT of build 2.0",
            "FLOOR_GRANT",
            FROM_LEADER,
            grant,
            [Does("participant asking", "leader", "accepted", (), ("granted",))],
        ),
    ]


def newer(table: MessageTable) -> list[Situation]:
    """Build 2.15 says more in three messages, and has one message more."""
    hello: list[Value] = [DEVICE_2, NONCE, table.digest(), 2, "Ann", "0.3.0"]
    grant: list[Value] = [1, 1, NOW_TERM, 1, 2000, 60000]
    beat: list[Value] = [5000, 1, NOW_TERM, 0, 0, 0]
    beats: list[Value] = [5000, 1, NOW_TERM, 4, 3, 2]
    taken: list[Value] = [1, NOW_TERM, 1, 3, "Ben"]
    report: list[Value] = [1, 1, 50, 0, 0]
    joins = Does(
        "leader empty",
        "stranger",
        "accepted",
        ("WELCOME to stranger",),
        ("member_joined", "other_table"),
    )
    granted = Does("participant asking", "leader", "accepted", (), ("granted",))
    is_taken = Does("participant joined", "leader", "accepted", (), ("taken",))
    answered = Does("leader idle", "member 2", "accepted", ("HEARTBEAT to member 2",))
    found = [
        situation(
            table,
            "hello",
            "A newer build joins, with a field that is not known here",
            "HELLO",
            STRANGER,
            [*hello, 0, 0, 1],
            [joins],
            understood=[*hello, 0, 0],
        ),
        situation(
            table,
            "floor-grant",
            "FLOOR_GRANT with an appended field",
            "FLOOR_GRANT",
            FROM_LEADER,
            [*grant, 0, 1, 5000],
            [granted],
            understood=[*grant, 0, 1],
        ),
        situation(
            table,
            "heartbeat-of-a-badge",
            "HEARTBEAT of a participant, with an appended text",
            "HEARTBEAT",
            FROM_2,
            [*beat, 0, "neu"],
            [answered],
            understood=[*beat, 0],
        ),
        situation(
            table,
            "heartbeat",
            "HEARTBEAT of a leader, with an appended text of its largest size",
            "HEARTBEAT",
            FROM_LEADER,
            [*beats, 0, "x" * 20],
            [is_taken],
            understood=[*beats, 0],
        ),
        situation(
            table,
            "floor-taken",
            "FLOOR_TAKEN of build 2.15",
            "FLOOR_TAKEN",
            FROM_LEADER,
            taken,
            [is_taken],
        ),
        situation(
            table,
            "receiver-report",
            "RECEIVER_REPORT of build 2.15",
            "RECEIVER_REPORT",
            FROM_3,
            report,
            [Does("leader taken", "member 3", "accepted")],
        ),
    ]
    row = message(table, "BATTERY")
    for header, place in (
        (FROM_2, ("leader idle", "member 2")),
        (FROM_LEADER, ("participant joined", "leader")),
    ):
        data = datagram(table.version_byte, row.number, header, payload(row, [1, 55]))
        who = "leader" if header is FROM_LEADER else "badge"
        found.append(
            Situation(
                f"battery-of-a-{who}",
                "A message type that is not known here is counted and nothing else",
                table.version,
                data,
                refused("type"),
                [Does(*place, "type")],
            )
        )
    return found
