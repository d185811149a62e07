"""`python -m tests.bench.concealment`: what listeners make of lost frames, by PESQ wide band, and
by PLCMOS, which knows only what was heard.

The recordings in the tree, coded plainly, lose frames by chance: alone, or in bursts (Gilbert's
model). The same losses for silence, for what a badge without room plays (the last frame, fading),
and for the voice's own period; and the last of these in each codec, whose decoder goes on behind a
loss as it stood before.
"""

from __future__ import annotations

import random
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import numpy as np

from pressel.audio.codecs import host_codecs
from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import read_speech
from pressel.report.quality import Score
from ptt.base.numbers import CONCEAL_FRAMES_MAX, FRAME_SAMPLES
from ptt.media import adpcm, samples
from ptt.media.codecs import IMA, Codec
from ptt.media.concealer import Concealer

from .plcmos import plcmos_of

RATE_HZ = 16_000
CONDITIONS = ((1, 1.0), (3, 1.0), (5, 1.0), (10, 1.0), (5, 2.5))  # percent lost, frames a burst
IN_CODECS = ((0, 1.0), *CONDITIONS)
_LAG_MAX = 640  # samples: no coder looks further ahead
RUNS = 6  # of each recording: the mean of 24 scores, which other seeds move by up to 0.3
HEARD_RUNS = 2  # of these for PLCMOS, which takes a second for each

Listener = Callable[["array[int] | None"], "array[int]"]


def silence() -> Listener:
    return lambda frame: frame if frame is not None else array("h", bytes(2 * FRAME_SAMPLES))


def fading() -> Listener:
    """As `Playout` alone conceals."""
    pcm = array("h", bytes(2 * FRAME_SAMPLES))
    missed = 0

    def hear(frame: array[int] | None) -> array[int]:
        nonlocal pcm, missed
        if frame is None:
            missed += 1
            samples.fade(pcm, 16 if missed > CONCEAL_FRAMES_MAX else 1)
        else:
            pcm = array("h", frame)
            missed = 0
        return pcm

    return hear


def period() -> Listener:
    """As `SmoothPlayout` conceals."""
    concealer = Concealer()

    def hear(frame: array[int] | None) -> array[int]:
        pcm = array("h", frame or bytes(2 * FRAME_SAMPLES))
        if frame is None:
            concealer.conceal(pcm)
        else:
            concealer.hear(pcm)
        return pcm

    return hear


KINDS = {"silence": silence, "fading": fading, "period": period}


def decoded(pcm: np.ndarray) -> list[array[int]]:
    """Speech as frames that went through the plain coder."""
    coder = adpcm.Encoder()
    data = bytearray(164)
    frames = []
    for at in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        coder.encode(array("h", pcm[at : at + FRAME_SAMPLES].tobytes()), data, 0)
        frames.append(array("h", bytes(2 * FRAME_SAMPLES)))
        adpcm.decode(data, 0, frames[-1])
    return frames


def losses(percent: float, burst: float, chance: random.Random) -> Iterator[bool]:
    """Gilbert's model: `percent` of frames, `burst` frames at a time on average."""
    if burst == 1:
        while True:
            yield chance.random() * 100 < percent
    end = 1 / burst
    begin = percent / (100 - percent) * end
    is_lost = False
    while True:
        is_lost = chance.random() >= end if is_lost else chance.random() < begin
        yield is_lost


def scores(kind: str, percent: float, burst: float, runs: int = RUNS) -> list[float]:
    """PESQ-WB of each recording and run."""
    import pesq

    return [
        pesq.pesq(RATE_HZ, spoken, played, "wb")
        for spoken, played in _concealed(kind, percent, burst, runs)
    ]


def _concealed(
    kind: str, percent: float, burst: float, runs: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What was spoken and what was heard, of each recording and run; the losses of a run are the
    same for each kind."""
    for place, recording in enumerate(RECORDINGS):
        spoken = read_speech(recording.path)
        frames = decoded(spoken)
        for run in range(runs):
            hear = KINDS[kind]()
            lost = losses(percent, burst, random.Random(1000 * place + run))
            heard = array("h")
            for frame in frames:
                heard += hear(None if next(lost) else frame)
            played = np.frombuffer(heard, np.int16)
            yield spoken[: len(played)], played


def codec_scores(
    codec: Codec, percent: float, burst: float, runs: int = RUNS
) -> tuple[list[float], list[float], list[Score]]:
    """PESQ-WB and STOI of each recording and run, coded by `codec` and concealed by the voice's
    period; PLCMOS of the first `HEARD_RUNS` of them."""
    import pesq
    from pystoi import stoi

    sounds, words, ears, lag = [], [], [], lag_of(codec)
    for place, recording in enumerate(RECORDINGS):
        spoken = read_speech(recording.path)
        packed = coded(codec, spoken)
        for run in range(runs):
            chance = random.Random(1000 * place + run)
            played = heard(codec, packed, period(), losses(percent, burst, chance))
            sounds.append(pesq.pesq(RATE_HZ, spoken[: len(played)], played, "wb"))
            words.append(float(stoi(*aligned(spoken, played, lag), RATE_HZ)))
            if run < HEARD_RUNS:
                ears.append(plcmos_of(played))
    return sounds, words, ears


@cache
def lag_of(codec: Codec) -> int:
    """How many samples later than it was spoken sound leaves the decoder; PESQ finds that by
    itself, STOI does not."""
    spoken = read_speech(RECORDINGS[0].path)[: 2 * RATE_HZ]
    played = heard(codec, coded(codec, spoken), period(), losses(0, 1.0, random.Random(1)))
    said = spoken.astype(float)
    alike = [
        float(said[: len(played) - lag] @ played[lag:].astype(float)) for lag in range(_LAG_MAX)
    ]
    return int(np.argmax(alike))


def aligned(spoken: np.ndarray, played: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """What belongs together of both."""
    later = played[lag:]
    return spoken[: len(later)], later


def heard(codec: Codec, packed: list[bytes], hear: Listener, lost: Iterator[bool]) -> np.ndarray:
    """What a listener makes of the frames `packed`, of which `lost` ones do not come."""
    decoder = codec.decoder()
    decoder.begin()
    sound = array("h")
    for data in packed:
        if next(lost):
            sound += hear(None)
            continue
        pcm = array("h", bytes(2 * FRAME_SAMPLES))
        decoder.decode(data, 0, pcm)
        sound += hear(pcm)
    return np.frombuffer(sound, np.int16)


def coded(codec: Codec, pcm: np.ndarray) -> list[bytes]:
    coder = codec.coder()
    coder.begin()
    packed = []
    for at in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        out = bytearray(codec.frame_bytes)
        coder.encode(array("h", pcm[at : at + FRAME_SAMPLES].tobytes()), out, 0)
        packed.append(bytes(out))
    return packed


def codecs() -> list[str]:
    """Lines of Markdown."""
    known = (IMA, *host_codecs())
    rows = [
        f"| loss | {' | '.join(f'{codec.name}: PESQ-WB | STOI | PLCMOS' for codec in known)} |",
        "|---|" + "--:|" * 3 * len(known),
    ]
    for percent, burst in IN_CODECS:
        runs = RUNS if percent else 1  # without loss all are alike
        cells = []
        for codec in known:
            sounds, words, ears = codec_scores(codec, percent, burst, runs)
            cells += [f"{np.mean(sounds):.2f}", f"{np.mean(words):.3f}", _mean(ears)]
        rows.append(f"| {what(percent, burst)} | {' | '.join(cells)} |")
    return rows


def by_ear() -> list[str]:
    """Lines of Markdown: PLCMOS of each kind."""
    rows = [f"| loss | {' | '.join(KINDS)} |", "|---|" + "--:|" * len(KINDS)]
    for percent, burst in CONDITIONS:
        cells = [
            _mean(plcmos_of(played) for _, played in _concealed(kind, percent, burst, HEARD_RUNS))
            for kind in KINDS
        ]
        rows.append(f"| {what(percent, burst)} | {' | '.join(cells)} |")
    return rows


def _mean(scores: Iterable[Score]) -> str:
    values = [score.value for score in scores]
    return "–" if None in values else f"{np.mean([value or 0.0 for value in values]):.2f}"


def what(percent: float, burst: float) -> str:
    if not percent:
        return "none"
    return f"{percent} % " + ("alone" if burst == 1 else f"in bursts of {burst:g} frames")


def edge_steps(kind: str, percent: float, burst: float) -> list[int]:
    """From sample to sample where what was made up begins and ends, in all recordings: a large one
    is a click. `kind` "" leaves the speech as it was, to compare with."""
    found: list[int] = []
    for place, recording in enumerate(RECORDINGS):
        frames = decoded(read_speech(recording.path))
        lost = losses(percent, burst, random.Random(1000 * place))
        hear = KINDS[kind]() if kind else None
        was_lost, last = False, 0
        for frame in frames:
            is_lost = next(lost)
            pcm = frame if hear is None else hear(None if is_lost else frame)
            if is_lost != was_lost:
                found.append(abs(pcm[0] - last))
            was_lost, last = is_lost, pcm[-1]
    return found


def edges() -> list[str]:
    """Lines of Markdown."""
    rows = ["| 5 % in bursts of 2.5 frames | mean step | largest |", "|---|--:|--:|"]
    for kind, name in (("", "nothing lost"), *((kind, kind) for kind in KINDS)):
        steps = edge_steps(kind, 5, 2.5)
        rows.append(f"| {name} | {sum(steps) / len(steps):,.0f} | {max(steps):,} |")
    return rows


def table(runs: int = RUNS) -> list[str]:
    """Lines of Markdown."""
    rows = [f"| loss | {' | '.join(KINDS)} |", "|---|" + "--:|" * len(KINDS)]
    for percent, burst in CONDITIONS:
        means = [np.mean(scores(kind, percent, burst, runs)) for kind in KINDS]
        rows.append(f"| {what(percent, burst)} | {' | '.join(f'{mean:.2f}' for mean in means)} |")
    return rows


if __name__ == "__main__":
    try:
        print("\n".join([*table(), "", *by_ear(), "", *codecs(), "", *edges()]))
    except ImportError:
        sys.exit("This needs the package pesq: see requirements-pesq.in.")
