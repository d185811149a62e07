"""Updates over the air at a host: the campaign of the leader that is here now, if there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pressel.errors import PresselError, UsageError
from pressel.registry.directory import RegistryDirectory
from pressel.transport.udp import engine_now_ms
from pressel.update.campaign import Campaigner, reason_words
from ptt.leader.distributor import STATES
from ptt.leader.leader import Leader

from .event_log import Report

_NAMES = ("release", "stage", "devices", "groups", "flags")  # of what starts a campaign


class Updates:
    """`state`: the host's folder; `leader` gives the engine that leads here now, or None. A
    campaign stays on disk: who leads again goes on with it."""

    def __init__(
        self,
        state: Path,
        leader: Callable[[], Leader | None],
        directory: RegistryDirectory,
        report: Report,
        now_ms: Callable[[], int] = engine_now_ms,
    ) -> None:
        self._state = state
        self._leader = leader
        self._directory = directory
        self._report = report
        self._now_ms = now_ms
        self._served: Leader | None = None  # whose campaign `_campaigner` runs
        self._campaigner: Campaigner | None = None

    def resume(self) -> None:
        """Go on with what is on disk, if somebody leads here; a damaged file is told, no more."""
        try:
            self._current()
        except PresselError as error:
            self._report("campaign", {"advice": str(error)})

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What `pressel update` asks of a running host. UsageError when it does not lead."""
        campaigner = self._current()
        if campaigner is None:
            raise UsageError("this host does not lead; `pressel node status` says who does")
        verb = request["do"]
        if verb == "start":
            campaigner.start(*(request[name] for name in _NAMES))
        elif verb == "pause":
            campaigner.pause("you paused it")
        elif verb == "cancel":
            campaigner.cancel()
        elif verb != "status":
            raise ValueError(verb)
        return campaigner.status()

    def on_told(self, device: bytes, release: int, state: int, reason: int) -> None:
        """The value of `ptt.base.events.UPDATE`."""
        if self._campaigner is not None:
            self._campaigner.on_told(device, release, state, reason)
        fields = {"device": device.hex(), "release": release, "state": STATES[state]}
        if reason:
            fields["why"] = reason_words(reason)
        self._report("badge_update", fields)

    def _current(self) -> Campaigner | None:
        """The campaigner of whoever leads here now."""
        leader = self._leader()
        if leader is not self._served:
            self._campaigner = None
            if leader is not None:
                self._campaigner = Campaigner(self._state, leader, self._key_of, self._now_ms)
            self._served = leader
        return self._campaigner

    def _key_of(self, device: str) -> bytes | None:
        return self._directory.key(bytes.fromhex(device))
