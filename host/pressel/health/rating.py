"""The transmission rating R of what a listener heard, by the E-model (ITU-T G.107), from the share
of frames that had to be replaced.

Its two impairments are fitted to our own coder, our own replacement of frames and our own
recordings: 25 kinds of loss of `tests/bench/concealment.py`, scored by PESQ-WB (docs/health.md has
the table). Delay is left out: people take turns, so what they notice of it is the access time,
which is told beside it. Losses in bursts cost no more than the same number alone: the fit gives an
exponent of 0.03 for the burst ratio, so it is left out, too.
"""

from __future__ import annotations

R_BASE = 93.2  # the E-model's best connection
IE_CODER = 41.1  # the coder without a loss: PESQ-WB 2.65
BPL = 17.8  # percent lost that costs half of what there is to lose
IE_MOST = 95.0  # G.107: nothing is heard

# Words for people. A listener notices single clicks from 2.5 % on, where PESQ-WB falls below 2.3,
# and loses words from 6 % on, where it falls below 2.0.
R_WELL = 45.5
R_GAPS = 38.0
WELL, GAPS, BADLY = "well", "with gaps", "badly"


def rating(played: int, concealed: int) -> float | None:
    """R of so many frames; None where nothing was to be heard."""
    frames = played + concealed
    if frames == 0:
        return None
    lost_percent = 100 * concealed / frames
    return R_BASE - (IE_CODER + (IE_MOST - IE_CODER) * lost_percent / (lost_percent + BPL))


def mean_opinion(r: float) -> float:
    """The mean opinion score that G.107 gives for R, 1 to 4.5."""
    return max(1.0, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r))


def in_words(r: float) -> str:
    """WELL, GAPS or BADLY."""
    if r >= R_WELL:
        return WELL
    return GAPS if r >= R_GAPS else BADLY
