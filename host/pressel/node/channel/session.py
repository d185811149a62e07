"""Keys of one session between two hosts: every datagram sealed, each obeyed once.

ChaCha20-Poly1305 (RFC 8439) with a key a direction, so that a datagram sent back opens nothing.
The nonce is the datagram's number; a session ends long before numbers could repeat.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from ptt.link.replay import ReplayWindow

DATA = 3  # first byte: a sealed datagram
HEAD_BYTES = 9  # type 0 1 · receiver's session 1 4 · number 5 4; the sealed message follows
OVERHEAD_BYTES = HEAD_BYTES + 16
NUMBER_MAX = (1 << 30) - 1  # 12 days of a thousand a second; sessions are renewed in minutes


class Session:
    """Between us and `host`. `own` and `peers` are the numbers by which each side knows it."""

    def __init__(
        self, host: bytes, own: int, peers: int, send_key: bytes, receive_key: bytes, now_ms: int
    ) -> None:
        self.host = host
        self.own = own
        self.peers = peers
        self.begun_ms = now_ms
        self._send = ChaCha20Poly1305(send_key)
        self._receive = ChaCha20Poly1305(receive_key)
        self._number = 0
        self._window = ReplayWindow()

    @property
    def is_used_up(self) -> bool:
        return self._number >= NUMBER_MAX

    def seal(self, message: bytes) -> bytes:
        """The datagram for `message`. RuntimeError when the session is used up: a bug."""
        if self.is_used_up:
            raise RuntimeError("a session was not renewed")
        self._number += 1
        head = bytes([DATA]) + self.peers.to_bytes(4, "big") + self._number.to_bytes(4, "big")
        return head + self._send.encrypt(_nonce(self._number), message, head)

    def open(self, datagram: bytes) -> bytes | None:
        """The message in it; None when it is old, came before, or is not of the other side."""
        number = int.from_bytes(datagram[5:HEAD_BYTES], "big")
        if not self._window.is_new(number):
            return None
        head, sealed = datagram[:HEAD_BYTES], datagram[HEAD_BYTES:]
        try:
            message = self._receive.decrypt(_nonce(number), sealed, head)
        except InvalidTag:
            return None
        self._window.accept(number)
        return message


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
