"""`python -m tests.bench.pauses`: what of speech in noise is left out as pauses, and what it saves.

The recordings in the tree, 1.2 s of nothing after each, in noises made to published spectra. A
frame of speech can be heard when it is louder than the noise of the same frame and no softer than
40 dB below the loudest.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import read_speech
from ptt.base.numbers import (
    ADPCM_FRAME_BYTES,
    FRAME_MS,
    FRAME_SAMPLES,
    HELD_BACK,
    KEPT_FRAMES_MAX,
)
from ptt.base.outbox import Datagram
from ptt.media.burst_sender import PACKET_BYTES_MAX, BurstSender
from ptt.media.frame_store import FrameStore
from ptt.microphone.conditioner import Conditioner
from ptt.wire import voice

from .noises import NOISES, RATE_HZ, mixed

RATIOS_DB = (0, 5, 10, 15, 20)
SEEDS = 3
_REST_S = 1.2


def spoken() -> NDArray[np.float64]:
    parts = []
    for each in RECORDINGS:
        parts += [read_speech(each.path).astype(np.float64), np.zeros(int(_REST_S * RATE_HZ))]
    sound = np.concatenate(parts)
    return sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES]


class Sent:
    """What a `BurstSender` sends of so many frames: `is_whole` those that are heard as they are,
    `is_out` those that went out at all."""

    def __init__(self, frames: int) -> None:
        self.is_whole = np.zeros(frames, bool)
        self.is_out = np.zeros(frames, bool)
        self._slot = Datagram(PACKET_BYTES_MAX)

    def reserve_voice(self) -> Datagram:
        return self._slot

    def commit_voice(self, slot: Datagram, end: int, now_ms: int) -> None:
        data = slot.buffer
        for index in range(voice.count(data)):
            number = voice.first(data) + index
            mark = data[voice.FRAMES_AT + index * ADPCM_FRAME_BYTES + 3]
            self.is_out[number] = True
            self.is_whole[number] = not 0 < mark < HELD_BACK

    def burst_is_out(self, lease: int, sent: int, dropped: int, now_ms: int) -> None:
        pass


def sent_of(sound: NDArray[np.int16]) -> Sent:
    """As a computer sends it: through the conditioner, in one burst that may leave out pauses."""
    frames = len(sound) // FRAME_SAMPLES
    sent = Sent(frames)
    conditioner = Conditioner()
    burst = BurstSender(sent, FrameStore(KEPT_FRAMES_MAX))
    burst.collect(0)
    burst.may_rest = True
    burst.begin(1, 2, 1, 0)
    for number in range(frames):
        pcm = array("h", sound[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES].tobytes())
        conditioner.hear(pcm, True)
        burst.rest_level = conditioner.rest_level()
        burst.write(pcm, number * FRAME_MS)
    burst.end(frames * FRAME_MS)
    burst.handle_timeout((frames + 20) * FRAME_MS)
    return sent


def _energy(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.mean(sound.reshape(-1, FRAME_SAMPLES) ** 2, axis=1)


def judged(noise: str, ratio_db: float, seed: int) -> tuple[int, int, int, int]:
    """Frames of speech that can be heard, of them those left out; all frames, those not sent."""
    speech = spoken()
    sound = mixed(speech, noise, ratio_db, seed)
    said, other = _energy(speech), _energy(sound - speech)
    is_heard = (said > other) & (said > 1e-4 * np.max(said))
    sent = sent_of(sound)
    return (
        int(is_heard.sum()),
        int((is_heard & ~sent.is_whole).sum()),
        len(said),
        int((~sent.is_out).sum()),
    )


def table() -> list[str]:
    """Lines of Markdown."""
    rows = ["| noise | voice above it | frames of speech cut off | not sent |",
            "|---|--:|--:|--:|"]  # fmt: skip
    for noise in NOISES:
        for ratio_db in RATIOS_DB:
            each = [judged(noise, ratio_db, seed) for seed in range(1, SEEDS + 1)]
            heard, cut, frames, pauses = np.sum(each, axis=0)
            rows.append(
                f"| {noise} | {ratio_db} dB | {cut} of {heard:,} | {100 * pauses / frames:.0f} % |"
            )
    return rows


if __name__ == "__main__":
    print("\n".join(table()))
