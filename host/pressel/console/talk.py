"""Talking from the page: one soft badge for each connection of a browser, with an identity of the
account's own. It has a floor like any badge, and the leader knows nothing of browsers.

The browser sends frames of its microphone while the button is held, and words as JSON: `{"do":
"press", "press": 7}` with a number of its own, `{"do": "release"}`, `{"do": "group", "group": 2}`.
It gets frames to play, and words: what the badge `is` (a key of `WORDS`), or what there is to say;
`over` tells it to let go the press of that number, which may be another one than it holds by then.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from pressel.errors import PresselError, UsageError
from pressel.registry import alike
from pressel.registry.device import ACTIVE, REVOKED
from pressel.schema.events import event_table
from pressel.schema.sentences import event_fields, sentence
from pressel.soft.badge import SoftBadge
from pressel.soft.credential import Credential, held_credential, read_credential
from pressel.transport.udp import Address
from ptt.base import events
from ptt.base.numbers import NAME_BYTES_MAX

from .browser_sound import BrowserSound
from .door import Door, Visitor
from .host_reader import HostReader

FOLDER = "console-badges"  # in the host's state folder: an identity an account
TALKERS_MAX = 16  # browsers that are badges at once; each costs what a soft badge does
MESSAGE_BYTES_MAX = 2048  # a frame has 640; words are shorter
MUTE_S = 1.5  # a button that is held without sound for so long belongs to a page that stands still
LOOK_S = 1.0  # for the names of who talks, and whether the account still may
TRIFLES_MAX = 50  # messages that are none, until the connection is closed

READY, ASKING, WAITING, TALKING, SEARCHING = "ready", "asking", "waiting", "talking", "searching"
WORDS = {
    READY: "Hold the button, or the space bar, to talk.",
    ASKING: "Asking for the floor …",
    WAITING: "Somebody else talks; you are next in turn.",
    TALKING: "You are on the air.",
    SEARCHING: "Looking for the leader …",
}
_STATES = {
    events.JOINED: READY,
    events.MOVED: READY,
    events.LOST: SEARCHING,
    events.PENDING: ASKING,
    events.QUEUED: WAITING,
    events.GRANTED: TALKING,
    events.DENIED: READY,
    events.REVOKED: READY,
    events.RELEASED: READY,
}
_ENDS_THE_PRESS = (events.DENIED, events.REVOKED, events.LOST)  # others may be of the one before
_SAID_BY_STATE = (events.JOINED, events.PENDING, events.GRANTED, events.RELEASED)
# Codes with which a connection is closed, for the page.
ENDED, FORBIDDEN, FULL, MOVED_ON, BAD, NOT_IN = 1000, 4403, 4429, 4409, 4400, 4404


class _Said(BaseModel):
    do: str
    group: int = 0
    press: int = Field(0, ge=0, lt=1 << 53)  # whole numbers of a browser


class _Place:
    """A connection: `over` is set to end it, `gone` when it has ended."""

    def __init__(self) -> None:
        self.over, self.gone = asyncio.Event(), asyncio.Event()


class Talk:
    """`leader` None: where the host says that the leader is. `state`: the host's folder."""

    def __init__(
        self, host: HostReader, door: Door, state: Path, leader: Address | None = None
    ) -> None:
        self._host = host
        self._door = door
        self._state = state
        self._leader = leader
        self._open: dict[str, _Place] = {}  # by account

    async def serve(self, socket: WebSocket) -> None:
        """One connection, from its beginning to its end."""
        visitor = self._door.visitor(socket)
        if visitor is None or not visitor.may("talk"):
            await socket.close(FORBIDDEN, "Your account may not talk.")
            return
        former = self._open.get(visitor.name)
        if former is None and len(self._open) >= TALKERS_MAX:
            await socket.close(FULL, "Too many talk from their browsers.")
            return
        await socket.accept()
        place = self._open[visitor.name] = _Place()
        try:
            if former is not None:  # one identity talks once
                former.over.set()
                await former.gone.wait()
            code, why = await self._talk(socket, visitor, place.over)
        except PresselError as error:
            code, why = NOT_IN, f"{error}."
        finally:
            place.gone.set()
            if self._open.get(visitor.name) is place:
                del self._open[visitor.name]
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the browser has closed it
            await socket.close(code, why[:120])

    async def _talk(
        self, socket: WebSocket, visitor: Visitor, over: asyncio.Event
    ) -> tuple[int, str]:
        name = hashlib.sha256(visitor.name.encode()).hexdigest()[:32]
        file = self._state / FOLDER / f"{name}.json"
        with contextlib.ExitStack() as stack:
            own = await asyncio.to_thread(stack.enter_context, held_credential(file))
            if await asyncio.to_thread(read_credential, file) != own:
                raise UsageError("Another console of this host has this account's badge")
            name, groups = await self._let_in(visitor, own)
            leader = self._leader or await self._leader_of_the_host()
            call = _Call(socket, self._host, lambda: self._still_may(socket))
            return await call.run(own, name, groups, leader, over)

    def _still_may(self, socket: WebSocket) -> bool:
        visitor = self._door.visitor(socket)
        return visitor is not None and visitor.may("talk")

    async def _let_in(self, visitor: Visitor, own: Credential) -> tuple[str, list[int]]:
        """The badge's name in the registry and its groups; it is registered when it is new."""
        devices = await self._host.ask("device list", state=None)
        known = next((each for each in devices if each["id"] == own.device.hex()), None)
        if known is None:
            others = [each["name"] for each in devices if each["state"] != REVOKED]
            cut = visitor.name.encode()[:NAME_BYTES_MAX].decode(errors="ignore")
            name, groups = alike.free(cut, others), [1]
            await self._host.ask(
                "device adopt", id=own.device.hex(), name=name, key=own.key.hex(), groups=groups,
                former=[], **{"for": visitor.name},
            )  # fmt: skip
            return name, groups
        if known["state"] != ACTIVE:
            raise UsageError("The badge of this account is locked out")
        return known["name"], known["groups"]

    async def _leader_of_the_host(self) -> Address:
        seen = await self._host.look()
        if seen.status is None:
            raise UsageError(f"There is no leader now: {seen.why}")
        host, _, port = seen.status.address.rpartition(":")
        return ("127.0.0.1" if host == "0.0.0.0" else host, int(port))


class _Call:
    """One browser that is a badge."""

    def __init__(self, socket: WebSocket, host: HostReader, still_may: Callable[[], bool]) -> None:
        self._socket = socket
        self._host = host
        self._still_may = still_may
        self._sound = BrowserSound()
        self._names: dict[int, str] = {}
        self._pressed_s: float | None = None
        self._press = 0  # the page's number of the last one
        self._trifles = 0

    async def run(
        self, own: Credential, name: str, groups: list[int], leader: Address, over: asyncio.Event
    ) -> tuple[int, str]:
        """Why it ended: a code and a sentence."""
        self._sound.tell(groups=groups, name=name)
        self._sound.tell(**_now(SEARCHING))
        async with SoftBadge(own, name, leader, self._sound, self._on_event) as badge:
            jobs = [
                asyncio.ensure_future(each)
                for each in (
                    self._receive(badge), self._send(), self._watch(badge), _moved(over),
                    _carry(badge),
                )
            ]  # fmt: skip
            try:
                done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
                return next(iter(done)).result()
            except WebSocketDisconnect:
                return ENDED, ""
            finally:
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)
                await badge.finish()

    async def _receive(self, badge: SoftBadge) -> tuple[int, str]:
        while self._trifles < TRIFLES_MAX:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return ENDED, ""
            data, text = message.get("bytes"), message.get("text")
            if data is not None:
                self._trifles += not self._sound.take(data)
            elif text is not None:
                self._obey(badge, text)
        return BAD, "This page sends what the console does not know."

    def _obey(self, badge: SoftBadge, text: str) -> None:
        try:
            said = _Said.model_validate_json(text)
        except ValidationError:
            self._trifles += 1
            return
        if said.do == "press" and self._pressed_s is None:
            self._pressed_s, self._press = time.monotonic(), said.press
            badge.press()
        elif said.do == "release" and self._pressed_s is not None:
            self._pressed_s = None
            badge.release()
        elif said.do == "group":
            why = badge.choose_group(said.group)
            if why is not None:
                self._sound.tell(words=f"Not done: {why}.")
        elif said.do not in ("press", "release"):
            self._trifles += 1

    async def _send(self) -> tuple[int, str]:
        while True:
            out = await self._sound.next_out()
            try:
                if isinstance(out, bytes):
                    await self._socket.send_bytes(out)
                else:
                    await self._socket.send_text(out)
            except (RuntimeError, WebSocketDisconnect):
                return ENDED, ""

    async def _watch(self, badge: SoftBadge) -> tuple[int, str]:
        """Who is who, whether the account still may, and whether the page still sends sound."""
        while self._still_may():
            seen = await self._host.look()
            if seen.status is not None:
                self._names = {each.node: each.name for each in seen.status.members}
            if self._pressed_s is not None:
                last_s = max(self._pressed_s, self._sound.heard_s)
                if time.monotonic() - last_s > MUTE_S:
                    self._pressed_s = None
                    badge.release()
                    words = "No sound comes from this browser's microphone."
                    self._sound.tell(words=words, over=self._press)
            await asyncio.sleep(LOOK_S)
        return FORBIDDEN, "You are not logged in any more."

    def _on_event(self, kind: int, value: Any) -> None:
        state = _STATES.get(kind)
        if state is not None:
            over = {"over": self._press} if kind in _ENDS_THE_PRESS else {}
            self._sound.tell(**_now(state), **over)
        if kind in _SAID_BY_STATE:
            return
        name = events.NAMES[kind]
        if not event_table().engine[name].quiet:
            fields = event_fields(name, value, self._called)
            self._sound.tell(event=name, words=sentence(name, fields))

    def _called(self, node: int) -> str:
        return self._names.get(node, f"badge {node}")


async def _moved(over: asyncio.Event) -> tuple[int, str]:
    await over.wait()
    return MOVED_ON, "You talk from another window now."


async def _carry(badge: SoftBadge) -> tuple[int, str]:
    await badge.carry_sound()
    return ENDED, ""


def _now(state: str) -> dict[str, Any]:
    return {"is": state, "words": WORDS[state]}
