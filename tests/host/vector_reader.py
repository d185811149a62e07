"""Opens the datagrams of docs/protocol/vectors.md as sections 4, 5 and 8 of the protocol say.

It knows the keys of the devices, which the vectors give, and learns everything else from the
datagrams in their order. It imports nothing of ours except the pages' own reader.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from tests.host.protocol_pages import Example, ProtocolPages

HEADER_BYTES = 24
TAG_BYTES = 8
FRAMES_AT = 14
SEALED = 1


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def expand(secret: bytes, info: bytes) -> bytes:
    return mac(secret, info + b"\1")


def xor(data: bytes, pad: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(data, pad, strict=False))


@dataclass
class Session:
    """What somebody who has one device's key knows of its session."""

    device_key: bytes
    number: int
    secret: bytes
    term: int
    keys: dict[str, bytes] = field(default_factory=dict)
    own_nonce: bytes = b""

    def derive(self) -> None:
        place = struct.pack(">II", self.term, self.number)
        for name in ("up", "down", "wrap"):
            self.keys[name] = expand(self.secret, b"pressel 2 " + name.encode() + place)


class VectorReader:
    """Reads one datagram after the other."""

    def __init__(self, pages: ProtocolPages) -> None:
        self.pages = pages
        given = pages.keys()
        self.ada = given["device key of Ada"]
        ben = given["device key of Ben"]
        secret = mac(given["own nonce of Ben"] + given["challenge for Ben"], ben)
        self._bens = Session(ben, 0, secret, 57)
        self.sessions: dict[int, Session] = {}
        self.group_keys: dict[tuple[int, int], bytes] = {}  # group and low byte of the epoch
        self.epochs: dict[int, int] = {}  # epoch by its low byte
        self.secret = b""
        self.relay_key = b""
        self.chain, self.told, self.chain_key = 0, 0, b""  # for many: the newest key that was told
        self.unproved: list[tuple[int, bytes]] = []  # by interval

    def read(self, example: Example) -> bytes:
        """The payload of the next datagram, its frames readable; AssertionError if its tag, or
        what it proves, is wrong."""
        data = example.data
        head = self.pages.envelope(data)
        end = HEADER_BYTES + head["payloadLen"]
        payload = data[HEADER_BYTES:end]
        is_sealed = head["flags"] & SEALED
        assert len(data) == end + (TAG_BYTES if is_sealed else 0)
        if not is_sealed:
            self._read_in_the_clear(example.name, payload)
            return payload
        if example.name in ("MULTICAST_VOICE", "MULTICAST_PROBE"):
            return self._read_for_many(example.name, head["sessionId"], data, payload)
        if example.name == "RELAY_PROBE":
            assert data[end:] == mac(self.relay_key, data[:end])[:TAG_BYTES], example.title
            return payload
        session = self._session_of(example.name, head["sessionId"], payload)
        if example.name == "ROLE_ANNOUNCE" and payload[0] == 1:
            session.term = int.from_bytes(payload[1:5], "big")
            session.derive()
        way = "down" if head["sourceNodeId"] == 1 else "up"
        assert data[end:] == mac(session.keys[way], data[:end])[:TAG_BYTES], example.title
        return self._obey(example.name, session, head["seq"], data[2], payload)

    def _read_in_the_clear(self, name: str, payload: bytes) -> None:
        if name != "ANSWER":
            return
        challenge, own_nonce, proof = payload[:16], payload[16:32], payload[32:48]
        self.secret = mac(own_nonce + challenge, self.ada)
        assert proof == mac(expand(self.secret, b"pressel 2 answer"), payload[48:])[:16]

    def _session_of(self, name: str, number: int, payload: bytes) -> Session:
        if number not in self.sessions:
            session = self._bens
            if name == "WELCOME":
                term = int.from_bytes(payload[10:14], "big")
                session = Session(self.ada, number, self.secret, term)
            session.number = number
            session.derive()
            self.sessions[number] = session
        return self.sessions[number]

    def _obey(self, name: str, session: Session, seq: int, mark: int, payload: bytes) -> bytes:
        if name == "GROUP_KEY":
            group, epoch = struct.unpack_from(">BH", payload)
            pad = mac(session.keys["wrap"], struct.pack(">II", session.number, seq))
            self.group_keys[group, epoch & 255] = xor(payload[3:19], pad)
            self.epochs[epoch & 255] = epoch
        elif name == "RELAY":
            pad = mac(session.keys["wrap"], struct.pack(">II", session.number, seq))
            self.relay_key = xor(payload[10:26], pad)
        elif name == "REKEYED":
            session.secret = mac(payload, session.device_key)  # own nonce, then challenge
            session.derive()
        elif name == "MULTICAST":
            self.chain, _, _, self.told = struct.unpack_from(">IIBH", payload, 10)
            self.chain_key = payload[21:37]
        elif name == "VOICE_FRAME":
            return self._decrypted(payload, mark)
        return payload

    def _read_for_many(self, name: str, chain: int, data: bytes, payload: bytes) -> bytes:
        """As the annex says; what cannot be proved yet waits in `unproved`."""
        interval, lag = struct.unpack_from(">HB", payload)
        assert chain == self.chain and interval - lag >= self.told
        self.unproved.append((interval, data))
        key, tag_keys = payload[3:19], {}
        for number in range(interval - lag, self.told, -1):
            below = sha256(key + struct.pack(">IH", chain, number)).digest()
            key, tag_keys[number] = below[:16], below[16:]
        assert key == self.chain_key
        self.told, self.chain_key = interval - lag, payload[3:19]
        for number, waiting in [each for each in self.unproved if each[0] in tag_keys]:
            inner = sha256(waiting[:-TAG_BYTES]).digest()
            assert waiting[-TAG_BYTES:] == sha256(tag_keys[number] + inner).digest()[:TAG_BYTES]
            self.unproved.remove((number, waiting))
        if name == "MULTICAST_PROBE":
            return payload
        at, back = 20, payload[19]
        size = (len(payload) - at - FRAMES_AT) // (2 if back else 1)
        fresh = payload[at : at + FRAMES_AT + size]
        readable = payload[:at] + self._decrypted(fresh, data[2])
        if back:
            first = struct.unpack_from(">H", fresh, 8)[0] - back
            older = fresh[:8] + struct.pack(">H", first) + fresh[10:FRAMES_AT] + payload[-size:]
            readable += self._decrypted(older, data[2])[FRAMES_AT:]
        return readable

    def _decrypted(self, payload: bytes, mark: int) -> bytes:
        _, _, talker, lease, first, _, count, size = struct.unpack_from(">BBHIHBBH", payload)
        key = self.group_keys[payload[0], mark]
        parts = [payload[:FRAMES_AT]]
        for number in range(first, first + count):
            at = FRAMES_AT + (number - first) * size
            block = struct.pack(">HHIH6x", self.epochs[mark], talker, lease, number)
            stream = Cipher(algorithms.AES(key), modes.CTR(block)).encryptor()
            parts.append(stream.update(payload[at : at + size]))
        return b"".join(parts)
