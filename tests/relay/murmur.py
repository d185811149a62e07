"""Mumble's server, where it is installed: the nearest thing to ours that people run.

As much of its protocol as a talker and listeners need: a TLS connection each, whose keys encrypt
the datagrams (OCB2 with AES-128). What comes back is counted, not opened.
"""

from __future__ import annotations

import getpass
import shutil
import socket
import ssl
import struct
import subprocess
import time
from collections import deque
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from . import goals
from .contestant import LISTENERS_HOST, Address, Contestant, Ear

START_LIMIT_S = 30.0
PING_S = 5.0
_VERSION, _AUTHENTICATE, _TCP_PING, _SERVER_SYNC, _CRYPT_SETUP = 0, 2, 3, 5, 15
_HEAD = struct.Struct(">HI")
_OPUS = 4 << 5
_PING = 1 << 5
_BITS = (1 << 128) - 1


def program() -> str | None:
    return shutil.which("murmurd") or shutil.which("mumble-server")


def field(number: int, value: bytes | int) -> bytes:
    """One field of a protocol buffer."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def fields(data: bytes) -> dict[int, bytes]:
    """Those with a length."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        size, at = _read_varint(data, at)
        if key & 7 == 2:
            found[key >> 3] = data[at : at + size]
            at += size
    return found


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


class Seal:
    """OCB2, of which only the sending half is needed."""

    def __init__(self, key: bytes, nonce: bytes) -> None:
        self._aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        self._nonce = int.from_bytes(nonce, "little")

    def _encrypt(self, block: int) -> int:
        return int.from_bytes(self._aes.update(block.to_bytes(16, "big")), "big")

    def seal(self, plain: bytes) -> bytes:
        self._nonce = self._nonce + 1 & _BITS
        nonce = self._nonce.to_bytes(16, "little")
        delta = self._encrypt(int.from_bytes(nonce, "big"))
        checksum = 0
        out = bytearray()
        while len(plain) > 16:
            delta = _double(delta)
            block = int.from_bytes(plain[:16], "big")
            out += (self._encrypt(block ^ delta) ^ delta).to_bytes(16, "big")
            checksum ^= block
            plain = plain[16:]
        delta = _double(delta)
        pad = self._encrypt(len(plain) * 8 ^ delta).to_bytes(16, "big")
        last = plain + pad[len(plain) :]
        checksum ^= int.from_bytes(last, "big")
        out += bytes(a ^ b for a, b in zip(last, pad, strict=True))[: len(plain)]
        tag = self._encrypt(_double(delta) ^ delta ^ checksum).to_bytes(16, "big")
        return nonce[:1] + tag[:3] + bytes(out)


def _double(value: int) -> int:
    return value << 1 & _BITS ^ (0x87 if value >> 127 else 0)


class Client:
    """One user: its TLS connection, and the datagrams of its ear."""

    def __init__(self, server: Address, name: str) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # of this machine, made a moment ago
        self.ear = Ear()
        self._server = server
        self._stream = context.wrap_socket(socket.create_connection(server))
        self._send(_VERSION, field(1, 0x010304) + field(2, b"bench"))
        self._send(_AUTHENTICATE, field(1, name.encode()) + field(5, 1))
        while (message := self._receive())[0] != _SERVER_SYNC:
            if message[0] == _CRYPT_SETUP:
                found = fields(message[1])
                self._seal = Seal(found[1], found[2])
        self._stream.setblocking(False)

    def say(self, plain: bytes) -> None:
        self.ear.socket.sendto(self._seal.seal(plain), self._server)

    def ping(self) -> None:
        self.say(bytes((_PING, 1)))
        self._send(_TCP_PING, b"")
        self.drain()

    def drain(self) -> None:
        """News of other users."""
        try:
            while self._stream.recv(1 << 16):
                pass
        except (ssl.SSLWantReadError, BlockingIOError):
            pass

    def _send(self, kind: int, data: bytes) -> None:
        self._stream.sendall(_HEAD.pack(kind, len(data)) + data)

    def _receive(self) -> tuple[int, bytes]:
        kind, size = _HEAD.unpack(self._exactly(_HEAD.size))
        return kind, self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._stream.recv(size - len(data))
            if not more:
                raise ConnectionError("Mumble's server has closed the connection")
            data += more
        return data


class Murmur:
    """`voice`: what is said in each packet."""

    def __init__(self, work: Path, listeners: int, voice: bytes) -> None:
        with socket.socket() as free:
            free.bind((LISTENERS_HOST, 0))
            server = free.getsockname()
        file = work / "murmur.ini"
        file.write_text(
            f"database={work / 'murmur.sqlite'}\nhost={server[0]}\nport={server[1]}\nusers=300\n"
            "bandwidth=558000\ntimeout=600\nautobanAttempts=0\nbonjour=false\nwelcometext=\n"
            f"logfile={work / 'murmur.log'}\npidfile=\nuname={getpass.getuser()}\n"
        )
        path = program()
        assert path is not None
        process = subprocess.Popen(
            [path, "-fg", "-ini", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _wait_for(server)
        self._clients = [Client(server, f"B{n}") for n in range(listeners + 1)]
        self._talker = self._clients[0]
        self._voice = voice
        self._number = 0
        self.contestant = Contestant(goals.MURMUR, process, [each.ear for each in self._clients])
        now_s = time.monotonic()
        self._pings = deque(
            (now_s + PING_S * (1 + n / len(self._clients)), client)
            for n, client in enumerate(self._clients)
        )
        for _ in range(3):
            for client in self._clients:
                client.say(bytes((_PING, 1)))  # now it knows where to send datagrams
                client.drain()
            self.contestant.listen(0.2)

    def is_ready(self) -> bool:
        return True

    def press(self) -> None:
        """It asks nobody for a floor."""

    def speak(self) -> None:
        self._number = self._number + 1 & 0x3F
        size = len(self._voice)
        head = bytes((_OPUS, self._number, 0x80 | size >> 8, size & 255))
        self._talker.say(head + self._voice)

    def release(self) -> None:
        """Nothing to end."""

    def tend(self) -> None:
        """As Mumble's clients: each says that it is there, on both of its ways."""
        now_s = time.monotonic()
        while self._pings and self._pings[0][0] <= now_s:
            _, client = self._pings.popleft()
            client.ping()
            self._pings.append((now_s + PING_S, client))


def _wait_for(server: Address) -> None:
    until_s = time.monotonic() + START_LIMIT_S
    while True:
        try:
            socket.create_connection(server).close()
            return
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.1)
