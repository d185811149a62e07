"""A standby copies the leader's recordings, each sealed anew under its own key, so that a lost box
takes none with it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from pressel.errors import PresselError, UnreachableError
from pressel.recordings.burst_mark import Mark, mark_of
from pressel.recordings.fetch import PIECES_MAX
from pressel.recordings.shelf import PAGE, Recorded

from .desk.asker import Asker
from .desk.desk import Desk
from .desk.recordings import REPLAY_S, Recordings

COPY_S = 10.0  # so much of what was said last is lost with the leader's disk
_LONGEST_MS = 30 * 60_000  # a burst that began so long ago is over: 22 minutes are the most
_WHO = Asker("standby")
_Time = Field(ge=0, lt=1 << 53)
_Number = Field(ge=0, lt=1 << 31)


class _Told(BaseModel):
    """A recording as the leader tells it."""

    mark: str
    group: int = Field(ge=1, le=127)
    talker: str = Field(max_length=64)
    device: str = Field(max_length=16)
    at_ms: int = _Time
    lasted_ms: int = _Number
    frames: int = _Number
    held: bool
    is_damaged: bool = False

    def recorded(self) -> Recorded:
        return Recorded(
            mark_of(self.mark), self.group, self.talker, self.device, self.at_ms, self.lasted_ms,
            self.frames, self.held,
        )  # fmt: skip


class _Page(BaseModel):
    recordings: list[_Told] = Field(max_length=PAGE)
    replay_from_ms: int = Field(ge=-(1 << 53), lt=1 << 53)

    def now_ms(self) -> int:
        """By the clock of the leader, which also said when bursts began."""
        return self.replay_from_ms + round(REPLAY_S * 1000)


class RecordingCopy:
    """`is_following` says whether another host leads."""

    def __init__(self, recordings: Recordings, is_following: Callable[[], bool]) -> None:
        self._recordings = recordings
        self._is_following = is_following
        self._after = [-1, -1, -1]  # everything up to here is copied
        self._why = ""  # something was not copied this time
        self._left: dict[Mark, Recorded] = {}  # but these, which the leader could not give

    async def follow(self, desk: Desk) -> None:
        """Copy what is new. A leader that does not answer, or answers nonsense, is asked again the
        next time."""
        if not self._is_following():
            self._after = [-1, -1, -1]
            self._left.clear()
            return
        if not self._recordings.is_on():
            return
        self._why = ""
        try:
            await self._follow(desk)
        except (PresselError, ValidationError, ValueError, KeyError, TypeError) as error:
            self._why = f"recordings are not copied: {str(error).splitlines()[0]}"
        self._recordings.say(self._why, "copy")

    async def _follow(self, desk: Desk) -> None:
        for recorded in list(self._left.values()):
            await self._copy(desk, recorded)
        after = self._after
        while self._is_following():
            page = _Page.model_validate(await _ask(desk, "recordings list", after=after))
            await self._recordings.hold_as_told(
                [mark_of(told.mark) for told in page.recordings if told.held]
            )
            for told in page.recordings:
                recorded = told.recorded()
                if not told.is_damaged:
                    await self._copy(desk, recorded)
                after = [recorded.at_ms, *recorded.mark]
                if recorded.at_ms < page.now_ms() - _LONGEST_MS:
                    self._after = after
            if len(page.recordings) < PAGE:
                return

    async def _copy(self, desk: Desk, recorded: Recorded) -> None:
        """What the leader cannot open does not keep the others from being copied."""
        if not await self._recordings.lacks(recorded):
            self._left.pop(recorded.mark, None)
            return
        if recorded.mark in self._left or len(self._left) < PAGE:
            self._left[recorded.mark] = recorded
        try:
            await self._fetch(desk, recorded)
        except _CannotError as error:
            self._why = self._why or f"recording {recorded.mark} is not copied: {error}"
            return
        self._left.pop(recorded.mark, None)

    async def _fetch(self, desk: Desk, recorded: Recorded) -> None:
        for number in range(PIECES_MAX):
            fields = {"id": str(recorded.mark), "piece": number}
            frames = (await _ask(desk, "recordings copy", **fields))["frames"]
            if frames is None:
                return
            await self._recordings.take_in(recorded, number, base64.b64decode(frames))


class _CannotError(PresselError):
    """The leader answers that it cannot."""


async def _ask(desk: Desk, verb: str, **fields: Any) -> Any:
    reply = await desk.answer({"ask": verb, **fields}, _WHO)
    if "error" in reply:
        is_away = reply.get("exit") == UnreachableError.exit_code
        raise (PresselError if is_away else _CannotError)(reply["error"])
    if reply.get("by") == "own copy":
        raise PresselError("no leader answers")
    return reply["answer"]
