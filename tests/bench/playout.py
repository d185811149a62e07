"""`python -m tests.bench.playout`: late loss and delay of our playout, of Speex's jitter buffer and
of constant delays chosen by somebody who knows the whole trace, all on the same traces.

A trace is 40 bursts of 5 s with 2 s between them. Late loss is what was made up though it came, of
what came; the delay is from sending until the speaker asks, on average. It asks every 20 ms;
ours, as on a badge, reads a frame ahead when a burst begins.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pressel.sim.profiles import load_profile
from pressel.sim.world.air.path import Path
from pressel.sim.world.people import marker
from ptt.base.numbers import FRAME_MS, KEPT_FRAMES_MAX
from ptt.base.prng import Prng
from ptt.media import dsp, voice_dsp
from ptt.media.frame_store import FrameStore
from ptt.media.playout import PLAYING, Playout
from ptt.media.smooth_playout import SmoothPlayout

from .speex_jitter import SpeexJitter

BURSTS = 40
BURST_FRAMES = 250
GAP_FRAMES = 100
LEAST_MS = 20  # nothing but the path decides, as with Speex
_TALKER = 1
_HALVINGS = 50  # a price to 1e-9

Burst = list["int | None"]  # for each frame, ms after the burst's start at which it comes


@dataclass(frozen=True)
class Result:
    late: float  # of what came
    delay_ms: float


def in_order(delays: list[float | None]) -> Burst:
    """Radio and switch keep the order."""
    burst: Burst = []
    newest = 0.0
    for number, delay_ms in enumerate(delays):
        if delay_ms is None:
            burst.append(None)
            continue
        newest = max(newest, number * FRAME_MS + delay_ms)
        burst.append(round(newest))
    return burst


def calm(chance: random.Random) -> Burst:
    return in_order([10 + chance.uniform(0, 15) for _ in range(BURST_FRAMES)])


def wifi(chance: random.Random) -> Burst:
    """A quick path with queues of exponential length, and a retry storm every few seconds."""
    delays: list[float | None] = []
    storm_ms = 0.0
    for _ in range(BURST_FRAMES):
        storm_ms = chance.uniform(40, 120) if chance.random() < 0.005 else storm_ms * 0.6
        lost = chance.random() < 0.01
        delays.append(None if lost else 8 + chance.expovariate(1 / 12) + storm_ms)
    return in_order(delays)


def rough(chance: random.Random) -> Burst:
    """A path that wanders, with long queues and bursts of loss."""
    delays: list[float | None] = []
    base_ms, is_bad = 40.0, False
    for _ in range(BURST_FRAMES):
        base_ms = min(120.0, max(20.0, base_ms + chance.uniform(-4, 4)))
        is_bad = chance.random() < (0.6 if is_bad else 0.02)
        delay_ms = base_ms + chance.expovariate(1 / 25)
        delays.append(None if is_bad and chance.random() < 0.6 else delay_ms)
    return in_order(delays)


def simulated(name: str) -> Callable[[random.Random], Burst]:
    """Two hops of a profile of the simulator."""

    def trace(chance: random.Random) -> Burst:
        prng = Prng(chance.randrange(1, 1 << 30))
        hop = load_profile(name).hop
        assert hop is not None
        up, down = Path(hop.resolved(), prng), Path(hop.resolved(), prng)
        burst: Burst = []
        for number in range(BURST_FRAMES):
            sent_us = number * FRAME_MS * 1000
            at_us, _ = up.transit(sent_us, 240)
            end_us = -1 if at_us < 0 else down.transit(at_us, 240)[0]
            burst.append(None if end_us < 0 else end_us // 1000)
        return burst

    return trace


TRACES = {
    "calm": calm,
    "wifi": wifi,
    "rough": rough,
    "clean": simulated("clean"),
    "busy": simulated("busy"),
    "stress": simulated("stress"),
}


def trace_of(kind: str, seed: int = 1) -> list[Burst]:
    chance = random.Random(seed)
    return [TRACES[kind](chance) for _ in range(BURSTS)]


class _Nobody:
    def burst_heard_from(self, talker: int, lease: int) -> None: ...

    def burst_heard(self, buffer: object, now_ms: int) -> None: ...


def ours(bursts: list[Burst], *, is_smooth: bool) -> Result:
    """The engine itself; frames are marked, not coded."""
    with marked():
        return _ours(bursts, is_smooth)


@contextmanager
def marked() -> Iterator[None]:
    """Frames are marked instead of coded; afterwards all is as before."""
    kept = [(room, name, getattr(room, name)) for room in (dsp, voice_dsp) for name in room.NAMES]
    marker.install()
    try:
        yield
    finally:
        for room, name, function in kept:
            setattr(room, name, function)


def _ours(bursts: list[Burst], is_smooth: bool) -> Result:
    playout = Playout(_Nobody(), FrameStore(KEPT_FRAMES_MAX))
    playout.path.set_least(LEAST_MS)
    ear = SmoothPlayout(playout)
    playout.is_smooth = is_smooth
    read = (ear if is_smooth else playout).read
    delays: list[float] = []
    made_up = lost = came = 0
    start_ms = 1000
    data = bytearray(164)
    for lease, burst in enumerate(bursts, 1):
        arrivals = sorted((at, n) for n, at in enumerate(burst) if at is not None)
        last = max(n for _, n in arrivals)
        came += len(arrivals)
        lost += last + 1 - len(arrivals)
        place = 0
        for tick in range(BURST_FRAMES + GAP_FRAMES):
            now_ms = start_ms + tick * FRAME_MS
            while place < len(arrivals) and start_ms + arrivals[place][0] <= now_ms:
                at, number = arrivals[place]
                marker.CODER.ima_encode(None, marker.spoken(_TALKER, lease, number), data, 0)
                playout.insert(lease, _TALKER, number, number == last, data, 0, start_ms + at)
                place += 1
            is_first = playout.state != PLAYING
            current, concealed = playout.current, playout.current.concealed
            marker.CODER.heard = marker.CODER.before = -1
            held_ms = ear.line.lag_ms()
            if read(now_ms) is None:
                continue
            heard = [(marker.CODER.before, held_ms), (marker.CODER.heard, ear.line.lag_ms())]
            heard = [(frame, more_ms) for frame, more_ms in heard if frame >= 0]
            for frame, more_ms in heard:
                sent_ms = start_ms + marker.number_of(frame) * FRAME_MS
                delays.append(now_ms + more_ms - sent_ms)
            is_made_up = not heard and held_ms < FRAME_MS
            made_up += is_made_up
            if not is_smooth and current is playout.current:  # lost ones may have been left out
                made_up += max(0, current.concealed - concealed - is_made_up)
            if is_first:  # a badge's speaker reads a frame ahead when it begins
                marker.CODER.heard = marker.CODER.before = -1
                read(now_ms)
                if marker.CODER.heard >= 0:
                    sent_ms = start_ms + marker.number_of(marker.CODER.heard) * FRAME_MS
                    delays.append(now_ms - sent_ms)
                else:
                    made_up += 1
        start_ms += (BURST_FRAMES + GAP_FRAMES) * FRAME_MS
    late = made_up - lost + max(0, came - len(delays))
    return Result(max(0, late) / came, sum(delays) / len(delays))


def speex(bursts: list[Burst]) -> Result:
    """Its delay goes on through the gaps; what it fills in does not count there."""
    buffer = SpeexJitter(FRAME_MS)
    delays: list[int] = []
    came = missing = 0
    start_ms = 1000
    for burst in bursts:
        arrivals = sorted((at, n) for n, at in enumerate(burst) if at is not None)
        came += len(arrivals)
        place = played = 0
        for tick in range(BURST_FRAMES + GAP_FRAMES):
            now_ms = start_ms + tick * FRAME_MS
            while place < len(arrivals) and start_ms + arrivals[place][0] <= now_ms:
                buffer.put(start_ms + arrivals[place][1] * FRAME_MS)
                place += 1
            if buffer.pointer_ms is None:
                continue
            if not start_ms <= buffer.pointer_ms < start_ms + BURST_FRAMES * FRAME_MS:
                buffer.pause()
                continue
            found = buffer.get()
            if found is not None:
                played += 1
                delays.append(now_ms - found)
                buffer.adapt()
        missing += len(arrivals) - played
        start_ms += (BURST_FRAMES + GAP_FRAMES) * FRAME_MS
    return Result(missing / came, sum(delays) / len(delays))


def clairvoyant(bursts: list[Burst], late: float) -> Result:
    """The least constant delay at which `late` of what comes is late."""
    delays = sorted(
        at - n * FRAME_MS for burst in bursts for n, at in enumerate(burst) if at is not None
    )
    place = max(0, math.ceil(len(delays) * (1 - late)) - 1)
    delay_ms = -(-delays[place] // FRAME_MS) * FRAME_MS  # the speaker asks every 20 ms
    return Result(sum(each > delay_ms for each in delays) / len(delays), delay_ms)


def clairvoyant_a_burst(bursts: list[Burst], late: float) -> Result:
    """The least mean delay at which at most `late` of what comes is late, where each burst has one
    delay: whoever waits less in one burst and more in another is on the lower hull of what each
    frame saved costs, so a price of a late frame is sought."""
    delays = [
        [at - n * FRAME_MS for n, at in enumerate(burst) if at is not None] for burst in bursts
    ]
    steps = range(0, max(map(max, delays)) + FRAME_MS, FRAME_MS)
    choices = [
        [(wait_ms, sum(each > wait_ms for each in burst), len(burst)) for wait_ms in steps]
        for burst in delays
    ]
    came = sum(map(len, delays))
    best = Result(0.0, float(steps[-1]))
    low, high = 0.0, 1e6  # ms of all frames of a burst that one late frame is worth
    for _ in range(_HALVINGS):
        price = (low + high) / 2
        chosen = [min(each, key=lambda c: c[0] * c[2] + c[1] * price) for each in choices]
        lost = sum(count for _, count, _ in chosen)
        if lost > late * came:
            low = price
            continue
        high = price
        waited_ms = sum(wait_ms * (count - gone) for wait_ms, gone, count in chosen)
        best = Result(lost / came, waited_ms / (came - lost))
    return best


def rows(kinds: tuple[str, ...] = tuple(TRACES), seed: int = 1) -> list[str]:
    """Lines of Markdown: late loss in percent, delay in ms."""
    lines = [
        "| trace | plain: late % | ms | smooth: late % | ms | Speex: late % | ms | constant ms |"
        " one a burst ms |",
        "|---|" + "--:|" * 8,
    ]
    for kind in kinds:
        bursts = trace_of(kind, seed)
        plain, smooth = ours(bursts, is_smooth=False), ours(bursts, is_smooth=True)
        other = speex(bursts)
        best = clairvoyant(bursts, smooth.late)
        cells = [f"{100 * each.late:.2f} | {each.delay_ms:.0f}" for each in (plain, smooth, other)]
        chosen = clairvoyant_a_burst(bursts, smooth.late)
        lines.append(
            f"| {kind} | {' | '.join(cells)} | {best.delay_ms:.0f} | {chosen.delay_ms:.0f} |"
        )
    return lines


if __name__ == "__main__":
    print("\n".join(rows()))
