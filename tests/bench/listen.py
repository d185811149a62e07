"""`make listen`: build/listen/index.html, in which people judge codecs and concealment by ear.

Each recording of the tree as it was spoken and as each codec and each way of concealing gives it,
with the same losses; beside each its PESQ-WB, STOI and PLCMOS. One page that needs nothing beside
it.
"""

from __future__ import annotations

import base64
import io
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import soundfile

from pressel.audio.codecs import host_codecs
from pressel.audio.speech import RECORDINGS, SOURCE
from pressel.audio.wav import read_speech
from pressel.report.quality import Score, pesq_of, stoi_of
from ptt.media.codecs import IMA, Codec

from . import concealment
from .concealment import RATE_HZ, Listener
from .plcmos import plcmos_of

TARGET = Path(__file__).resolve().parents[2] / "build" / "listen" / "index.html"
LOSSES = ((0, 1.0), (1, 1.0), (5, 1.0), (5, 2.5), (10, 1.0))  # percent lost, frames a burst
WAYS: tuple[tuple[str, Callable[[], Listener]], ...] = (
    ("silence", concealment.silence),
    ("fading, as a stock badge does", concealment.fading),
    ("the voice's period, as a badge with room does", concealment.period),
)
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; max-width: 60rem; margin: 1.5rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
ul { list-style: none; padding: 0; }
li { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: center; padding: .5rem 0;
  border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
li span { flex: 1 1 16rem; } li em { font-style: normal; flex: 0 1 15rem; }
audio { flex: 1 1 16rem; min-width: 0; max-width: 22rem; }
"""


@dataclass(frozen=True)
class Sample:
    """One sound of the page: what it is, and how it compares with what was said."""

    what: str
    pcm: np.ndarray
    sounds: Score
    words: Score
    ear: Score

    def html(self) -> str:
        name = escape(self.what)
        figures = (
            f"PESQ-WB {_figure(self.sounds, 2)}, STOI {_figure(self.words, 3)}, "
            f"PLCMOS {_figure(self.ear, 2)}"
        )
        return (
            f"<li><span>{name}</span><em>{figures}</em>"
            f'<audio controls preload="none" aria-label="{name}" src="{_uri(self.pcm)}">'
            "</audio></li>"
        )


def samples(said: np.ndarray, seed: int, codecs: tuple[Codec, ...]) -> Iterator[Sample]:
    """Each codec without loss and with each loss, best first; and all ways of concealing, with the
    codec that all have."""
    yield _sample("as it was spoken", said, said, 0)
    for codec in codecs:
        packed, lag = concealment.coded(codec, said), concealment.lag_of(codec)
        for percent, burst in LOSSES:
            for way, hear in WAYS if codec is IMA and percent else WAYS[-1:]:
                lost = concealment.losses(percent, burst, random.Random(seed))
                heard = concealment.heard(codec, packed, hear(), lost)
                loss = f", lost: {concealment.what(percent, burst)}; {way}" if percent else ""
                yield _sample(codec.name + loss, said, heard, lag)


def page(seed: int = 1) -> str:
    codecs = (*reversed(host_codecs()), IMA)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>Codecs and concealment by ear · Pressel</title>",
        f"<style>{_STYLE}</style></head><body>",
        "<h1>Codecs and concealment by ear</h1>",
        "<p>Frames are 20 ms. The same ones are lost in every sample with the same loss.",
        f"{escape(SOURCE)}.</p>",
    ]
    for place, recording in enumerate(RECORDINGS):
        said = np.asarray(read_speech(recording.path))
        made = samples(said, seed + place, codecs)
        parts += [f"<h2>“{escape(recording.text)}”</h2><ul>", *(each.html() for each in made)]
        parts.append("</ul>")
    return "\n".join([*parts, "</body></html>\n"])


def _sample(what: str, said: np.ndarray, heard: np.ndarray, lag: int) -> Sample:
    """`lag`: so many samples later is it heard."""
    pair = concealment.aligned(said, heard, lag)
    return Sample(what, heard, pesq_of(*pair), stoi_of(*pair), plcmos_of(heard))


def _figure(score: Score, digits: int) -> str:
    return "–" if score.value is None else f"{score.value:.{digits}f}"


def _uri(pcm: np.ndarray) -> str:
    sound = io.BytesIO()
    soundfile.write(sound, pcm, RATE_HZ, format="FLAC")
    return f"data:audio/flac;base64,{base64.b64encode(sound.getvalue()).decode('ascii')}"


def main() -> int:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(page(), "utf-8")
    print(f"{TARGET}: open it in a browser.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
