"""What a voice frame costs in memory: on a badge every object is one step towards a collection,
which takes longer than the speaker's queue lasts.

MicroPython collects nothing while a test runs, so the growth of its heap is all that was made.
CPython frees at once: what is left there has been kept, and that must be nothing at all.
"""

import gc
import sys
from array import array

from tests.shared.clear import clear_participant

from ptt import twins
from ptt.base import clock
from ptt.base.numbers import FRAME_MS, FRAME_SAMPLES, HEARTBEAT_MS
from ptt.media import dsp
from ptt.media.g722 import G722
from ptt.microphone.comfort import Comfort
from ptt.microphone.conditioner import Conditioner
from ptt.wire import codec, envelope, messages, voice

LEADER = ("leader", 1)
SESSION = 0x3FFFFFFF  # the largest one: no value on the way may become a large integer
LEASE = 0x3FFFFFF0
START_MS = 0x3FF00000  # up for 12 days; within seconds of the wrap sums do take memory
WARM_FRAMES = 10  # tables, views and the playout delay are there
FRAMES = 60
G722_FRAMES = 12  # as bytecode each takes 40 ms of a computer

# Bytes of garbage a frame, all of it in shared/ptt; the figures are what was measured.
LISTENER_BYTES_MAX = 0
TALKER_BYTES_MAX = 64  # a CRC above 2^30; in the clear also views, with a tag's room and without
IDLE_BYTES_MAX = 0

KEPT_BLOCKS_MAX = 9  # numbers in an engine that are larger than those that CPython keeps ready

IS_BADGE = sys.implementation.name == "micropython"


def datagram(kind, values):
    data = bytearray(200)
    end = codec.encode(data, envelope.HEADER_BYTES, kind, values)
    envelope.seal_header(data, end, kind, SESSION, envelope.LEADER_NODE, 1, 1000)
    return bytes(data[0:end])


def voice_packet(number, coding=messages.CODEC_IMA_ADPCM):
    """The packet of one frame, `number` of its burst, as the leader passes it on."""
    data = bytearray(300)
    end = voice.write_fields(data, 1, coding, 3, LEASE, number, False, 1)
    for at in range(voice.FRAMES_AT, end):
        data[at] = at * number & 255
    envelope.seal_header(
        data, end, messages.VOICE_FRAME, SESSION, envelope.LEADER_NODE, 0x3FFFFF00 + number, 1000
    )
    return bytes(data[0:end])


def drain(engine):
    while engine.poll_transmit() is not None:
        pass
    while engine.next_event() is not None:
        pass


def joined():
    engine = clear_participant(b"12345678", b"Ann", b"test", LEADER, 5)
    engine.start(START_MS)
    values = (engine.join.nonce, 2, SESSION, 7, messages.TABLE_HASH, 1, messages.CODEC_IMA_ADPCM)
    engine.receive_datagram(datagram(messages.WELCOME, values), LEADER, START_MS)
    drain(engine)
    assert engine.join.session == SESSION
    return engine


def with_g722(engine):
    """As a badge with room for it and machine code."""
    dsp.use(twins)
    engine.playout.add_codec(G722)
    engine.burst.keep_sound(9)
    return engine


def talking(engine, coding=messages.CODEC_IMA_ADPCM):
    engine.press(START_MS)
    values = (1, engine.floor.request, 7, LEASE, 2000, 60000, 0, coding)
    engine.receive_datagram(datagram(messages.FLOOR_GRANT, values), LEADER, START_MS)
    assert engine.floor.may_send()
    drain(engine)
    return engine


def bytes_each(action, count):
    """The bytes that each `action(i)`, i from 0 to `count` - 1, takes from a badge's heap."""
    action(0)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()  # pyright: ignore[reportAttributeAccessIssue]
    index = 1
    while index < count:
        action(index)
        index += 1
    taken = gc.mem_alloc() - before  # pyright: ignore[reportAttributeAccessIssue]
    gc.enable()
    return taken / (count - 1)


def check_cost(make, frames, bytes_max):
    """`make()` gives the action for each of `frames`, a fresh one for every measurement."""
    if IS_BADGE:
        each = bytes_each(make(), frames)
        assert each <= bytes_max, "%d bytes a frame" % each
        return
    action = make()
    action(0)
    gc.collect()
    before = sys.getallocatedblocks()
    for index in range(1, frames):
        action(index)
    kept = sys.getallocatedblocks() - before
    assert kept <= KEPT_BLOCKS_MAX, kept


def check_listener(frames, coding, make_engine):
    packets = [voice_packet(number, coding) for number in range(WARM_FRAMES + frames)]

    def make():
        engine = make_engine()

        def hear(number):
            now_ms = clock.add(START_MS, number * FRAME_MS)
            engine.receive_datagram(packets[number], LEADER, now_ms)
            engine.handle_timeout(START_MS)
            engine.next_timeout_ms()
            pcm = engine.read_speaker(now_ms)
            drain(engine)
            return pcm

        for number in range(WARM_FRAMES):
            hear(number)

        def heard(index):
            assert hear(WARM_FRAMES + index) is not None

        return heard

    check_cost(make, frames, LISTENER_BYTES_MAX)


def test_a_microphone_that_is_levelled_and_a_pause_that_is_heard():
    """Loud and soft words, and rooms between."""

    def make():
        conditioner = Conditioner()
        comfort = Comfort()
        pcm = array("h", bytes(2 * FRAME_SAMPLES))

        def pass_on(index):
            size = (32767, 900, 5)[index // 4 % 3]
            n = 0
            while n < FRAME_SAMPLES:
                pcm[n] = size if n & 32 else -size
                n += 1
            conditioner.hear(pcm, True)
            comfort.begin(LEASE, index, conditioner.rest_level() or 1, pcm)
            comfort.left_out(LEASE, index + 2)

        for index in range(40):
            pass_on(index)
        return pass_on

    check_cost(make, FRAMES, 0)


def test_a_listener():
    """Parse, obey, keep, decode and play one frame."""
    check_listener(FRAMES, messages.CODEC_IMA_ADPCM, joined)


def test_a_listener_in_g722():
    check_listener(G722_FRAMES, messages.CODEC_G722, lambda: with_g722(joined()))


def check_talker(frames, make_engine):
    pcm = array("h", [0] * FRAME_SAMPLES)
    for index in range(FRAME_SAMPLES):
        pcm[index] = index * 37 % 3000

    def make():
        engine = make_engine()

        def say(number):
            now_ms = clock.add(START_MS, number * FRAME_MS)
            engine.write_microphone(pcm, now_ms)
            engine.handle_timeout(START_MS)
            engine.next_timeout_ms()
            sent = engine.poll_transmit()
            assert engine.poll_transmit() is None
            return sent

        for number in range(WARM_FRAMES):
            say(number)

        def said(index):
            assert say(WARM_FRAMES + index) is not None

        return said

    check_cost(make, frames, TALKER_BYTES_MAX)


def test_a_talker():
    """From the microphone's frame to the packet."""
    check_talker(FRAMES, lambda: talking(joined()))


def test_a_talker_in_g722():
    def make_engine():
        engine = talking(with_g722(joined()), messages.CODEC_G722)
        assert engine.burst.wanted() == messages.CODEC_G722
        return engine

    check_talker(G722_FRAMES, make_engine)


def test_nobody_talks():
    """The steps between two heartbeats."""

    def make():
        engine = joined()

        def step(index):
            engine.handle_timeout(clock.add(START_MS, index))
            engine.next_timeout_ms()
            assert engine.read_speaker(START_MS) is None
            assert engine.poll_transmit() is None

        return step

    check_cost(make, HEARTBEAT_MS // 2, IDLE_BYTES_MAX)
