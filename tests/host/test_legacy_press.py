"""An old app's talk button: every row of its table, and everything that has no row."""

from __future__ import annotations

import itertools

import pytest

from pressel.legacy import press
from pressel.legacy.limits import BURST_END_MS
from pressel.legacy.press import (
    ASK,
    ASKING,
    BLOCK,
    GONE,
    GRANT,
    LET_GO,
    QUIET,
    REFUSE,
    REFUSED,
    RELEASED,
    SILENT,
    TAKEN,
    TALKING,
    VOICE,
    Press,
)

# state, trigger -> state, action; what is not here changes nothing
EXPECTED = {
    (QUIET, TAKEN): (ASKING, ASK),
    (QUIET, VOICE): (ASKING, ASK),
    (ASKING, GRANT): (TALKING, ""),
    (ASKING, REFUSE): (REFUSED, BLOCK),
    (ASKING, RELEASED): (QUIET, LET_GO),
    (ASKING, SILENT): (QUIET, LET_GO),
    (ASKING, GONE): (QUIET, LET_GO),
    (TALKING, REFUSE): (REFUSED, BLOCK),
    (TALKING, RELEASED): (QUIET, LET_GO),
    (TALKING, SILENT): (QUIET, LET_GO),
    (TALKING, GONE): (QUIET, LET_GO),
    (REFUSED, TAKEN): (ASKING, ASK),
    (REFUSED, RELEASED): (QUIET, ""),
    (REFUSED, SILENT): (QUIET, ""),
    (REFUSED, GONE): (QUIET, ""),
}
STATES = range(len(press.STATES))
TRIGGERS = range(len(press.TRIGGERS))


@pytest.mark.parametrize(("state", "trigger"), list(itertools.product(STATES, TRIGGERS)))
def test_each_trigger_in_each_state(state: int, trigger: int) -> None:
    button = Press()
    button.state = state
    action = button.fire(trigger, 1000)
    assert (button.state, action) == EXPECTED.get((state, trigger), (state, ""))


def test_the_table_has_no_other_rows() -> None:
    assert {(row[0], row[1]) for row in press.RULES} == set(EXPECTED)


def test_only_a_press_that_may_be_granted_speaks() -> None:
    button = Press()
    assert not button.may_speak()
    button.fire(TAKEN, 0)
    assert button.may_speak()
    button.fire(REFUSE, 0)
    assert not button.may_speak()


def test_silence_counts_from_the_last_voice() -> None:
    button = Press()
    assert not button.is_silent(10**6)
    button.fire(TAKEN, 1000)
    button.fire(VOICE, 1200)
    assert not button.is_silent(1200 + BURST_END_MS - 1)
    assert button.is_silent(1200 + BURST_END_MS)
    assert button.next_timeout_ms() == 1200 + BURST_END_MS


def test_silence_counts_over_the_wrap_of_the_clock() -> None:
    button = Press()
    button.fire(TAKEN, 2**30 - 100)
    assert not button.is_silent(BURST_END_MS - 101)
    assert button.is_silent(BURST_END_MS - 100)
