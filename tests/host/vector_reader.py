"""Opens the datagrams of docs/protocol/vectors.md as sections 4, 5 and 8 of the protocol say.

It knows the keys of the devices, which the vectors give, and learns everything else from the
datagrams in their order. It imports nothing of ours except the pages' own reader.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass, field

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
        elif name == "REKEYED":
            session.secret = mac(payload, session.device_key)  # own nonce, then challenge
            session.derive()
        elif name == "VOICE_FRAME":
            return self._decrypted(payload, mark)
        return payload

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
