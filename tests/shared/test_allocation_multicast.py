"""What a packet that was sent once for many costs a badge in memory: more than one of its own,
since it is kept until it is proved (see test_allocation.py)."""

import sys

from tests.shared.test_allocation import (
    FRAMES,
    IS_BADGE,
    KEPT_BLOCKS_MAX,
    LEADER,
    START_MS,
    WARM_FRAMES,
    check_cost,
    datagram,
    drain,
    joined,
    voice_packet,
)

from ptt.base import clock
from ptt.base.numbers import FRAME_MS
from ptt.fanout import discloser
from ptt.fanout.chain import DELAY
from ptt.multicast.listener import HEARING, Listener
from ptt.proof.hearing import BACK
from ptt.proof.known import KEY_BYTES, below
from ptt.wire import messages

# Bytes of garbage a packet, as measured, beside the datagram: 528 of them are the three hashes that
# prove it with their digests, 330 a VOICE_FRAME of its own.
LISTENER_BYTES_MAX = 1808
FREE_FRAMES = 25  # then CPython's own list of tuples to be used again is full
CHAIN = 77
INTERVALS = 400


class ShortChain:
    """As `fanout.chain.Chain`, whose making takes a computer a second here."""

    def __init__(self, number, secret):
        self.number = number
        key = bytes(secret)
        self.keys = [key]
        for interval in range(INTERVALS - 1, 0, -1):
            key = below(key, number, interval)[0:KEY_BYTES]
            self.keys.append(key)

    def key(self, interval):
        return self.keys[INTERVALS - 1 - interval]

    def tag_key(self, interval):
        return below(self.key(interval), self.number, interval)[KEY_BYTES:]


def packets(count):
    """(packet, milliseconds) of a burst by multicast, a frame in each, and what proves it."""
    whole, discloser.Chain = discloser.Chain, ShortChain
    try:
        keys = discloser.Discloser(CHAIN, bytes(range(KEY_BYTES)), START_MS)
    finally:
        discloser.Chain = whole
    anchor = keys.anchor(START_MS)
    made = []
    frames = [voice_packet(number) for number in range(count)]
    for number in range(count):
        now_ms = clock.add(START_MS, number * FRAME_MS)
        older = frames[number - BACK] if number >= BACK else None
        made.append(bytes(keys.voice(frames[number], older, BACK, now_ms)))
    return anchor, made


def test_a_listener_to_many():
    """Check, keep, prove, pass on and play one frame."""
    anchor, made = packets(WARM_FRAMES + FRAMES)

    def make():
        engine = joined()
        ears = Listener(engine)
        place = (b"\xef\xff\x01\x02", 47802)
        values = (START_MS, place[0], place[1], CHAIN, 0, DELAY, anchor[0], anchor[1])
        told = datagram(messages.MULTICAST, values)
        ears.receive_datagram(told, LEADER, START_MS)
        ears.state = HEARING

        def hear(number):
            now_ms = clock.add(START_MS, number * FRAME_MS)
            ears.receive_datagram(made[number], LEADER, now_ms)
            engine.handle_timeout(START_MS)
            engine.next_timeout_ms()
            pcm = engine.read_speaker(now_ms)
            drain(engine)
            return pcm

        for number in range(WARM_FRAMES + DELAY):
            hear(number)

        def heard(index):
            assert hear(WARM_FRAMES + DELAY + index) is not None

        return heard

    if IS_BADGE:
        check_cost(make, FRAMES - DELAY, LISTENER_BYTES_MAX)
        return
    action = make()
    for index in range(FREE_FRAMES):
        action(index)
    before = sys.getallocatedblocks()
    for index in range(FREE_FRAMES, FRAMES - DELAY):
        action(index)
    assert sys.getallocatedblocks() - before <= KEPT_BLOCKS_MAX
