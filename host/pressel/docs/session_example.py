"""A whole session as Markdown: each datagram in hexadecimal, made by the real codec from numbers
that never change, and said field by field.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field

from pressel.block_cipher import BlockCipher
from pressel.schema.messages import FieldRow, MessageRow, MessageTable, load_table
from ptt.base import octets
from ptt.base.numbers import ADPCM_FRAME_BYTES, DATAGRAM_BYTES_MAX, LEASE_MS
from ptt.link import derive, hkdf
from ptt.link.ctr import KeyStream
from ptt.link.hmac import Hmac, HmacKey
from ptt.wire import codec, envelope, messages, voice

from .coder_tables import example_frame

DEVICE_KEY = bytes(range(32))  # Ada's, as its badge was flashed with it
OWN_NONCE = bytes(range(0xA0, 0xB0))
CHALLENGE = bytes(range(0xC0, 0xD0))
GROUP_KEY = bytes(range(0x60, 0x70))
EPOCH = 3
_SESSION = 0x2A5F09C1
_TERM = 57
_LEASE = 7
_TALK_MS = 60_000
_LEADER_CLOCK_MS = 812_000
_LINE_BYTES = 24


@dataclass
class Node:
    """One side of a session: what it writes into its envelopes."""

    name: str
    node: int
    session: int
    clock_ms: int
    seq: int = 0


@dataclass
class Exchange:
    """The datagrams of the session so far, as (title, datagram)."""

    datagrams: list[tuple[str, bytes]] = field(default_factory=list)

    def say(
        self,
        sender: Node,
        whom: str,
        kind: int,
        values: tuple,
        after_ms: int = 0,
        tail: bytes = b"",
    ) -> None:
        """`sender` sends message `kind`, `after_ms` after its last one."""
        data = bytearray(DATAGRAM_BYTES_MAX)
        end = codec.encode(data, envelope.HEADER_BYTES, kind, values)
        data[end : end + len(tail)] = tail
        self._seal(sender, whom, kind, data, end + len(tail), after_ms)

    def speak(self, sender: Node, whom: str, frame: bytes, after_ms: int) -> None:
        """`sender` sends a burst of the one `frame`."""
        data = bytearray(DATAGRAM_BYTES_MAX)
        data[voice.FRAMES_AT : voice.FRAMES_AT + len(frame)] = frame
        coder = messages.CODEC_IMA_ADPCM
        end = voice.write_fields(data, 1, coder, sender.node, _LEASE, 0, True, 1)
        self._seal(sender, whom, messages.VOICE_FRAME, data, end, after_ms)

    def _seal(
        self, sender: Node, whom: str, kind: int, data: bytearray, end: int, after_ms: int
    ) -> None:
        sender.clock_ms += after_ms
        sender.seq += 1
        envelope.seal_header(
            data, end, kind, sender.session, sender.node, sender.seq, sender.clock_ms
        )
        title = f"{load_table().name_of(kind)}, {sender.name} to {whom}"
        self.datagrams.append((title, bytes(data[:end])))


def play() -> list[tuple[str, bytes]]:
    """Every datagram of the example: Ada joins, talks and is heard by Ben; then what else is."""
    said = Exchange()
    ada = Node("Ada", 0, 0, 5_000)
    leader = Node("the leader", envelope.LEADER_NODE, _SESSION, _LEADER_CLOCK_MS)
    _join(said, ada, leader)
    ben = Node("Ben", 3, 0x0B5E70D2, 90_300, 41)
    to_ben = Node("the leader", envelope.LEADER_NODE, ben.session, _LEADER_CLOCK_MS + 700, 52)
    _talk(said, ada, leader, ben, to_ben)
    _rest(said, ada, leader, ben, to_ben)
    return said.datagrams


def _join(said: Exchange, ada: Node, leader: Node) -> None:
    device = bytes.fromhex("7c9ebd4f2a01")
    nonce = 0x1234ABCD
    own_hash = messages.TABLE_HASH
    coders = 1 << messages.CODEC_IMA_ADPCM
    hello = (b"\0\0" + device, nonce, own_hash, coders, b"Ada", b"doc 1", 0)
    said.say(ada, "the leader", messages.HELLO, hello)
    stranger = Node("the leader", envelope.LEADER_NODE, 0, leader.clock_ms - 20, -1)
    said.say(stranger, "Ada", messages.CHALLENGE, (nonce, CHALLENGE))
    payload = said.datagrams[0][1][envelope.HEADER_BYTES :]
    proof = derive.proof(Hmac(), secret(), payload)
    said.say(ada, "the leader", messages.ANSWER, (CHALLENGE, OWN_NONCE, proof, *hello), 10)
    ada.node, ada.session, ada.seq = 2, leader.session, 0
    welcome = (nonce, ada.node, ada.session, _TERM, own_hash, 1, messages.CODEC_IMA_ADPCM)
    said.say(leader, "Ada", messages.WELCOME, welcome)
    wrapped = derive.wrap(Hmac(), keys().wrap, ada.session, leader.seq + 1, GROUP_KEY)
    said.say(leader, "Ada", messages.GROUP_KEY, (1, EPOCH, wrapped))
    said.say(leader, "Ada", messages.SETTINGS_SNAPSHOT, (1, 60, _TALK_MS), 1)
    said.say(ada, "the leader", messages.SETTINGS_ACK, (1, messages.APPLIED_APPLIED), 6)
    ada.clock_ms += 694
    beat = (ada.clock_ms, 1, _TERM, 0, 0, 0)
    said.say(ada, "the leader", messages.HEARTBEAT, beat)
    said.say(leader, "Ada", messages.HEARTBEAT, (ada.clock_ms, 1, _TERM, _LEASE - 1, 0, 0), 700)


def _talk(said: Exchange, ada: Node, leader: Node, ben: Node, to_ben: Node) -> None:
    said.say(ada, "the leader", messages.FLOOR_REQUEST, (1, 1), 100)
    grant = (1, 1, _TERM, _LEASE, LEASE_MS, _TALK_MS)
    said.say(leader, "Ada", messages.FLOOR_GRANT, grant, 101)
    taken = (1, _TERM, _LEASE, ada.node, b"Ada")
    said.say(to_ben, "Ben", messages.FLOOR_TAKEN, taken, 101)
    said.speak(ada, "the leader", example_frame(), 62)
    said.say(to_ben, "Ben", messages.FLOOR_QUEUED, (1, 9, 1), 40)
    said.say(ada, "the leader", messages.FLOOR_RELEASE, (1, 1, _LEASE))
    said.say(leader, "Ada", messages.FLOOR_IDLE, (1, _TERM, _LEASE), 66)
    said.say(ben, "the leader", messages.RECEIVER_REPORT, (1, _LEASE, 1, 0, 0), 450)
    said.say(leader, "Ada", messages.BURST_RECEIPT, (1, _LEASE, 1, 1, 1), 90)


def _rest(said: Exchange, ada: Node, leader: Node, ben: Node, to_ben: Node) -> None:
    stale = (1, 1, messages.DENIAL_STALE)
    said.say(leader, "Ada", messages.FLOOR_DENIED, stale, 300)
    revoked = (1, _TERM, _LEASE + 1, messages.REVOCATION_TALK_LIMIT)
    said.say(to_ben, "Ben", messages.FLOOR_REVOKED, revoked, 60_000)
    text = "Tür 3 öffnen".encode()
    own = (1, 1, messages.TEXT_PERSON, ada.node, b"Ada", text)
    said.say(ada, "the leader", messages.TEXT_MESSAGE, own, 60_500)
    said.say(leader, "Ada", messages.TEXT_ACK, (1,), 60_000)
    said.say(to_ben, "Ben", messages.TEXT_MESSAGE, own, 9)
    ended = (128, _TERM, _LEASE + 1, messages.CALL_QUIET)
    said.say(to_ben, "Ben", messages.CALL_ENDED, ended, 9)
    stranger = Node("the leader", envelope.LEADER_NODE, 0, _LEADER_CLOCK_MS + 70_000, -1)
    low, high = messages.VERSION & 0xF0, messages.VERSION
    refused = (messages.NACK_UNKNOWN_SESSION, low, high, messages.HEARTBEAT)
    said.say(stranger, "somebody unknown", messages.NACK, refused)
    resigned = (messages.ROLE_RESIGNED, _TERM)
    said.say(leader, "Ada", messages.STANDBY, (bytes((192, 168, 1, 9)), 47800, 0, 1), 5)
    said.say(leader, "Ada", messages.UPDATE_OFFER, (2, 1370, 0), 900, bytes(range(32)))
    fetching = (2, messages.UPDATE_STATE_FETCHING, 0, 1, 0, b"esp32")
    said.say(ada, "the leader", messages.UPDATE_STATE, fetching, 4_000)
    said.say(ada, "the leader", messages.UPDATE_WANT, (2, 0, 0), 5)
    said.say(leader, "Ada", messages.UPDATE_CHUNK, (2, 0, 0), 30, b"pressel-update 1\n")
    order = (2, messages.UPDATE_ORDER_APPLY)
    said.say(leader, "Ada", messages.UPDATE_ORDER, order, 9_000)
    said.say(ada, "the leader", messages.KEY_WANT, (1,), 20_000)
    said.say(ada, "the leader", messages.REKEY, (CHALLENGE[::-1],), 20_000)
    said.say(leader, "Ada", messages.REKEYED, (CHALLENGE[::-1], OWN_NONCE[::-1]), 20_000)
    said.say(leader, "Ada", messages.ROLE_ANNOUNCE, resigned, 20_000)


def session(_: str) -> str:
    """The datagrams of `play`, one section each."""
    table = load_table()
    parts = []
    for number, (title, data) in enumerate(play(), start=1):
        lines = [f"### {number}. {title}", "", *_dump(data), "", _envelope_line(data), ""]
        parts.append("\n".join(lines + _field_rows(table, data)))
    return "\n\n".join(parts)


def secret() -> bytes:
    """What the keys of Ada's session come from."""
    return derive.session_secret(Hmac(), DEVICE_KEY, OWN_NONCE, CHALLENGE)


def keys() -> derive.SessionKeys:
    return derive.session_keys(Hmac(), secret(), _TERM, _SESSION)


def sealing(_: str) -> str:
    """The keys of that session, and two of its datagrams as they travel."""
    own = keys()
    said = play()
    beat = next(d for title, d in said if title.startswith("HEARTBEAT, Ada"))
    sealed = _with_tag(bytearray(beat), 0, own.up)
    speech = bytearray(next(d for title, d in said if title.startswith("VOICE_FRAME, Ada")))
    stream = KeyStream()
    node, lease = voice.talker(speech), voice.lease(speech)
    stream.make(BlockCipher(GROUP_KEY), EPOCH, node, lease, 0)
    octets.xor(speech, voice.FRAMES_AT, stream.bytes, 0, ADPCM_FRAME_BYTES)
    voiced = _with_tag(speech, EPOCH, own.up)
    block = bytes((0, EPOCH, 0, node, 0, 0, 0, lease, 0, 0, 0, 0, 0, 0, 0, 0))
    frame = speech[voice.FRAMES_AT : voice.FRAMES_AT + 8]
    rows = [
        ("device key", DEVICE_KEY),
        ("own nonce", OWN_NONCE),
        ("challenge", CHALLENGE),
        ("secret", secret()),
        ("up", _key(b"up")),
        ("down", _key(b"down")),
        ("wrap", _key(b"wrap")),
        ("HEARTBEAT from Ada, sealed", sealed),
        ("group key of group 1, epoch 3", GROUP_KEY),
        ("first counter block of Ada's frame 0", block),
        ("key stream, its first 16 bytes", bytes(stream.bytes[:16])),
        ("the frame's first 8 bytes, encrypted", bytes(frame)),
        ("flags and CRC of that VOICE_FRAME, sealed", voiced[2:4] + voiced[20:24]),
        ("its tag", voiced[-8:]),
    ]
    lines = ["| what | bytes |", "|---|---|"]
    return "\n".join(lines + [f"| {what} | `{raw.hex(' ')}` |" for what, raw in rows])


def _key(purpose: bytes) -> bytes:
    place = _TERM.to_bytes(4, "big") + _SESSION.to_bytes(4, "big")
    return hkdf.expand(Hmac(), HmacKey(secret()), b"pressel 2 " + purpose + place, 32)


def _with_tag(data: bytearray, epoch: int, key: HmacKey) -> bytes:
    data[2], data[3] = epoch, envelope.FLAG_SEALED
    whole = data + bytes(envelope.TAG_BYTES)
    envelope.put_crc(whole, envelope.header_crc(whole, envelope.payload_crc(whole)))
    whole[len(data) :] = Hmac().digest(key, whole, len(data))[: envelope.TAG_BYTES]
    return bytes(whole)


def _dump(data: bytes) -> list[str]:
    """The envelope on a line of its own, then the payload."""
    lines = [data[at : at + _LINE_BYTES].hex(" ") for at in range(0, len(data), _LINE_BYTES)]
    return ["```", *lines, "```"]


def _envelope_line(data: bytes) -> str:
    crc = data[20:24].hex()
    return (
        f"session {envelope.session_id(data)}, source {envelope.source_node(data)}, "
        f"payload {envelope.payload_end(data) - envelope.HEADER_BYTES} bytes, "
        f"seq {envelope.seq(data)}, timestamp {envelope.timestamp_ms(data)}, CRC `{crc}`"
    )


def _field_rows(table: MessageTable, data: bytes) -> list[str]:
    kind = envelope.msg_type(data)
    message = next(each for each in table.message if each.number == kind)
    end = envelope.payload_end(data)
    values = codec.decode(kind, data, envelope.HEADER_BYTES, end)
    rows = ["| at | bytes | field | value |", "|---|---|---|---|"]
    at = 0
    for row, value in zip(message.fields, values, strict=True):
        size = _size(row, value)
        raw = data[envelope.HEADER_BYTES + at : envelope.HEADER_BYTES + at + size]
        rows.append(f"| {at} | `{raw.hex(' ')}` | {row.name} | {_value(row, value, table)} |")
        at += size
    return rows + (_tail_rows(message, data, at) if message.tail else [])


def _size(row: FieldRow, value: int | bytes) -> int:
    if isinstance(value, bytes):
        return len(value) + (row.type == "text")
    return {"u8": 1, "u16": 2, "u32": 4}[row.type]


def _value(row: FieldRow, value: int | bytes, table: MessageTable) -> str:
    if isinstance(value, bytes):
        return f'"{value.decode()}"' if row.type == "text" else f"`{value.hex()}`"
    if row.enum:
        names = {each.number: name for name, each in table.enums[row.enum].items()}
        return f"{value} ({names[value]})"
    return str(value)


def _tail_rows(message: MessageRow, data: bytes, at: int) -> list[str]:
    start = envelope.HEADER_BYTES + at
    frame = data[start : start + ADPCM_FRAME_BYTES]
    predictor = int.from_bytes(frame[:2], "big", signed=True)
    return [
        f"| {at} | `{frame[:2].hex(' ')}` | *frame* | predictor {predictor} |",
        f"| {at + 2} | `{frame[2:3].hex()}` | | step index {frame[2]} |",
        f"| {at + 3} | `{frame[3:4].hex()}` | | zero |",
        f"| {at + 4} | `{frame[4:8].hex(' ')}` ... | | 160 bytes of codes |",
    ]


def crc(_: str) -> str:
    """The checksum of one short datagram, in steps."""
    data = next(d for title, d in play() if title.startswith("FLOOR_REQUEST"))
    payload = data[envelope.HEADER_BYTES :]
    first = binascii.crc32(payload)
    rows = [
        "| step | bytes | CRC-32 |",
        "|---|---|---|",
        f"| payload | `{payload.hex(' ')}` | `{first:08x}` |",
        f"| then bytes 0 to 19 | `{data[:20].hex(' ')}` | "
        f"`{binascii.crc32(data[:20], first):08x}` |",
    ]
    return "\n".join(rows)
