"""A soft badge obeys the settings of sound while somebody talks."""

from __future__ import annotations

import asyncio
import contextlib
from array import array
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.host.test_rows_soft import ANN, BEN, Stage, until
from tests.shared.keys import device_key
from tests.shared.test_conditioner import largest_step, tone

from pressel.soft.badge import SoftBadge
from pressel.soft.credential import Credential
from pressel.transport.udp import engine_now_ms
from ptt.base import events
from ptt.base.numbers import FRAME_SAMPLES
from ptt.leader.settings_in_force import Settings
from ptt.microphone.comfort import Comfort
from ptt.microphone.conditioner import Conditioner
from ptt.microphone.filters import ONE_Q12


class Tone:
    """A microphone that hears words of 200 Hz, 0.3 s long and `rest` frames apart, and a speaker
    that keeps what it plays."""

    def __init__(self, rest: int = 10) -> None:
        self.played: list[array[int]] = []
        self._rest = rest

    async def run(self, heard: Callable[[Any], None], wanted: Callable[[], Any]) -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        number = 0
        while True:
            level = 600 if number % (15 + self._rest) < 15 else 20
            heard(tone(80, level, number * FRAME_SAMPLES))
            pcm = wanted()
            if pcm is not None:
                self.played.append(pcm[:])
            number += 1
            await asyncio.sleep(max(0.0, begun_s + number * 0.02 - loop.time()))


class Pair:
    """Ann talks and Ben listens, both soft badges of one leader."""

    def __init__(self, spoken: Tone) -> None:
        self.stage = Stage()
        self.listened = Tone()
        self.conditioner = Conditioner()
        self.heard: list[Any] = []
        self._spoken = spoken

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[SoftBadge, SoftBadge]]:
        def soft(device: bytes, sound: Tone, conditioner: Conditioner | None) -> SoftBadge:
            own = Credential(device, device_key(device))

            def tell(kind: int, value: Any) -> None:
                if kind == events.HEARD and device == BEN:
                    self.heard.append(value)

            return SoftBadge(own, "x", address, sound, tell, conditioner=conditioner)

        async with contextlib.AsyncExitStack() as stack:
            address = await stack.enter_async_context(self.stage.open())
            ann = await stack.enter_async_context(soft(ANN, self._spoken, self.conditioner))
            ben = await stack.enter_async_context(soft(BEN, self.listened, None))
            for each in (ann, ben):
                stack.callback(asyncio.create_task(each.carry_sound()).cancel)
            both = (ann.participant, ben.participant)
            await until(lambda: all(each.settings.version for each in both))
            yield ann, ben

    def publish(self, settings: Settings) -> None:
        self.stage.leader.publish(settings, engine_now_ms())
        self.stage.endpoint.pump()


def test_sound_changes_amid_a_burst_and_nobody_hears_it_happen() -> None:
    async def scenario() -> None:
        pair = Pair(Tone())
        async with pair.open() as (ann, ben):
            both = (ann.participant, ben.participant)
            ann.press()
            await until(lambda: pair.conditioner.strength_q12 > ONE_Q12 * 5 // 4)
            pair.publish(
                Settings(2, 40, playout_delay_max_ms=300, late_permille=20, gain=0, high_pass=0)
            )
            await until(lambda: all(each.settings.version == 2 for each in both))
            await until(lambda: pair.conditioner.strength_q12 == ONE_Q12)
            await until(lambda: len(pair.listened.played) > 60)
            ann.release()
            await until(lambda: pair.heard)
            for each in both:
                path = each.playout.path
                assert (path.least_ms, path.most_ms, path.late_permille) == (40, 300, 20)
        played, concealed = pair.heard[0][2:4]
        assert played > 60 and concealed <= played // 10  # of which a busy machine makes some
        assert (
            largest_step(pair.listened.played) < 2000
        )  # the tone's own of 30, coded, and its ends

    asyncio.run(scenario())


def test_a_pause_that_is_left_out_is_heard_as_the_room() -> None:
    async def scenario() -> None:
        pair = Pair(Tone(rest=40))
        async with pair.open() as (ann, ben):
            pair.publish(Settings(2, leave_out_pauses=1))
            await until(lambda: ann.participant.settings.version == 2)
            ann.press()
            await until(lambda: ann.participant.burst.left_out > 20)
            ann.release()
            await until(lambda: pair.heard)
            comfort = ben.participant.playout.comfort
            assert isinstance(comfort, Comfort) and comfort.frames > 20
            assert " % not sent" in "".join(ann.diagnosis.lines())
        played, concealed = pair.heard[0][2:4]
        assert concealed <= played // 10

    asyncio.run(scenario())
