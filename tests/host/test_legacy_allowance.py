"""What a connection of an old app may still do, even after days without a word."""

from __future__ import annotations

import pytest

from pressel.legacy.allowance import Allowance
from ptt.base import clock

DAY_MS = 24 * 3600 * 1000


@pytest.mark.parametrize("days", [1, 5, 6, 7, 9, 12])
def test_an_allowance_is_full_again_after_days(days: int) -> None:
    allowance = Allowance(1, 2, 5000)
    assert allowance.take(2, 5000)
    assert not allowance.take(1, 5100)
    assert allowance.take(2, clock.add(5100, days * DAY_MS))
