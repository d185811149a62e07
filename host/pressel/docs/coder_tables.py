"""The voice coder as Markdown: its tables, and one frame from samples that anybody can make."""

from __future__ import annotations

from array import array

from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media import adpcm

_STEPS_A_LINE = 10
_SHOWN = 8


def tables(_: str) -> str:
    """The 89 steps by index, and what each code adds to the index."""
    steps = list(adpcm._STEPS)
    rows = ["| index | step |", "|---|---|"]
    for first in range(0, len(steps), _STEPS_A_LINE):
        line = steps[first : first + _STEPS_A_LINE]
        rows.append(f"| {first} to {first + len(line) - 1} | {', '.join(map(str, line))} |")
    rows += ["", "| low three bits of the code | added to the index |", "|---|---|"]
    rows += [f"| {bits} | {added} |" for bits, added in enumerate(adpcm._INDEX_STEPS)]
    return "\n".join(rows)


def example_pcm() -> array:
    """320 samples of a saw: sample n is (n * 700) mod 9000 - 4500."""
    return array("h", [n * 700 % 9000 - 4500 for n in range(FRAME_SAMPLES)])


def example_frame() -> bytes:
    """The first frame of a burst that holds `example_pcm`."""
    frame = bytearray(ADPCM_FRAME_BYTES)
    adpcm.Encoder().encode(example_pcm(), frame, 0)
    return bytes(frame)


def example(_: str) -> str:
    """Samples, their codes, and what a listener makes of them."""
    decoded = array("h", bytes(2 * FRAME_SAMPLES))
    frame = example_frame()
    adpcm.decode(frame, 0, decoded)
    rows = [
        "| what | its beginning |",
        "|---|---|",
        f"| samples spoken | {', '.join(map(str, example_pcm()[:_SHOWN]))} |",
        f"| frame | `{frame[: 4 + _SHOWN // 2].hex(' ')}` |",
        f"| samples heard | {', '.join(map(str, decoded[:_SHOWN]))} |",
    ]
    return "\n".join(rows)
