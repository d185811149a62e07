"""The vector of `coder`: three frames of IMA-ADPCM, made by the slow coder that the tests keep."""

from __future__ import annotations

import struct

from tests.shared.adpcm_reference import Reference

FRAMES = 3  # the second and third start from a state that is not empty
SAMPLES = 320


def samples(frame: int) -> list[int]:
    """A rough wave that a few lines in any language can make; in the third frame it clips."""
    gain = (1, 2, 7)[frame]
    return [((n * n * 7 + n * 331) % 9000 - 4500) * gain for n in range(SAMPLES)]


def pcm_hex(frame: list[int]) -> str:
    return struct.pack(f"<{len(frame)}h", *frame).hex()


def coder_vector() -> dict[str, object]:
    encoder = Reference()
    frames = []
    for number in range(FRAMES):
        spoken = samples(number)
        coded = encoder.encode(spoken)
        frames.append(
            {
                "spoken": pcm_hex(spoken),
                "coded": coded.hex(),
                "heard": pcm_hex(Reference().decode(coded)),
            }
        )
    return {
        "situation": "A burst of three frames: 16-bit samples (little endian), coded, and decoded "
        "again, each frame alone",
        "frames": frames,
    }
