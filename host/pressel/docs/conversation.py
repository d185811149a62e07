"""A venue's datagrams as they travel, made by the real codec and sealed by the real keys from
numbers that never change: what docs/protocol/vectors.md shows.

Two members, Ada and Ben, and two leaders, one after the other. Every key is given, so a reader of
the document can open each datagram and make it again.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass, field

from pressel.block_cipher import BlockCipher
from pressel.schema.messages import load_table
from ptt.base import octets
from ptt.base.numbers import ADPCM_FRAME_BYTES, DATAGRAM_BYTES_MAX, FRAME_SAMPLES, LEASE_MS
from ptt.fanout.chain import DELAY
from ptt.fanout.discloser import Discloser
from ptt.link import derive
from ptt.link import update_manifest as manifest
from ptt.link.ctr import KeyStream
from ptt.link.hmac import Hmac, HmacKey
from ptt.media import adpcm
from ptt.wire import codec, envelope, messages, voice

ADA_KEY = bytes(range(32))  # the one that its badge was flashed with
BEN_KEY = bytes(range(32, 64))
ADA_DEVICE = bytes.fromhex("00007c9ebd4f2a01")
ADA_NONCE = 0x1234ABCD
OWN_NONCE = bytes(range(0xA0, 0xB0))
CHALLENGE = bytes(range(0xC0, 0xD0))
BEN_OWN_NONCE = bytes(range(0xB0, 0xC0))
BEN_CHALLENGE = bytes(range(0xD0, 0xE0))
TERM = 57
NEXT_TERM = 313  # of the host that goes on
ADA_SESSION = 0x2A5F09C1
BEN_SESSION = 0x0B5E70D2
EPOCH = 3
NEXT_EPOCH = 35
GROUP = 1
CALL = 128
GROUP_KEYS = {
    (GROUP, EPOCH): bytes(range(0x60, 0x70)),
    (CALL, EPOCH): bytes(range(0x70, 0x80)),
    (GROUP, NEXT_EPOCH): bytes(range(0x80, 0x90)),
}
CHAIN = 0x1D0C3B2A
CHAIN_SECRET = bytes(range(0x90, 0xA0))  # its last key, which nobody else knows
RELAY_KEY = bytes(range(0xE0, 0xF0))
TALK_MS = 60_000
LEADER_CLOCK_MS = 812_000
MANIFEST = (
    b"pressel-update 1\nrelease 2\nbuild 0.2.0\nchip esp32\ntable "
    + messages.TABLE_HASH.hex().encode()
    + b"\nfiles 1\nbytes 12\n"
    + hashlib.sha256(b"print('hi')\n").hexdigest().encode()
    + b" 12 main.py\n"
)


@dataclass(frozen=True)
class Vector:
    """One datagram: `data` as it travels, `clear` without its tag and with its voice readable."""

    title: str
    note: str
    data: bytes
    clear: bytes


@dataclass
class Side:
    """What one side of a session writes into its envelopes, and seals with."""

    name: str
    node: int
    session: int
    clock_ms: int
    key: HmacKey | None = None
    mark: int = 0  # in the flags of all but voice
    seq: int = 0


@dataclass
class Conversation:
    """The datagrams so far."""

    vectors: list[Vector] = field(default_factory=list)

    def say(
        self,
        sender: Side,
        whom: str,
        kind: int,
        values: tuple,
        note: str,
        after_ms: int = 0,
        tail: bytes = b"",
    ) -> None:
        """`sender` sends message `kind`, `after_ms` after its last one."""
        data = bytearray(DATAGRAM_BYTES_MAX)
        end = codec.encode(data, envelope.HEADER_BYTES, kind, values)
        data[end : end + len(tail)] = tail
        self._send(sender, whom, kind, data, end + len(tail), note, after_ms)

    def speak(
        self, sender: Side, whom: str, burst: Burst, part: range, note: str, after_ms: int
    ) -> None:
        """`sender` sends the frames `part` of a burst."""
        data = bytearray(DATAGRAM_BYTES_MAX)
        is_last = part.stop == len(burst.frames)
        end = voice.write_fields(
            data,
            burst.group,
            messages.CODEC_IMA_ADPCM,
            burst.talker,
            burst.lease,
            part.start,
            is_last,
            len(part),
        )
        at = voice.FRAMES_AT
        for number in part:
            data[at : at + ADPCM_FRAME_BYTES] = burst.frames[number]
            at += ADPCM_FRAME_BYTES
        self._send(sender, whom, messages.VOICE_FRAME, data, end, note, after_ms)

    def send_to_many(self, data: bytearray, clear: bytearray, note: str) -> None:
        """The leader sends `data` by multicast; `clear`: with its frames readable."""
        title = f"{load_table().name_of(data[1])}, the leader to all"
        readable = bytearray(clear[: envelope.payload_end(data)])
        readable[envelope.FLAGS_AT] &= ~envelope.FLAG_SEALED  # as of all others: without its tag
        envelope.put_crc(readable, envelope.header_crc(readable, envelope.payload_crc(readable)))
        self.vectors.append(Vector(title, note, bytes(data), bytes(readable)))

    def _send(
        self,
        sender: Side,
        whom: str,
        kind: int,
        data: bytearray,
        end: int,
        note: str,
        after_ms: int,
    ) -> None:
        sender.clock_ms += after_ms
        sender.seq += 1
        envelope.seal_header(
            data, end, kind, sender.session, sender.node, sender.seq, sender.clock_ms
        )
        title = f"{load_table().name_of(kind)}, {sender.name} to {whom}"
        clear = bytes(data[:end])
        sealed = clear if sender.key is None else _sealed(bytearray(clear), sender.mark, sender.key)
        self.vectors.append(Vector(title, note, sealed, clear))


@dataclass(frozen=True)
class Burst:
    """Speech of one lease, by frames."""

    group: int
    talker: int
    lease: int
    frames: tuple[bytes, ...]


def _sealed(data: bytearray, mark: int, key: HmacKey) -> bytes:
    """The datagram with its voice encrypted, its checksum computed again and its tag appended."""
    if data[1] == messages.VOICE_FRAME:
        epoch = EPOCH
        _encrypt(data, GROUP_KEYS[voice.group(data), epoch], epoch)
        mark = epoch & 255
    data[2], data[3] = mark, envelope.FLAG_SEALED
    whole = data + bytes(envelope.TAG_BYTES)
    envelope.put_crc(whole, envelope.header_crc(whole, envelope.payload_crc(whole)))
    whole[len(data) :] = Hmac().digest(key, whole, len(data))[: envelope.TAG_BYTES]
    return bytes(whole)


def _encrypt(data: bytearray, key: bytes, epoch: int) -> None:
    stream = KeyStream()
    at = voice.FRAMES_AT
    for number in range(voice.first(data), voice.first(data) + voice.count(data)):
        stream.make(BlockCipher(key), epoch, voice.talker(data), voice.lease(data), number)
        octets.xor(data, at, stream.bytes, 0, ADPCM_FRAME_BYTES)
        at += ADPCM_FRAME_BYTES


def speech(frames: int) -> tuple[bytes, ...]:
    """Frames of one burst in which sample n of each is (n * 700) mod 9000 - 4500."""
    coder = adpcm.Encoder()
    pcm = array("h", [n * 700 % 9000 - 4500 for n in range(FRAME_SAMPLES)])
    coded = []
    for _ in range(frames):
        frame = bytearray(ADPCM_FRAME_BYTES)
        coder.encode(pcm, frame, 0)
        coded.append(bytes(frame))
    return tuple(coded)


def secret(key: bytes, own_nonce: bytes, challenge: bytes) -> bytes:
    """What the keys of a session come from."""
    return derive.session_secret(Hmac(), key, own_nonce, challenge)


ADA_SECRET = secret(ADA_KEY, OWN_NONCE, CHALLENGE)
BEN_SECRET = secret(BEN_KEY, BEN_OWN_NONCE, BEN_CHALLENGE)
NEW_OWN_NONCE = CHALLENGE[::-1]
NEW_CHALLENGE = OWN_NONCE[::-1]
NEW_SECRET = secret(ADA_KEY, NEW_OWN_NONCE, NEW_CHALLENGE)


def keys(of: bytes, term: int, session: int) -> derive.SessionKeys:
    return derive.session_keys(Hmac(), of, term, session)


def wrapped(own: derive.SessionKeys, leader: Side, group: int, epoch: int) -> bytes:
    """The key of a group as the next datagram of `leader` brings it."""
    return derive.wrap(Hmac(), own.wrap, leader.session, leader.seq + 1, GROUP_KEYS[group, epoch])


class Stage:
    """Who takes part, and what has been said."""

    def __init__(self) -> None:
        self.said = Conversation()
        self.keys = keys(ADA_SECRET, TERM, ADA_SESSION)
        self.ada = Side("Ada", 0, 0, 5_000)
        self.leader = Side(
            "the leader", envelope.LEADER_NODE, ADA_SESSION, LEADER_CLOCK_MS, self.keys.down, EPOCH
        )
        bens = keys(BEN_SECRET, TERM, BEN_SESSION)
        self.ben = Side("Ben", 3, BEN_SESSION, 90_300, bens.up, 0, 41)
        self.to_ben = Side(
            "the leader",
            envelope.LEADER_NODE,
            BEN_SESSION,
            LEADER_CLOCK_MS + 700,
            bens.down,
            EPOCH,
            52,
        )

    def up(self, kind: int, values: tuple, note: str, after_ms: int = 100) -> None:
        self.said.say(self.ada, "the leader", kind, values, note, after_ms)

    def down(
        self, kind: int, values: tuple, note: str, after_ms: int = 100, tail: bytes = b""
    ) -> None:
        self.said.say(self.leader, "Ada", kind, values, note, after_ms, tail)

    def down_to_ben(self, kind: int, values: tuple, note: str, after_ms: int = 100) -> None:
        self.said.say(self.to_ben, "Ben", kind, values, note, after_ms)


def vectors() -> list[Vector]:
    """The whole conversation, in its order."""
    stage = Stage()
    for scene in (
        _join,
        _talk,
        _wait,
        _call,
        _write,
        _move,
        _renew,
        _update,
        _many,
        _relayed,
        _network,
        _end,
    ):
        scene(stage)
    return stage.said.vectors


def play() -> list[tuple[str, bytes]]:
    """Title and datagram of each before it is sealed."""
    return [(each.title, each.clear) for each in vectors()]


def _join(stage: Stage) -> None:
    ada, own_hash = stage.ada, messages.TABLE_HASH
    coders = 1 << messages.CODEC_IMA_ADPCM
    hello = (ADA_DEVICE, ADA_NONCE, own_hash, coders, b"Ada", b"doc 1", 0, 0)
    stage.up(messages.HELLO, hello, "Ada looks for a leader.", 0)
    stranger = Side("the leader", envelope.LEADER_NODE, 0, LEADER_CLOCK_MS - 20, seq=-1)
    said = "Session and seq are 0, the source is 1."
    stage.said.say(stranger, "Ada", messages.CHALLENGE, (ADA_NONCE, CHALLENGE), said)
    payload = stage.said.vectors[0].data[envelope.HEADER_BYTES :]
    proof = derive.proof(Hmac(), ADA_SECRET, payload)
    answer = (CHALLENGE, OWN_NONCE, proof, *hello)
    stage.up(messages.ANSWER, answer, "Session and source are still 0; the seq counts on.", 10)
    ada.node, ada.session, ada.seq, ada.key = 2, ADA_SESSION, 0, stage.keys.up
    welcome = (ADA_NONCE, ada.node, ADA_SESSION, TERM, own_hash, GROUP, messages.CODEC_IMA_ADPCM, 6)
    stage.down(messages.WELCOME, welcome, "The first sealed datagram.", 0)
    key = (GROUP, EPOCH, wrapped(stage.keys, stage.leader, GROUP, EPOCH))
    stage.down(messages.GROUP_KEY, key, "The key of group 1's voice.", 0)
    stage.down(messages.SETTINGS_SNAPSHOT, (1, 60, TALK_MS), "The settings in force.", 1)
    stage.up(messages.SETTINGS_ACK, (1, messages.APPLIED_APPLIED), "They are applied.", 6)
    ada.clock_ms += 694
    beat = (ada.clock_ms, GROUP, TERM, 0, 0, 0, 0)
    stage.up(messages.HEARTBEAT, beat, "Ada lives.", 0)
    answer = (ada.clock_ms, GROUP, TERM, 6, 0, 0)
    stage.down(messages.HEARTBEAT, answer, "Nobody talks; lease 6 was the last.", 700)


def _talk(stage: Stage) -> None:
    ada, ben = stage.ada, stage.ben
    stage.up(messages.FLOOR_REQUEST, (GROUP, 1), "Ada presses. The appended fields are left out.")
    grant = (GROUP, 1, TERM, 7, LEASE_MS, TALK_MS)
    stage.down(messages.FLOOR_GRANT, grant, "Ada may talk, under lease 7.", 101)
    taken = (GROUP, TERM, 7, ada.node, b"Ada")
    stage.down_to_ben(messages.FLOOR_TAKEN, taken, "All others hear of it.", 101)
    burst = Burst(GROUP, ada.node, 7, speech(4))
    said = "What was kept since the press: three frames in one packet."
    stage.said.speak(ada, "the leader", burst, range(3), said, 62)
    said = "The same payload, passed on."
    stage.said.speak(stage.to_ben, "Ben", burst, range(3), said, 64)
    said = "Ada has let go: the last frame is marked."
    stage.said.speak(ada, "the leader", burst, range(3, 4), said, 20)
    stage.up(messages.FLOOR_RELEASE, (GROUP, 1, 7), "Done.", 0)
    stage.down(messages.FLOOR_IDLE, (GROUP, TERM, 7), "Nobody talks.", 86)
    report = (GROUP, 7, 4, 0, 0)
    said = "Ben has played four frames and missed none."
    stage.said.say(ben, "the leader", messages.RECEIVER_REPORT, report, said, 450)
    stage.down(messages.BURST_RECEIPT, (GROUP, 7, 1, 1, 1), "One listener, who heard it whole.", 90)


def _wait(stage: Stage) -> None:
    stage.down(messages.FLOOR_TAKEN, (GROUP, TERM, 8, 3, b"Ben"), "Ben talks.", 4_000)
    stage.up(messages.FLOOR_REQUEST, (GROUP, 2), "Ada presses meanwhile.", 4_300)
    stage.down(messages.FLOOR_QUEUED, (GROUP, 2, 1), "It has to wait, and is next.", 310)
    grant = (GROUP, 2, TERM, 9, LEASE_MS, TALK_MS)
    stage.down(messages.FLOOR_GRANT, grant, "Ben is done.", 900)
    revoked = (GROUP, TERM, 9, messages.REVOCATION_PREEMPTED)
    said = "An emergency has the floor: Ada stops at once, and waits."
    stage.down(messages.FLOOR_REVOKED, revoked, said, 1_200)
    said = "Its place behind the emergency."
    stage.down(messages.FLOOR_QUEUED, (GROUP, 2, 1), said, 0)
    request = (GROUP, 3, messages.LANE_EMERGENCY, 0)
    said = "Ada presses anew, in a lane that it is not entitled to. Request 2 is over."
    stage.up(messages.FLOOR_REQUEST, request, said, 2_600)
    denied = (GROUP, 3, messages.DENIAL_NOT_ENTITLED)
    stage.down(messages.FLOOR_DENIED, denied, "No.", 1_500)


def _call(stage: Stage) -> None:
    request = (0, 4, messages.LANE_ROUTINE, 3)
    stage.up(messages.FLOOR_REQUEST, request, "Ada presses to talk with Ben alone.", 3_000)
    key = (CALL, EPOCH, wrapped(stage.keys, stage.leader, CALL, EPOCH))
    stage.down(messages.GROUP_KEY, key, "The key of the call comes first.", 3_010)
    grant = (CALL, 4, TERM, 11, LEASE_MS, TALK_MS)
    stage.down(messages.FLOOR_GRANT, grant, "The call is group 128.", 0)
    taken = (CALL, TERM, 11, 2, b"Ada")
    stage.down_to_ben(messages.FLOOR_TAKEN, taken, "So Ben learns of it.", 14_000)
    burst = Burst(CALL, stage.ada.node, 11, speech(1))
    said = "A word in private, under the key of the call."
    stage.said.speak(stage.ada, "the leader", burst, range(1), said, 40)
    stage.up(messages.FLOOR_RELEASE, (CALL, 4, 11), "Over.", 0)
    ended = (CALL, TERM, 11, messages.CALL_HUNG_UP)
    stage.up(messages.CALL_ENDED, ended, "Ada hangs up, and repeats it until the answer.", 900)
    stage.down(messages.CALL_ENDED, ended, "The call is over for both.", 960)


def _write(stage: Stage) -> None:
    text = "Tür 3 öffnen".encode()
    own = (GROUP, 1, messages.TEXT_PERSON, stage.ada.node, b"Ada", text)
    stage.up(messages.TEXT_MESSAGE, own, "Ada writes.", 500)
    stage.down(messages.TEXT_ACK, (1,), "Taken.", 500)
    stage.down_to_ben(messages.TEXT_MESSAGE, own, "Passed on.", 9)


def _move(stage: Stage) -> None:
    standby = (bytes((192, 168, 1, 9)), 47800, 0, 1)
    stage.down(messages.STANDBY, standby, "One host stands by, at 192.168.1.9.", 100)
    after = keys(ADA_SECRET, NEXT_TERM, ADA_SESSION)
    stage.keys = after
    ended_ms = stage.leader.clock_ms
    stage.leader = Side(
        "the next leader",
        envelope.LEADER_NODE,
        ADA_SESSION,
        ended_ms + 300_000,
        after.down,
        NEXT_EPOCH,
    )
    announced = (messages.ROLE_LEADER, NEXT_TERM)
    said = "From 192.168.1.9, under the keys of its own term, 313; its seq begins anew."
    stage.down(messages.ROLE_ANNOUNCE, announced, said, 0)
    stage.ada.key = after.up
    stage.ada.clock_ms += 2_000
    beat = (stage.ada.clock_ms, GROUP, NEXT_TERM, 11, 0, 0, 0)
    said = "Ada has moved over: the new keys, while its seq goes on."
    stage.up(messages.HEARTBEAT, beat, said, 0)
    key = (GROUP, NEXT_EPOCH, wrapped(after, stage.leader, GROUP, NEXT_EPOCH))
    stage.down(messages.GROUP_KEY, key, "Voice has a new key, too.", 40)
    stage.up(messages.KEY_WANT, (GROUP,), "What Ada says if that does not come.", 30)


def _renew(stage: Stage) -> None:
    stage.up(messages.REKEY, (NEW_OWN_NONCE,), "Fifty minutes later.", 3_000_000)
    rekeyed = (NEW_OWN_NONCE, NEW_CHALLENGE)
    stage.down(messages.REKEYED, rekeyed, "Still sealed with the keys before.", 3_000_000)
    after = keys(NEW_SECRET, NEXT_TERM, ADA_SESSION)
    stage.keys = after
    stage.ada.key, stage.leader.key = after.up, after.down
    beat = (stage.ada.clock_ms + 400, GROUP, NEXT_TERM, 11, 0, 0, 0)
    stage.up(messages.HEARTBEAT, beat, "The first word under the new keys.", 400)
    stage.down(messages.HEARTBEAT, beat[:6], "From now on the leader uses them, too.", 404)
    cause = messages.RESTART_POWER_ON
    report = (61, 0xA1B2, 6, 80, 12, cause, 1100, 45, 1, 60, 4, 1)
    stage.up(messages.BADGE_REPORT, report, "How Ada's badge fares.", 900)


def _update(stage: Stage) -> None:
    inner = manifest.begin_tag(HmacKey(ADA_KEY), 0)
    inner.update(MANIFEST)
    tag = manifest.end_tag(HmacKey(ADA_KEY), inner)
    offer = (2, len(MANIFEST), 0)
    stage.down(messages.UPDATE_OFFER, offer, "A release lies ready.", 900, tag)
    fetching = (2, messages.UPDATE_STATE_FETCHING, 0, 1, 0, b"esp32")
    stage.up(messages.UPDATE_STATE, fetching, "Ada takes it.", 910)
    stage.up(messages.UPDATE_WANT, (2, 0, 0), "First the manifest.", 5)
    stage.down(messages.UPDATE_CHUNK, (2, 0, 0), "All of it.", 45, MANIFEST)
    order = (2, messages.UPDATE_ORDER_APPLY)
    stage.down(messages.UPDATE_ORDER, order, "When everything is there.", 9_000)


def _many(stage: Stage) -> None:
    ada, now_ms = stage.ada, stage.leader.clock_ms + 2_000
    keys = Discloser(CHAIN, CHAIN_SECRET, stage.leader.clock_ms)
    asked_ms = ada.clock_ms + 900
    stage.up(messages.MULTICAST_REPORT, (asked_ms, 0, 0, 0, 0), "Ada knows no chain.", 900)
    place = (asked_ms, bytes((239, 255, 0, 7)), 47802)
    chain = (CHAIN, keys.age_ms(now_ms), DELAY, *keys.anchor(now_ms))
    said = "Where voice for many comes. The chain began two seconds ago."
    stage.down(messages.MULTICAST, place + chain, said, 2_000)
    probe = keys.poll(now_ms + 5)
    assert probe is not None
    stage.said.send_to_many(probe, probe, "The probe of the second second.")
    burst = Burst(GROUP, stage.ben.node, 12, speech(4))
    packets = [_to_be_passed_on(burst, number) for number in range(4)]
    first, *_, last = packets
    data = keys.voice(last[1], first[1], 3, now_ms + 90)
    clear = keys.voice(last[0], first[0], 3, now_ms + 90)
    said = (
        "Ben's last frame, and his first again. The key of neither this nor the probe is told yet."
    )
    stage.said.send_to_many(data, clear, said)
    telling = keys.poll(now_ms + 250)
    assert telling is not None
    said = "Now both can be proved: this tells a key behind theirs."
    stage.said.send_to_many(telling, telling, said)
    said = "What Ada sends if the voice does not come: all from the first frame on."
    stage.up(messages.MULTICAST_MISSED, (GROUP, 12, 0), said, 300)
    said = "What she sends when it comes by multicast again: no more copies."
    stage.up(messages.MULTICAST_HEARD, (GROUP, 12), said, 900)


def _relayed(stage: Stage) -> None:
    wrap, seq = keys(NEW_SECRET, NEXT_TERM, ADA_SESSION).wrap, stage.leader.seq + 1
    wrapped_key = derive.wrap(Hmac(), wrap, ADA_SESSION, seq, RELAY_KEY)
    named = (bytes((10, 0, 0, 3)), 47800, 5, wrapped_key)
    stage.down(messages.RELAY, named, "Who sends to Ada from now on, and its key.", 900)
    relay = Side("a relay", envelope.LEADER_NODE, ADA_SESSION, stage.leader.clock_ms)
    relay.key = HmacKey(RELAY_KEY)
    said = "From there, under that key, and with a seq of its own."
    stage.said.say(relay, "Ada", messages.RELAY_PROBE, (5,), said, 40)
    report = (5, 1, 1)
    stage.up(messages.RELAY_REPORT, report, "It has come: the relay may send voice now.", 950)


def _to_be_passed_on(burst: Burst, number: int) -> tuple[bytearray, bytearray]:
    """The VOICE_FRAME of one frame, readable and encrypted."""
    clear = bytearray(voice.FRAMES_AT) + burst.frames[number]
    is_last = number == len(burst.frames) - 1
    codec_, talker = messages.CODEC_IMA_ADPCM, burst.talker
    end = voice.write_fields(clear, burst.group, codec_, talker, burst.lease, number, is_last, 1)
    envelope.write_header(clear, end, messages.VOICE_FRAME, 0, envelope.LEADER_NODE, 0, 0)
    clear[envelope.MARK_AT] = NEXT_EPOCH & 255
    data = bytearray(clear)
    _encrypt(data, GROUP_KEYS[burst.group, NEXT_EPOCH], NEXT_EPOCH)
    return clear, data


def _network(stage: Stage) -> None:
    network = (21, b"Venue 2", b"correct horse")
    said = "Written here as it is before it is encrypted, which it always is on the air."
    stage.down(messages.WIFI_NETWORK, network, said, 900)
    stage.up(messages.WIFI_STATE, (21, messages.WIFI_TRIED), "Ada changes in a moment.", 900)


def _end(stage: Stage) -> None:
    resigned = (messages.ROLE_RESIGNED, NEXT_TERM)
    stage.down(messages.ROLE_ANNOUNCE, resigned, "This leader stops.", 20_000)
    stranger = Side("the leader", envelope.LEADER_NODE, 0, stage.leader.clock_ms + 5_000, seq=-1)
    low, high = messages.VERSION & 0xF0, messages.VERSION
    refused = (messages.NACK_UNKNOWN_SESSION, low, high, messages.HEARTBEAT)
    said = "Whoever leads next does not know Ada's session, and hears its heartbeat."
    stage.said.say(stranger, "Ada", messages.NACK, refused, said)
