"""Speech quality of a recording against its input: STOI and, where it can be had, PESQ-WB.

STOI (0..1) tells how much can be understood, PESQ-WB (about 1.0 to 4.6) how good it sounds. Both
come from libraries; `pesq` is compiled on installation, so a machine may lack it. A figure that
cannot be had is None with the reason in words, never an exception.
"""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass

import numpy as np

from .timeline import RATE_HZ, Samples

# pystoi needs 30 of its frames after dropping silent ones: 384 ms of speech.
STOI_MIN_MS = 400
PESQ_MIN_MS = 250  # a quarter of a second, by ITU-T P.862
# The reference code behind `pesq` keeps at most 50 utterances in fixed arrays without a check.
PESQ_LONGEST_MS = 20_000


@dataclass(frozen=True)
class Score:
    """A figure, or None and why."""

    value: float | None
    reason: str | None = None


def stoi_of(spoken: Samples, played: Samples) -> Score:
    """Short-time objective intelligibility; both 16 kHz, equally long, aligned."""
    if _ms(spoken) < STOI_MIN_MS:
        return Score(None, f"too short: STOI needs {STOI_MIN_MS} ms of speech")
    try:
        from pystoi import stoi

        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # it warns and returns 1e-5
            value = float(stoi(spoken, played, RATE_HZ))
    except ImportError:
        return Score(None, "pystoi is not installed")
    except RuntimeWarning:
        return Score(None, f"too little speech: STOI needs {STOI_MIN_MS} ms of it")
    except Exception as error:  # odd sound may break a library: go on without the figure
        return Score(None, f"STOI could not be computed: {error}")
    return _finite(value, "STOI")


def pesq_of(spoken: Samples, played: Samples) -> Score:
    """PESQ wide band (ITU-T P.862.2); both 16 kHz, equally long, aligned."""
    try:
        module = importlib.import_module("pesq")
    except ImportError:
        return Score(None, "pesq is not installed (it needs a C compiler)")
    if _ms(spoken) < PESQ_MIN_MS:
        return Score(None, f"too short: PESQ needs {PESQ_MIN_MS} ms of speech")
    longest = PESQ_LONGEST_MS * RATE_HZ // 1000
    try:
        value = float(module.pesq(RATE_HZ, spoken[:longest], played[:longest], "wb"))
    except module.NoUtterancesError:
        return Score(None, "PESQ found no utterance in it")
    except module.BufferTooShortError:
        return Score(None, f"too short: PESQ needs {PESQ_MIN_MS} ms of speech")
    except Exception as error:  # as above
        return Score(None, f"PESQ could not be computed: {error}")
    return _finite(value, "PESQ")


def _ms(signal: Samples) -> float:
    return len(signal) * 1000 / RATE_HZ


def _finite(value: float, name: str) -> Score:
    if not np.isfinite(value):
        return Score(None, f"{name} is not defined for this sound")
    return Score(round(value, 3))
