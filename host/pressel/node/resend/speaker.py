"""A participant of the host's own that speaks frames, as a badge speaks what its microphone hears.
It has one group, and hears nobody."""

from __future__ import annotations

import asyncio
import os
import secrets
from array import array
from collections.abc import Callable, Iterator
from typing import Any

from pressel import __version__
from pressel.audio.codecs import equip
from pressel.block_cipher import BlockCipher
from pressel.errors import PresselError
from pressel.soft.credential import Credential
from pressel.transport.udp import Address, UdpEndpoint, address_of, engine_now_ms
from ptt.badge.participant import Participant
from ptt.base import events
from ptt.base.numbers import FRAME_MS, FRAME_SAMPLES, RELEASE_TAIL_FRAMES

ANSWER_S = 3.0  # the leader is this process: what takes longer does not come
RECEIPT_S = 4.0  # it comes 1.5 s after the end of a burst, and its last packet is repeated
_BUILD_BYTES_MAX = 16
_SILENCE = bytes(2 * FRAME_SAMPLES)
_FRAME_S = FRAME_MS / 1000


class Speaker:
    """A participant `name`, by the credential `own`, of the leader at `leader`."""

    def __init__(self, own: Credential, name: bytes, leader: Address) -> None:
        host, port = leader
        at = ("127.0.0.1" if host == "0.0.0.0" else host), port
        build = f"host {__version__}".encode()[:_BUILD_BYTES_MAX]
        self._badge = Participant(
            own.device, name, build, at, secrets.randbits(30), own.key, BlockCipher, os.urandom
        )
        self._badge.address_of = address_of
        equip(self._badge)
        self._local = at[0]
        self._endpoint = UdpEndpoint(self._badge, self._on_event)
        self._news: dict[int, asyncio.Event] = {}
        self._is_cut_off = False
        self.heard_by: int | None = None  # how many heard the burst that was settled last

    async def open(self) -> None:
        """Join. PresselError when the leader does not let it."""
        bound = "127.0.0.1" if self._local.startswith("127.") else "0.0.0.0"
        await self._endpoint.open((bound, 0))
        self._badge.start(engine_now_ms())
        self._endpoint.pump()
        await self._until(events.JOINED, "the leader does not let the recording in")

    def close(self) -> None:
        self._endpoint.close()

    async def speak(self, frames: Iterator[bytes], must_stop: Callable[[], bool]) -> bool:
        """Speak one burst of `frames`, each when it is due, until there are none, or `must_stop`,
        or the floor is taken away; whether there are none. PresselError when it gets no floor."""
        for kind in (events.GRANTED, events.SENT, events.RECEIPT):
            self._news.pop(kind, None)
        self._is_cut_off, self.heard_by = False, None
        self._badge.press(engine_now_ms())
        self._endpoint.pump()
        await self._until(events.GRANTED, "the leader does not give the recording the floor")
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        is_over = False
        while not (self._is_cut_off or must_stop()):
            frame = next(frames, None)
            if frame is None:
                is_over = True
                break
            self._write(frame)
            due_s += _FRAME_S
            await asyncio.sleep(max(0.0, due_s - loop.time()))
        self._badge.release(engine_now_ms())
        for _ in range(RELEASE_TAIL_FRAMES):
            self._write(_SILENCE)
        return is_over

    async def until_settled(self) -> None:
        """Until the leader has told who heard the burst; `heard_by` stays None where it does
        not."""
        try:
            await self._until(events.RECEIPT, "", RECEIPT_S)
        except PresselError:
            return

    def _write(self, frame: bytes) -> None:
        self._badge.write_microphone(array("h", frame), engine_now_ms())
        self._endpoint.pump()

    def _on_event(self, kind: int, value: Any) -> None:
        if kind in (events.REVOKED, events.LOST, events.DENIED):
            self._is_cut_off = True
        if kind == events.RECEIPT:
            self.heard_by = value[2]
        self._news.setdefault(kind, asyncio.Event()).set()

    async def _until(self, kind: int, otherwise: str, limit_s: float = ANSWER_S) -> None:
        try:
            await asyncio.wait_for(self._news.setdefault(kind, asyncio.Event()).wait(), limit_s)
        except TimeoutError:
            raise PresselError(otherwise) from None
