"""Whatever a datagram has become on its way, a checker can look at it."""

from __future__ import annotations

import random

from pressel.sim.world.checkers.spoken import is_many, voice_in
from ptt.wire.envelope import LENGTH_AT
from ptt.wire.messages import MULTICAST_VOICE, VOICE_FRAME
from ptt.wire.voice import FRAMES_AT


def test_a_datagram_of_any_length_and_content_can_be_looked_at() -> None:
    source = random.Random(1)
    for length in range(130):
        for kind in (VOICE_FRAME, MULTICAST_VOICE):
            data = bytearray(source.randbytes(length))
            data[1:2] = bytes([kind])[: max(0, length - 1)]
            assert is_many(data) == (length > 1 and kind == MULTICAST_VOICE)
            for said in range(0, length + 2, 7):
                data[LENGTH_AT : LENGTH_AT + 2] = bytes((0, said))[: max(0, length - LENGTH_AT)]
                found = voice_in(data)
                assert found is None or len(found) > FRAMES_AT
