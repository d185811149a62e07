"""PLCMOS: how much lost packets are heard, 1 (much) to 5, by somebody who does not know what was
said.

The model is a network trained on people's judgements. It asks for a random listener each time and
takes the mean of 15; here they are the same fifteen for every sound. `make listen` and
`make report-phase5` install it; whoever lacks it goes without its figures.
"""

from __future__ import annotations

import importlib

import numpy as np

from pressel.report.quality import Score

_LISTENERS = 1  # seed
_FULL = 32768


def plcmos_of(played: np.ndarray) -> Score:
    """Of a sound at 16 kHz, array of int16."""
    try:
        module = importlib.import_module("speechmos.plcmos")
    except ImportError:
        return Score(None, "PLCMOS is not installed (`make listen` does it)")
    state = np.random.get_state()
    np.random.seed(_LISTENERS)
    try:
        return Score(float(module.run(played / _FULL, sr=16_000)["plcmos"]), None)
    finally:
        np.random.set_state(state)
