"""What waits to be sent to one app, in order: when it reads too slowly the oldest voice goes."""

from __future__ import annotations

from collections import deque

from .limits import VOICE_WAITING_BYTES_MAX, WORDS_WAITING_MAX


class Backlog:
    """At most `VOICE_WAITING_BYTES_MAX` bytes of voice and `WORDS_WAITING_MAX` words."""

    def __init__(self) -> None:
        self._packets: deque[tuple[bool, bytes]] = deque()  # (is voice, packet)
        self._voice_bytes = 0
        self._words = 0
        self.voice_dropped = 0  # packets

    def __bool__(self) -> bool:
        return bool(self._packets)

    def push_voice(self, packet: bytes) -> None:
        self._packets.append((True, packet))
        self._voice_bytes += len(packet)
        while self._voice_bytes > VOICE_WAITING_BYTES_MAX:
            self._drop_oldest_voice()

    def push_word(self, packet: bytes) -> bool:
        """False when nobody reads: an app that lives never leaves so many words waiting."""
        if self._words >= WORDS_WAITING_MAX:
            return False
        self._packets.append((False, packet))
        self._words += 1
        return True

    def pop(self) -> bytes:
        """The next packet; IndexError when none waits."""
        is_voice, packet = self._packets.popleft()
        if is_voice:
            self._voice_bytes -= len(packet)
        else:
            self._words -= 1
        return packet

    def _drop_oldest_voice(self) -> None:
        for index, (is_voice, packet) in enumerate(self._packets):
            if is_voice:
                del self._packets[index]
                self._voice_bytes -= len(packet)
                self.voice_dropped += 1
                return
