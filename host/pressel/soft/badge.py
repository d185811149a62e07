"""The soft badge's process: the participant engine on a socket, with sound and a talk button."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Callable
from typing import Any

from pressel import __version__
from pressel.audio.codecs import equip
from pressel.block_cipher import BlockCipher
from pressel.errors import PresselError, UnreachableError
from pressel.transport.udp import Address, UdpEndpoint, address_of, engine_now_ms, resolve
from ptt.badge.join import JOINED
from ptt.badge.participant import Participant
from ptt.base import events, features
from ptt.base.defaults import AT_GAIN, AT_HIGH_PASS
from ptt.keyboard.text_sender import TextSender
from ptt.microphone.comfort import Comfort
from ptt.microphone.conditioner import Conditioner
from ptt.wire import messages

from .again import Again
from .credential import Credential
from .diagnosis import REPORT_S, Diagnosis
from .many import Hearer, ManySocket
from .members import MemberNames
from .outbox import TextOutbox
from .sound import FileSound, Sound
from .typed import understand
from .volume import AS_IT_IS, Volume

JOIN_LIMIT_S = 10.0  # with --wav: a leader that does not answer by then is not there
GRANT_LIMIT_S = 75.0  # somebody else's burst lasts 60 s at most
SENT_LIMIT_S = 3.0  # the tail after letting go takes 40 ms
LISTEN_ON_S = 1.0  # after its own speech: the last words of an answer
NAME_AGAIN_S = 5.0  # without a leader: its name may have another address by now

NO_LEADER = "no leader answers; is one running?"
NOT_KNOWN = (
    "a leader answers, but does not know this badge; start it with --ask, or with --invite and a "
    "code from `pressel device invite`, or with --register on the leader's machine"
)
NO_FLOOR = "the leader did not give the floor"
DENIED = "the leader denied the floor"
NOT_SENT = "the end of the speech could not be sent"

OnEvent = Callable[[int, Any], None]


class SoftBadge:
    """One participant called `name`, looking for its leader at `leader`; `say` gets a line of a
    text that was not sent; what the microphone hears goes through `conditioner`, unless it
    needs none. It keeps the last `again_s` seconds of what it hears, to be heard again, and plays
    it at `volume_percent`."""

    def __init__(
        self,
        own: Credential,
        name: str,
        leader: Address,
        sound: Sound,
        on_event: OnEvent,
        say: Callable[[str], None] = lambda line: None,
        conditioner: Conditioner | None = None,
        again_s: float = 0.0,
        volume_percent: int = AS_IT_IS,
    ) -> None:
        build = f"soft {__version__}"
        self.participant = Participant(
            own.device,
            name.encode(),
            build.encode(),
            leader,
            secrets.randbits(30),
            own.key,
            BlockCipher,
            os.urandom,
        )
        self.participant.address_of = address_of
        self.participant.playout.comfort = Comfort()
        self.participant.membership.claims |= features.PAUSES
        equip(self.participant)
        self.names = MemberNames(self.participant)
        self._conditioner = conditioner
        self.diagnosis = Diagnosis(self.participant, conditioner)
        self._keyboard = TextSender(self.participant)
        self.hearer = Hearer(self.participant)
        self._endpoint = UdpEndpoint(self.hearer, self._take_event)
        self._many = ManySocket(self.hearer, self._endpoint.pump)
        self._sound = sound
        self._on_event = on_event
        self._again = Again(again_s)
        self._volume = Volume(volume_percent)
        self._is_pressed = False
        self._happened: dict[int, asyncio.Event] = {}
        self._texts = TextOutbox(self._submit, say)

    async def __aenter__(self) -> SoftBadge:
        await self._endpoint.open(("0.0.0.0", 0))
        self.participant.start(engine_now_ms())
        self._endpoint.pump()
        self._reports = asyncio.create_task(self._report())
        self._listening = asyncio.create_task(self._many.follow(self._leader))
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._reports.cancel()
        self._listening.cancel()
        self._texts.close()
        self._endpoint.close()

    async def carry_sound(self) -> None:
        """Until cancelled, or the sound device fails."""
        await self._sound.run(self._heard, self._wanted)

    def press(self, lane: int = messages.LANE_ROUTINE) -> None:
        self._is_pressed = True
        self.participant.press(engine_now_ms(), lane)
        self._endpoint.pump()

    def release(self) -> None:
        self._is_pressed = False
        self.participant.release(engine_now_ms())
        self._endpoint.pump()

    def choose_group(self, number: int) -> str | None:
        """Talk there from the next press on; a sentence when that cannot be."""
        is_chosen = self.participant.select_group(number)
        self._endpoint.pump()
        return None if is_chosen else f"this badge is not in group {number}"

    async def finish(self) -> None:
        """Let the button go, and wait until the last words have been sent, or cannot be."""
        if not self._is_pressed:
            return
        self._expect(events.SENT)
        self.release()
        with contextlib.suppress(PresselError):  # nobody is left to be told
            await self._wait(events.SENT, SENT_LIMIT_S, NOT_SENT)

    def type_line(self, line: str) -> str | None:
        """Do what was typed; a sentence when that cannot be done. Enter alone presses the talk
        button and the next lets it go, since a terminal has no key-up."""
        typed = understand(line)
        said = None
        if typed.act in ("talk", "emergency"):
            self._toggle(messages.LANE_EMERGENCY if typed.act == "emergency" else 0)
        elif typed.act == "group":
            said = self.choose_group(typed.number)
        elif typed.act in ("call", "back"):
            said = self._call(typed.number)
        elif typed.act == "again":
            said = self._again.begin(typed.number or 1)
        elif typed.act == "volume":
            said = self._volume.set(typed.number)
        elif typed.act == "look":
            said = "\n".join(self.diagnosis.lines() + self._many.lines())
        elif typed.act == "hang up":
            if not self.participant.hang_up(engine_now_ms()):
                said = "there is no private call"
        else:
            self._texts.write(line)
        self._endpoint.pump()
        return said

    async def _report(self) -> None:
        """Until cancelled: tell the leader how it fares."""
        while True:
            await asyncio.sleep(REPORT_S)
            self.diagnosis.report(engine_now_ms())
            self._endpoint.pump()

    def _leader(self) -> Address:
        address: Address = self.participant.link.address
        return address

    def _submit(self, text: bytes) -> bool:
        return self._keyboard.send(text, engine_now_ms())

    def _toggle(self, lane: int) -> None:
        if self._is_pressed:
            self.release()
        else:
            self.press(lane)

    def _call(self, node: int) -> str | None:
        """Press to talk with `node` alone, or with whoever was heard last when it is 0."""
        now_ms = engine_now_ms()
        call = self.participant
        is_called = call.call(node, now_ms) if node else call.call_back(now_ms)
        if not is_called:
            return "nobody to call, or the button is down already"
        self._is_pressed = True
        return None

    @property
    def why_not_joined(self) -> str:
        return NOT_KNOWN if self.participant.door.answered else NO_LEADER

    async def follow(self, leader: Address) -> None:
        """Until cancelled: while nobody leads, ask again which address the host named in `leader`
        has by now."""
        while True:
            await asyncio.sleep(NAME_AGAIN_S)
            if self.participant.join.state == JOINED:
                continue
            with contextlib.suppress(ValueError):  # nobody has that name just now
                found = await asyncio.to_thread(resolve, leader)
                self.participant.membership.search_address = found

    async def explain(self, say: Callable[[str], None]) -> None:
        """Tell somebody who waits in vain why, and go on trying until cancelled."""
        try:
            await self._wait(events.JOINED, JOIN_LIMIT_S, NO_LEADER)
        except UnreachableError:
            say(self.why_not_joined)
        await asyncio.Event().wait()

    async def say(self, sound: FileSound) -> None:
        """Press, speak the file, let go; if queued, speak it when the floor is ours."""
        try:
            await self._wait(events.JOINED, JOIN_LIMIT_S, NO_LEADER)
        except UnreachableError:
            raise UnreachableError(self.why_not_joined) from None
        self._expect(events.GRANTED)
        self._expect(events.SENT)
        sound.speak()
        self.press()
        self._expect(events.DENIED)
        await self._wait(events.GRANTED, GRANT_LIMIT_S, NO_FLOOR)
        if self._happened[events.DENIED].is_set():
            raise PresselError(DENIED)
        if self._was_queued:
            sound.speak()
        await sound.spoken.wait()
        self.release()
        await self._wait(events.SENT, SENT_LIMIT_S, NOT_SENT)
        await asyncio.sleep(LISTEN_ON_S)

    @property
    def _was_queued(self) -> bool:
        return events.QUEUED in self._happened and self._happened[events.QUEUED].is_set()

    def _heard(self, frame: Any) -> None:
        if self._conditioner is not None:
            self._conditioner.hear(frame, self.participant.floor.wants_speech())
            self.participant.burst.rest_level = self._conditioner.rest_level()
        self.participant.write_microphone(frame, engine_now_ms())
        self._endpoint.pump()

    def _wanted(self) -> Any:
        live = self.participant.read_speaker(engine_now_ms())
        return self._volume.play(self._again.pass_on(live, self._is_pressed))

    def _take_event(self, kind: int, value: Any) -> None:
        self._happened.setdefault(kind, asyncio.Event()).set()
        if kind == events.UPDATE:  # releases are for badges
            failed, reason = messages.UPDATE_STATE_FAILED, messages.UPDATE_REASON_CHIP
            values = (value, failed, reason, 0, 0, b"computer")
            self.participant.offers.send_update(messages.UPDATE_STATE, values, engine_now_ms())
        if kind == events.DENIED and events.GRANTED in self._happened:
            self._happened[events.GRANTED].set()  # whoever waits for it need wait no more
        self.diagnosis.take(kind, value)
        self._on_event(kind, value)
        if kind == events.SETTINGS and self._conditioner is not None:
            fields = self.participant.settings.fields
            self._conditioner.obey(fields[AT_GAIN], fields[AT_HIGH_PASS])
        if kind == events.TEXT_SENT:
            self._texts.ended(value == 1)
        elif kind == events.JOINED:
            self._texts.go_on()

    def _expect(self, kind: int) -> None:
        self._happened[kind] = asyncio.Event()

    async def _wait(self, kind: int, limit_s: float, otherwise: str) -> None:
        happened = self._happened.setdefault(kind, asyncio.Event())
        try:
            await asyncio.wait_for(happened.wait(), limit_s)
        except TimeoutError:
            error = UnreachableError if kind == events.JOINED else PresselError
            raise error(otherwise) from None
