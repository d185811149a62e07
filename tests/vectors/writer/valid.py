"""The situations of `valid`: every message with typical, smallest and largest values."""

from __future__ import annotations

from collections.abc import Sequence

from pressel.schema.messages import U32_MAX, FieldRow, MessageRow, MessageTable

from .encoder import Header, Value, encode
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
    sent,
    speech,
)

IMA_BYTES = 164
NACK_BYTES = 28  # what is shorter gets no answer

SMALLEST = Header(session=0, source=0, seq=0, timestamp_ms=0)
LARGEST = Header(session=U32_MAX, source=0xFFFF, seq=U32_MAX, timestamp_ms=U32_MAX)


def valid_situations(table: MessageTable) -> list[Situation]:
    found = typical(table)
    for row in table.message:
        found += [extreme(table, row, is_large) for is_large in (False, True)]
    return found


def extreme(table: MessageTable, row: MessageRow, is_large: bool) -> Situation:
    """All fields of one message, and its envelope, at one end of their ranges."""
    word = "largest" if is_large else "smallest"
    header = LARGEST if is_large else SMALLEST
    values = [field_end(field, is_large) for field in row.fields]
    tail = b""
    if row.name == "VOICE_FRAME":  # its fields bind each other
        values = [255, 1, 65535, U32_MAX, 65533, 1, 3, IMA_BYTES] if is_large else values
        values = values if is_large else [0, 1, 0, 1, 0, 0, 1, IMA_BYTES]
        tail = speech(3 if is_large else 1)
    if row.name == "MULTICAST_VOICE":  # likewise
        voice = [255, 1, 65535, U32_MAX, 65533, 1, 3, IMA_BYTES]
        values = values[:4] + (voice if is_large else [0, 1, 0, 1, 0, 0, 1, IMA_BYTES])
        tail = speech(6 if is_large else 1)
    size = len(encode(table, row.name, header, values, tail))
    return sent(
        table,
        f"{file_name(row.name)}-{word}",
        f"{row.name} with every field, also of the envelope, at its {word}",
        row.name,
        header,
        values,
        extreme_does(row, is_large, size),
        tail,
    )


def field_end(field: FieldRow, is_large: bool) -> Value:
    if field.type == "text":
        return "x" * (field.largest if is_large else field.min)
    if field.type.startswith("raw"):
        return bytes([255 if is_large else 0] * field.largest)
    return field.largest if is_large else field.min


def extreme_does(row: MessageRow, is_large: bool, size: int) -> list[Does]:
    """Nobody is in such a session, and no leader has such a number."""
    found = []
    if row.sender != "leader":
        if row.name != "HELLO":
            answers = ("NACK to stranger",) if size >= NACK_BYTES else ()
            found.append(Does("leader idle", "stranger", "session", answers))
        elif is_large:
            found.append(Does("leader idle", "stranger", "stale", (), ("higher_term",)))
        else:  # it decodes nothing
            found.append(Does("leader idle", "stranger", "field"))
    if row.sender != "participant":
        reason = "sender" if row.name == "NACK" else "session"
        found.append(Does("participant joined", "leader", reason))
    return found


def file_name(message: str) -> str:
    return message.lower().replace("_", "-")


def typical(table: MessageTable) -> list[Situation]:
    found = []

    def add(
        name: str,
        header: Header,
        values: Sequence[Value],
        *does: Does,
        what: str = "typical",
        tail=b"",
    ) -> None:
        file = f"{file_name(name)}-{what}"
        says = f"{name}, {what.replace('-', ' ')}"
        found.append(sent(table, file, says, name, header, values, list(does), tail))

    def leader(scene: str, source: str, *sends: str, tells: tuple[str, ...] = ()) -> Does:
        return Does(f"leader {scene}", source, "accepted", sends, tells)

    def badge(scene: str, *tells: str, sends: tuple[str, ...] = ()) -> Does:
        return Does(f"participant {scene}", "leader", "accepted", sends, tells)

    table_hash = table.digest()
    hello: list[Value] = [DEVICE_2, NONCE, table_hash, 2, "Ann", "0.1.0"]
    add(
        "HELLO",
        STRANGER,
        hello,
        leader("empty", "stranger", "WELCOME to stranger", tells=("member_joined",)),
        leader("idle", "member 2", "WELCOME to member 2"),
        leader(
            "taken",
            "stranger",
            "FLOOR_IDLE to member 3",
            "WELCOME to stranger",
            tells=("floor_freed", "member_left", "member_joined"),
        ),
    )
    add(
        "HELLO",
        STRANGER,
        [DEVICE_2, NONCE, table_hash, 2, "Jörg 漢字 🎤", "0.1.0"],
        leader("empty", "stranger", "WELCOME to stranger", tells=("member_joined",)),
        what="name-in-several-scripts",
    )
    add(
        "HELLO",
        STRANGER,
        [DEVICE_2, NONCE, b"\xde\xad\xbe\xef", 2, "Ann", "0.1.0"],
        leader("empty", "stranger", "WELCOME to stranger", tells=("member_joined", "other_table")),
        what="other-table",
    )
    add(
        "HELLO",
        STRANGER,
        [DEVICE_2, NONCE, table_hash, 1, "Ann", "0.1.0"],
        Does("leader empty", "stranger", "field"),
        what="no-codec-in-common",
    )
    welcome: list[Value] = [NONCE, 2, SESSION_2, NOW_TERM, table_hash, 1, 1]
    add(
        "WELCOME",
        FROM_LEADER,
        welcome,
        badge("searching", "joined"),
        badge("joined"),
    )
    add(
        "WELCOME",
        FROM_LEADER,
        [NONCE, 2, SESSION_2, NOW_TERM, b"\xde\xad\xbe\xef", 1, 1],
        badge("searching", "joined", "other_table"),
        what="other-table",
    )
    add(
        "HEARTBEAT",
        FROM_2,
        [5000, 1, NOW_TERM, 0, 0, 0],
        leader("idle", "member 2", "HEARTBEAT to member 2"),
        what="participant",
    )
    add(
        "HEARTBEAT",
        FROM_LEADER,
        [5000, 1, NOW_TERM, 4, 3, 2],
        badge("joined", "taken"),
        badge("listening", "taken"),
        what="leader",
    )
    add(
        "NACK",
        LEADER_TO_STRANGER,
        [2, 0x20, table.version_byte, 3],
        badge("joined", "lost", sends=("HELLO to leader",)),
        what="unknown-session",
    )
    add(
        "NACK",
        LEADER_TO_STRANGER,
        [1, 0x20, table.version_byte, 1],
        badge("searching", "refused"),
        what="version",
    )
    add(
        "NACK",
        LEADER_TO_STRANGER,
        [3, 0x20, table.version_byte, 1],
        badge("searching", "refused"),
        what="full",
    )
    add(
        "ROLE_ANNOUNCE",
        FROM_LEADER,
        [2, NOW_TERM],
        badge("joined", "lost", sends=("HELLO to leader",)),
        what="resigned",
    )
    add("ROLE_ANNOUNCE", FROM_LEADER, [1, NOW_TERM], badge("joined"), what="leader")
    add("ROLE_ANNOUNCE", FROM_LEADER, [1, NOW_TERM + 1], badge("joined", "moved"), what="takeover")
    add(
        "SETTINGS_SNAPSHOT",
        FROM_LEADER,
        [3, 80, 30000],
        badge("joined", "settings", sends=("SETTINGS_ACK to leader",)),
    )
    add("SETTINGS_ACK", FROM_2, [1, 0], leader("idle", "member 2"))
    add("SETTINGS_ACK", FROM_2, [1, 1], leader("idle", "member 2"), what="refused")
    add(
        "TEXT_MESSAGE",
        FROM_2,
        [1, 1, 0, 2, "Ann", "Zwölf Stühle nach vorn, bitte 🙏"],
        leader(
            "idle", "member 2", "TEXT_ACK to member 2", "TEXT_MESSAGE to member 3", tells=("text",)
        ),
        what="participant",
    )
    add(
        "TEXT_MESSAGE",
        FROM_LEADER,
        [1, 9, 1, 0, "", "Doors open in five minutes"],
        badge("joined", "text"),
        what="leader",
    )
    add("TEXT_ACK", FROM_LEADER, [1], badge("writing", "text_sent"))
    add(
        "FLOOR_REQUEST",
        FROM_2,
        [1, 1],
        leader(
            "idle",
            "member 2",
            "FLOOR_GRANT to member 2",
            "FLOOR_TAKEN to member 3",
            tells=("floor_granted",),
        ),
        leader("taken", "member 2", "FLOOR_GRANT to member 2"),
    )
    add(
        "FLOOR_REQUEST",
        FROM_3,
        [1, 1],
        leader("taken", "member 3", "FLOOR_QUEUED to member 3"),
        leader("waiting", "member 3", "FLOOR_QUEUED to member 3"),
        what="of-another",
    )
    add("FLOOR_GRANT", FROM_LEADER, [1, 1, NOW_TERM, 1, 2000, 60000], badge("asking", "granted"))
    add(
        "FLOOR_RELEASE",
        FROM_2,
        [1, 1, 1],
        leader("idle", "member 2", "FLOOR_IDLE to member 2"),
        leader(
            "taken",
            "member 2",
            "FLOOR_IDLE to member 2",
            "FLOOR_IDLE to member 3",
            tells=("floor_freed",),
        ),
        leader(
            "waiting",
            "member 2",
            "FLOOR_GRANT to member 3",
            "FLOOR_TAKEN to member 2",
            tells=("floor_freed", "floor_granted"),
        ),
    )
    add("FLOOR_QUEUED", FROM_LEADER, [1, 1, 3], badge("asking", "queued"))
    add("FLOOR_DENIED", FROM_LEADER, [1, 1, 1], badge("asking", "denied"))
    add("FLOOR_TAKEN", FROM_LEADER, [1, NOW_TERM, 1, 3, "Ben"], badge("joined", "taken"))
    add("FLOOR_IDLE", FROM_LEADER, [1, NOW_TERM, 1], badge("listening", "idle"))
    add("FLOOR_REVOKED", FROM_LEADER, [1, NOW_TERM, 1, 1], badge("talking", "revoked"))
    add(
        "FLOOR_REVOKED",
        FROM_LEADER,
        [1, NOW_TERM, 1, 3],
        badge("talking", "revoked", "queued"),
        what="preempted",
    )
    add(
        "FLOOR_REQUEST",
        FROM_3,
        [1, 1, 2, 0],
        leader("taken", "member 3", "FLOOR_DENIED to member 3"),
        what="emergency-not-entitled",
    )
    add(
        "FLOOR_REQUEST",
        FROM_2,
        [0, 1, 0, 3],
        leader(
            "idle",
            "member 2",
            "FLOOR_GRANT to member 2",
            "FLOOR_TAKEN to member 3",
            tells=("floor_granted",),
        ),
        what="private-call",
    )
    add(
        "CALL_ENDED",
        FROM_2,
        [128, NOW_TERM, 1, 1],
        leader("idle", "member 2", "CALL_ENDED to member 2"),
    )
    add("STANDBY", FROM_LEADER, [bytes((192, 168, 1, 9)), 47800, 0, 2], badge("joined"))
    for frames in (1, 2, 3):
        add(
            "VOICE_FRAME",
            FROM_2,
            [1, 1, 2, 1, 5, 0, frames, IMA_BYTES],
            leader("taken", "member 2", "VOICE_FRAME to member 3"),
            Does("leader idle", "member 2", "floor"),
            what=f"participant-{frames}-frames",
            tail=speech(frames),
        )
    add(
        "VOICE_FRAME",
        FROM_LEADER,
        [1, 1, 3, 1, 7, 1, 1, IMA_BYTES],
        badge("joined", "taken"),
        badge("listening"),
        what="leader-last",
        tail=speech(1),
    )
    add(
        "VOICE_FRAME",
        FROM_LEADER,
        [1, 0, 3, 1, 0, 0, 1, 640],
        Does("participant joined", "leader", "field"),
        what="pcm16-that-no-badge-asked-for",
        tail=speech(1, 640),
    )
    add(
        "RECEIVER_REPORT",
        FROM_3,
        [1, 1, 50, 0, 0],
        leader("taken", "member 3"),
        Does("leader idle", "member 3", "stale"),
    )
    add(
        "BADGE_REPORT",
        FROM_2,
        [55, 0xA1B2, 6, 80, 12, 1, 2000, 41, 1, 60, 14, 1],
        leader("idle", "member 2"),
    )
    report = [5000, 0, 0, 0, 0]
    add("MULTICAST_REPORT", FROM_2, report, leader("idle", "member 2", "MULTICAST to member 2"))
    add("MULTICAST_MISSED", FROM_2, [1, 1, 12], leader("idle", "member 2"))
    add("MULTICAST_HEARD", FROM_2, [1, 1], leader("idle", "member 2"))
    # This participant has no ear for it.
    place = [5000, bytes((239, 255, 1, 2)), 47802, 77, 9000, 3, 222, bytes(range(16))]
    add("MULTICAST", FROM_LEADER, place, Does("participant joined", "leader", "type"))
    # Nor does it hear relays, and no relay serves that member, which the leader says.
    place = [bytes((10, 0, 0, 2)), 47800, 77, bytes(range(16))]
    add("RELAY", FROM_LEADER, place, Does("participant joined", "leader", "type"))
    told = ("RELAY to member 2",)
    add("RELAY_REPORT", FROM_2, [77, 62, 64], Does("leader idle", "member 2", "stale", told))
    add("RELAY_PROBE", FROM_LEADER, [77], Does("participant joined", "leader", "type"))
    add("BURST_RECEIPT", FROM_LEADER, [1, 1, 2, 2, 1], badge("joined", "receipt"))
    add("UPDATE_OFFER", FROM_LEADER, [2, 900, 0], badge("joined", "update"), tail=bytes(range(32)))
    stale = Does("participant joined", "leader", "stale")  # it fetches nothing
    add("UPDATE_CHUNK", FROM_LEADER, [2, 1, 900], stale, tail=bytes(900))
    add("UPDATE_ORDER", FROM_LEADER, [2, 1], stale)
    stale = Does("leader idle", "member 2", "stale")  # it has offered nothing
    add("UPDATE_WANT", FROM_2, [2, 1, 900], stale)
    add("UPDATE_STATE", FROM_2, [2, 6, 4, 1, 0, "esp32"], stale)
    return found
