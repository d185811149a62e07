"""What a badge shows, sounds and shakes in each state, and that firmware and soft badge agree."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pressel.docs.indication_tables import notes
from ptt.badge import floor, indications, join
from ptt.base import events
from ptt.base.defaults import PLAYOUT_DELAY_MS

TONES = [notes(number) for number in range(len(indications.TONES[0]))]
TONE_NAMES = [name for name in vars(indications) if name.startswith("TONE_")]


def participant(state: int, talker: int = 0, join_state: int = join.JOINED) -> Any:
    return SimpleNamespace(
        join=SimpleNamespace(state=join_state), floor=SimpleNamespace(state=state, talker=talker)
    )


def light(state: int, **more: int) -> tuple[int, ...]:
    return indications.SITUATIONS[indications.situation(participant(state, **more), False)][:3]


def test_every_state_has_a_light() -> None:
    lights = [light(state) for state in range(len(floor.STATES))]
    assert all(0 <= on_ms <= period_ms for on_ms, period_ms, _ in lights)
    different = {lights[state] for state in (floor.HAS_PERMISSION, floor.QUEUED)}
    assert len(different | {lights[floor.PENDING_REQUEST], lights[floor.NO_PERMISSION]}) == 4


def test_without_a_leader_it_says_nothing_else() -> None:
    lights = {light(state, join_state=join.SEARCHING) for state in range(len(floor.STATES))}
    assert len(lights) == 1


def test_listening_is_seen() -> None:
    assert light(floor.NO_PERMISSION) != light(floor.NO_PERMISSION, talker=7)


@pytest.mark.parametrize("state", range(len(floor.STATES)))
@pytest.mark.parametrize("talker", [0, 7])
def test_a_low_battery_is_shown_only_when_nothing_else_is(state: int, talker: int) -> None:
    badge = participant(state, talker)
    full, low = (indications.situation(badge, is_low) for is_low in (False, True))
    assert (full == indications.READY) == (low == indications.LOW_BATTERY)


@pytest.mark.parametrize("number", range(len(indications.SITUATIONS)))
def test_a_situation_fits_a_small_display_and_a_colour(number: int) -> None:
    _, _, colour, words = indications.SITUATIONS[number]
    assert len(words) <= 16
    assert 0 <= colour <= 0xFFFFFF
    assert words.isprintable()


def test_every_tone_has_notes_and_no_two_are_the_same() -> None:
    assert len(TONE_NAMES) == len(TONES) == len(set(map(tuple, TONES)))
    assert indications.TONES[0][-1] == len(indications.TONES[1])
    for tone in TONES:
        assert tone
        for hz, ms, permille in tone:
            assert hz == 0 or 200 <= hz <= 3500  # what a small speaker sounds
            assert 0 < ms <= 400
            assert permille <= 250


def duration_ms(tone: int) -> int:
    return sum(ms for _, ms, _ in TONES[tone])


def test_a_denied_press_sounds_unlike_a_queued_one() -> None:
    deny, queue = TONES[indications.TONE_DENY], TONES[indications.TONE_QUEUE]
    assert len(deny) != len(queue)
    assert max(hz for hz, _, _ in deny) * 2 < max(hz for hz, _, _ in queue)


def test_the_tone_of_reception_ends_before_the_first_word() -> None:
    assert duration_ms(indications.TONE_RECEIVE) < PLAYOUT_DELAY_MS


def test_what_a_person_must_know_is_heard() -> None:
    for kind in (events.GRANTED, events.QUEUED, events.DENIED, events.REVOKED, events.LOST):
        assert indications.moment(kind) is not None
    assert indications.moment(events.SETTINGS) is None
