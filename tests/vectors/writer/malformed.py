"""The situations of `malformed`: what must be refused, and the few oddities that must not be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pressel.schema.messages import MessageTable

from .encoder import (
    FLAGS_AT,
    HEADER_BYTES,
    LENGTH_AT,
    SEQ_AT,
    SESSION_AT,
    TIMESTAMP_AT,
    Header,
    Value,
    complete,
    datagram,
    encode,
    message,
    payload,
    with_crc,
)
from .situation import (
    DEVICE_2,
    FROM_2,
    FROM_3,
    FROM_LEADER,
    NONCE,
    NOW_TERM,
    SESSION_2,
    SESSION_3,
    STRANGER,
    Does,
    Situation,
    reads,
    refused,
    speech,
)

IMA_BYTES = 164
TAG = bytes(range(8))
LEADER_IDLE = ("leader idle", "member 2")
LEADER_TAKEN = ("leader taken", "member 2")
OTHER_TAKEN = ("leader taken", "member 3")
JOINED = ("participant joined", "leader")
EVERYBODY = (LEADER_IDLE, JOINED)
NO_TEXTS = {
    "cut-inside-a-character": b"J\xc3",
    "continuation-alone": b"J\x80rg",
    "overlong": b"\xc0\xaf",
    "half-of-a-surrogate-pair": b"\xed\xa0\x80",
    "beyond-the-last-character": b"\xf4\x90\x80\x80",
    "zero": b"A\x00B",
    "line-feed": b"A\nB",
    "escape": b"A\x1b[2JB",
    "delete": b"A\x7fB",
    "next-line": b"A\xc2\x85B",
    "terminal-command-of-one-character": b"A\xc2\x9bB",
}


def malformed_situations(table: MessageTable) -> list[Situation]:
    made = Maker(table)
    made.damage()
    made.versions_and_flags()
    made.envelopes()
    made.senders()
    made.fields()
    made.texts()
    made.stale()
    made.voice()
    return made.found


@dataclass(frozen=True)
class Voice:
    """The fields of a voice packet that is right, each to be made wrong."""

    group: int = 1
    codec: int = 1
    talker: int = 2
    lease: int = 1
    first: int = 5
    marks: int = 0
    count: int = 1
    frame_bytes: int = IMA_BYTES


class Maker:
    def __init__(self, table: MessageTable) -> None:
        self.table = table
        self.found: list[Situation] = []
        self.heartbeat = self.encode("HEARTBEAT", FROM_2, [5000, 1, NOW_TERM, 0, 0, 0])

    def encode(
        self, name: str, header: Header, values: Sequence[Value], tail: bytes = b""
    ) -> bytes:
        return encode(self.table, name, header, values, tail)

    def add(
        self,
        name: str,
        says: str,
        data: bytes,
        reason: str,
        *places: tuple[str, str],
        answered_by: str = "",
        answer: str = "NACK",
        reading: dict[str, object] | None = None,
    ) -> None:
        """A datagram that is refused for `reason` in each place (scene, whose address), and in the
        scene `answered_by` answered. With a `reading` it is well-formed, and refused for what it
        says."""
        does = []
        for scene, source in places:
            answers = (f"{answer} to {source}",) if scene == answered_by else ()
            does.append(Does(scene, source, reason, answers))
        wanted = refused(reason) if reading is None else reading
        self.found.append(Situation(name, says, self.table.version, data, wanted, does))

    def refuse_values(
        self, file: str, says: str, name: str, values: Sequence[Value], reason: str = "range"
    ) -> None:
        """A message whose fields are wrong, for its receiver."""
        is_leaders = message(self.table, name).sender == "leader"
        header, place = (FROM_LEADER, JOINED) if is_leaders else (FROM_2, LEADER_IDLE)
        if name == "WELCOME":
            place = ("participant searching", "leader")
        data = self.encode(name, header, values)
        if name == "SETTINGS_SNAPSHOT" and values[0]:  # whose version it can name
            self.add(file, says, data, reason, place, answered_by=place[0], answer="SETTINGS_ACK")
        else:
            self.add(file, says, data, reason, place)

    def misplaced(
        self,
        file: str,
        says: str,
        name: str,
        header: Header,
        values: Sequence[Value],
        reason: str,
        *places: tuple[str, str],
        answered_by: str = "",
        tail: bytes = b"",
    ) -> None:
        """A well-formed message that must not be obeyed in these places."""
        data = self.encode(name, header, values, tail)
        reading = reads(self.table, name, header, values)
        self.add(file, says, data, reason, *places, answered_by=answered_by, reading=reading)

    # --- the envelope ---

    def damage(self) -> None:
        good = self.heartbeat
        self.add("empty", "A datagram without a byte", b"", "empty", *EVERYBODY)
        self.add("one-byte", "Only the version", good[:1], "short", *EVERYBODY)
        self.add(
            "short-of-an-envelope", "Ends in the CRC", good[: HEADER_BYTES - 1], "short", *EVERYBODY
        )
        self.add("cut", "The last byte is missing", good[:-1], "length", *EVERYBODY)
        self.add("a-byte-too-many", "One byte follows", good + b"\x00", "length", *EVERYBODY)
        for change in (-1, 1):
            length = len(good) - HEADER_BYTES + change
            data = good[:LENGTH_AT] + length.to_bytes(2, "big") + good[LENGTH_AT + 2 :]
            self.add(
                f"payload-length-{'low' if change < 0 else 'high'}",
                f"payloadLen says {length}, with the right CRC",
                with_crc(data),
                "length",
                *EVERYBODY,
            )
        longest = datagram(self.table.version_byte, 3, FROM_2, bytes(1201 - HEADER_BYTES))
        self.add("too-long", "1,201 bytes with the right CRC", longest, "long", *EVERYBODY)
        for name, at, bit in (("header", 17, 0x10), ("payload", 30, 0x01), ("crc", 20, 0x80)):
            data = good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :]
            self.add(f"bit-flipped-in-{name}", f"One bit of byte {at}", data, "crc", *EVERYBODY)
        self.add("crc-of-zeros", "No CRC", good[:20] + bytes(4) + good[24:], "crc", *EVERYBODY)
        for name, at in (("session", SESSION_AT), ("seq", SEQ_AT), ("timestamp", TIMESTAMP_AT)):
            data = good[:at] + b"\x40\x00\x00\x00" + good[at + 4 :]
            says = f"{name} is 2^30, with the right CRC"
            self.add(f"{name}-of-31-bits", says, with_crc(data), "range", *EVERYBODY)

    def versions_and_flags(self) -> None:
        for major in (0, 1, 3, 15):
            data = with_crc(bytes([major << 4]) + self.heartbeat[1:])
            self.add(
                f"major-{major}",
                f"Major version {major}: answered once, with the range that is spoken",
                data,
                "version",
                *EVERYBODY,
                answered_by="leader idle",
            )
        self.add(
            "major-3-shorter-than-the-answer",
            "Major version 3 in 27 bytes: no answer, for it would be longer",
            bytes([0x30]) * 27,
            "version",
            *EVERYBODY,
        )
        sealed = self.heartbeat[: FLAGS_AT + 1] + b"\x01" + self.heartbeat[FLAGS_AT + 2 :]
        self.add("sealed-without-a-tag", "Flag 1, no tag", with_crc(sealed), "length", *EVERYBODY)
        self.add(
            "sealed",
            "Flag 1 and a tag, where no keys are agreed",
            with_crc(sealed + TAG, tag_bytes=len(TAG)),
            "sealed",
            *EVERYBODY,
        )
        flags = with_crc(self.heartbeat[:FLAGS_AT] + b"\xff\xfe" + self.heartbeat[FLAGS_AT + 2 :])
        does = Does(*LEADER_IDLE, "accepted", ("HEARTBEAT to member 2",))
        reading = reads(self.table, "HEARTBEAT", FROM_2, [5000, 1, NOW_TERM, 0, 0, 0])
        says = "Flags that nobody knows yet change nothing"
        self.found.append(
            Situation("flags-unknown", says, self.table.version, flags, reading, [does])
        )

    def envelopes(self) -> None:
        values: list[Value] = [5000, 1, NOW_TERM, 0, 0, 0]
        for file, says, session in (
            ("session-zero", "A member's message without a session", 0),
            ("session-unknown", "A session that there is not", 12345),
        ):
            self.misplaced(
                file,
                says,
                "HEARTBEAT",
                Header(session=session, source=2),
                values,
                "session",
                LEADER_IDLE,
                answered_by="leader idle",
            )
        self.misplaced(
            "session-of-another-member",
            "From member 2's address in member 3's session",
            "HEARTBEAT",
            Header(session=SESSION_3, source=3),
            values,
            "source",
            LEADER_IDLE,
        )
        self.misplaced(
            "address-of-a-stranger",
            "The right session from another address",
            "HEARTBEAT",
            FROM_2,
            values,
            "source",
            ("leader idle", "stranger"),
        )
        self.misplaced(
            "number-of-another-member",
            "Member 2's session and address, member 3's number",
            "HEARTBEAT",
            Header(session=SESSION_2, source=3),
            values,
            "sender",
            LEADER_IDLE,
        )
        self.misplaced(
            "leaders-word-from-a-stranger",
            "The leader's own words from another address",
            "FLOOR_TAKEN",
            FROM_LEADER,
            [1, NOW_TERM, 1, 3, "Ben"],
            "source",
            ("participant joined", "stranger"),
        )
        self.misplaced(
            "leaders-word-in-another-session",
            "The leader's word, in a session that is not ours",
            "FLOOR_TAKEN",
            Header(session=SESSION_3, source=1),
            [1, NOW_TERM, 1, 3, "Ben"],
            "session",
            JOINED,
        )
        self.misplaced(
            "leaders-word-before-the-welcome",
            "Floor messages mean nothing to a badge that has not joined",
            "FLOOR_TAKEN",
            FROM_LEADER,
            [1, NOW_TERM, 1, 3, "Ben"],
            "session",
            ("participant searching", "leader"),
        )
        for number in (0, 99, 255):
            data = datagram(self.table.version_byte, number, FROM_2, b"\x01\x02")
            self.add(f"type-{number}", f"Message type {number}", data, "type", *EVERYBODY)

    def senders(self) -> None:
        samples: dict[str, list[Value]] = {
            "FLOOR_GRANT": [1, 1, NOW_TERM, 1, 2000, 60000],
            "WELCOME": [NONCE, 2, SESSION_2, NOW_TERM, bytes(4), 1, 1],
            "NACK": [2, 0x20, 0x21, 3],
            "SETTINGS_SNAPSHOT": [3, 80, 30000],
        }
        for name, values in samples.items():
            file = f"{name.lower().replace('_', '-')}-from-a-badge"
            says = f"{name} from a member: only a leader may"
            self.misplaced(file, says, name, FROM_2, values, "sender", LEADER_IDLE)
        samples = {
            "FLOOR_REQUEST": [1, 1],
            "HELLO": [DEVICE_2, NONCE, bytes(4), 2, "Ann", "0.1.0"],
            "RECEIVER_REPORT": [1, 1, 50, 0, 0],
        }
        for name, values in samples.items():
            file = f"{name.lower().replace('_', '-')}-from-a-leader"
            says = f"{name} from the leader: only a participant may"
            self.misplaced(file, says, name, FROM_LEADER, values, "sender", JOINED)

    # --- the payload ---

    def fields(self) -> None:
        row = message(self.table, "FLOOR_GRANT")
        whole = payload(row, complete(row, [1, 1, NOW_TERM, 1, 2000, 60000]))[:-2]  # as before 2.9
        for size in (0, 1, len(whole) - 1):
            data = datagram(self.table.version_byte, row.number, FROM_LEADER, whole[:size])
            says = f"{size} of {len(whole)} bytes, with the right length and CRC"
            self.add(f"grant-of-{size}-bytes", says, data, "field", JOINED)
        wrong: list[tuple[str, str, list[Value]]] = [
            ("FLOOR_GRANT", "lease-zero", [1, 1, NOW_TERM, 0, 2000, 60000]),
            ("FLOOR_GRANT", "lease-of-31-bits", [1, 1, NOW_TERM, 1 << 30, 2000, 60000]),
            ("FLOOR_GRANT", "term-of-32-bits", [1, 1, 0xFFFFFFFF, 1, 2000, 60000]),
            ("FLOOR_QUEUED", "position-zero", [1, 1, 0]),
            ("FLOOR_TAKEN", "talker-zero", [1, NOW_TERM, 1, 0, ""]),
            ("FLOOR_TAKEN", "talker-is-the-leader", [1, NOW_TERM, 1, 1, ""]),
            ("WELCOME", "node-of-the-leader", [NONCE, 1, SESSION_2, NOW_TERM, bytes(4), 1, 1]),
            ("WELCOME", "session-zero", [NONCE, 2, 0, NOW_TERM, bytes(4), 1, 1]),
            ("SETTINGS_SNAPSHOT", "version-zero", [0, 60, 60000]),
            ("SETTINGS_SNAPSHOT", "delay-too-short", [3, 19, 60000]),
            ("SETTINGS_SNAPSHOT", "delay-too-long", [3, 401, 60000]),
            ("SETTINGS_SNAPSHOT", "talk-time-too-short", [3, 60, 999]),
            ("HEARTBEAT", "lease-of-31-bits", [5000, 1, NOW_TERM, 1 << 30, 3, 0]),
        ]
        for name, what, values in wrong:
            file = f"{name.lower().replace('_', '-')}-{what}"
            self.refuse_values(file, f"{name}: {what.replace('-', ' ')}", name, values)

    def texts(self) -> None:
        def hello(name: Value, build: Value = "0.1.0") -> list[Value]:
            return [DEVICE_2, NONCE, bytes(4), 2, name, build, 0, 0]

        for file, name, build in (
            ("name-empty", "", "0.1.0"),
            ("name-of-33-bytes", "x" * 33, "0.1.0"),
            ("build-empty", "Ann", ""),
            ("build-of-17-bytes", "Ann", "x" * 17),
        ):
            says = f"HELLO: {file.replace('-', ' ')}"
            self.refuse_values(f"hello-{file}", says, "HELLO", hello(name, build), "field")
        row = message(self.table, "HELLO")
        body = bytearray(payload(row, hello("Ann")))
        body[17] = 30  # of the name: more than all that follows
        data = datagram(self.table.version_byte, row.number, STRANGER, bytes(body))
        says = "HELLO: a name that is longer than what is left"
        self.add("hello-name-beyond-the-end", says, data, "field", LEADER_IDLE)
        for file, name in NO_TEXTS.items():
            says = f"HELLO: a name that is no text: {file.replace('-', ' ')}"
            self.refuse_values(f"hello-name-{file}", says, "HELLO", hello(name), "field")
        for file, text in (("empty", ""), ("of-201-bytes", "x" * 201), ("line-feed", "a\nb")):
            values: list[Value] = [1, 1, 0, 2, "Ann", text]
            says = f"TEXT_MESSAGE: {file}"
            self.refuse_values(f"text-{file}", says, "TEXT_MESSAGE", values, "field")

    def stale(self) -> None:
        searching, asking, talking, listening, writing = (
            (f"participant {scene}", "leader")
            for scene in ("searching", "asking", "talking", "listening", "writing")
        )
        old, other = NOW_TERM - 1, NONCE + 1
        cases: list[tuple[str, str, list[Value], tuple[str, str]]] = [
            ("of-another-request", "FLOOR_GRANT", [1, 2, NOW_TERM, 1, 2000, 60000], asking),
            ("of-an-older-term", "FLOOR_GRANT", [1, 1, old, 1, 2000, 60000], asking),
            ("of-another-lease", "FLOOR_REVOKED", [1, NOW_TERM, 2, 1], talking),
            ("of-another-request", "FLOOR_DENIED", [1, 2, 1], asking),
            ("of-an-older-term", "FLOOR_IDLE", [1, old, 1], listening),
            ("of-an-older-term", "ROLE_ANNOUNCE", [2, old], JOINED),
            ("of-another-text", "TEXT_ACK", [9], writing),
            ("without-a-text", "TEXT_ACK", [1], JOINED),
            (
                "of-another-attempt",
                "WELCOME",
                [other, 2, SESSION_2, NOW_TERM, bytes(4), 1, 1],
                searching,
            ),
            ("of-other-settings", "SETTINGS_ACK", [9, 0], LEADER_IDLE),
            ("of-another-burst", "RECEIVER_REPORT", [1, 9, 50, 0, 0], OTHER_TAKEN),
        ]
        for what, name, values, place in cases:
            header = FROM_LEADER if place[1] == "leader" else FROM_2
            header = FROM_3 if place[1] == "member 3" else header
            file = f"{name.lower().replace('_', '-')}-{what}"
            says = f"{name} {what.replace('-', ' ')}"
            self.misplaced(file, says, name, header, values, "stale", place)
        for name, values, header, place in (
            ("FLOOR_REQUEST", [9, 1], FROM_2, LEADER_IDLE),
            ("FLOOR_TAKEN", [9, NOW_TERM, 1, 3, ""], FROM_LEADER, JOINED),
        ):
            file = f"{name.lower().replace('_', '-')}-of-another-group"
            self.misplaced(file, f"{name} of group 9", name, header, values, "field", place)

    def voice(self) -> None:
        good = Voice()
        one = speech(1)
        for file, fields, tail, reason in (
            ("count-zero", replace(good, count=0), one, "range"),
            ("count-four", replace(good, count=4), speech(4), "range"),
            ("count-more-than-there-is", replace(good, count=2), one, "length"),
            ("count-less-than-there-is", good, speech(2), "length"),
            ("a-byte-too-many", good, one + b"\x00", "length"),
            ("no-frames", good, b"", "length"),
            ("frame-bytes-zero", replace(good, frame_bytes=0), b"", "field"),
            ("frame-bytes-163", replace(good, frame_bytes=163), one[:163], "field"),
            ("frame-bytes-of-the-other-codec", replace(good, frame_bytes=640), bytes(640), "field"),
            ("codec-unknown", replace(good, codec=9), one, "field"),
            ("marks-unknown", replace(good, marks=2), one, "range"),
            ("lease-zero", replace(good, lease=0), one, "range"),
            ("lease-of-31-bits", replace(good, lease=1 << 30), one, "range"),
            ("frame-number-wraps", replace(good, first=65535, count=2), speech(2), "range"),
        ):
            data = self.encode("VOICE_FRAME", FROM_2, values_of(fields), tail)
            self.add(f"voice-{file}", f"VOICE_FRAME: {file}", data, reason, LEADER_TAKEN)
        row = message(self.table, "VOICE_FRAME")
        body = payload(row, values_of(good))[:-1]
        data = datagram(self.table.version_byte, row.number, FROM_2, body)
        self.add("voice-without-its-fields", "13 bytes of payload", data, "field", LEADER_TAKEN)
        for file, fields, reason, header, place in (
            ("of-another-talker", replace(good, talker=3), "field", FROM_2, LEADER_TAKEN),
            ("of-another-group", replace(good, group=9), "field", FROM_2, LEADER_TAKEN),
            ("of-another-lease", replace(good, lease=2), "floor", FROM_2, LEADER_TAKEN),
            ("without-the-floor", replace(good, talker=3), "floor", FROM_3, OTHER_TAKEN),
            ("of-our-own", good, "floor", FROM_LEADER, JOINED),
        ):
            self.misplaced(
                f"voice-{file}",
                f"VOICE_FRAME {file.replace('-', ' ')}",
                "VOICE_FRAME",
                header,
                values_of(fields),
                reason,
                place,
                tail=one,
            )


def values_of(fields: Voice) -> list[Value]:
    return list(vars(fields).values())
