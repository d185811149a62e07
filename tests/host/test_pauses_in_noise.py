"""What of speech in noise is taken for a pause."""

from __future__ import annotations

import pytest
from tests.bench.noises import NOISES
from tests.bench.pauses import RATIOS_DB, judged

# A beginning of a word that is softer than most: one frame, 20 ms, in some 700.
CUT_MAX = 1
CELLS = [(noise, ratio_db) for ratio_db in reversed(RATIOS_DB) for noise in NOISES]


@pytest.mark.sweep(1)
@pytest.mark.parametrize(("noise", "ratio_db"), CELLS)
def test_no_word_is_cut(noise: str, ratio_db: int) -> None:
    heard, cut, frames, pauses = judged(noise, ratio_db, 1)
    assert heard > 200
    assert cut <= CUT_MAX
    if noise == "fan" and ratio_db >= 5:
        assert pauses > 0.1 * frames
