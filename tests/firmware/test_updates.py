"""The extra that takes releases: what it loads, and that it lets all of it go again."""

from __future__ import annotations

import sys
import types
from types import SimpleNamespace
from typing import Any

import pytest
from tests.firmware.conftest import Load

from ptt.base import events

OFFERED = (events.UPDATE, 2)
LOADED = ("app.extras.offer", "app.extras.update", "hal.board", "hal.nvs")


def handset(*, is_quiet: bool = True) -> Any:
    participant = SimpleNamespace(offers=SimpleNamespace(offered=(2,)))
    return SimpleNamespace(participant=participant, is_quiet=lambda: is_quiet)


class Task:
    """Over with its third step."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self, handset: Any, now_ms: int) -> bool:
        self.steps += 1
        return self.steps == 3


def offer_module(firmware: Load, monkeypatch: pytest.MonkeyPatch, answer: Any) -> Any:
    """The extra, with `answer` in place of the part that looks at the flash."""
    extra = firmware("app.extras.updates").Updates()
    monkeypatch.setattr(firmware("app.extras.offer"), "answer", answer)
    return extra


def test_what_came_of_an_offer_is_stepped_until_it_is_over(
    firmware: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Task()
    extra = offer_module(firmware, monkeypatch, lambda *_: task)
    extra.on_event(handset(), OFFERED, 0)
    for now_ms in range(5):
        extra.step(handset(), now_ms)
    assert task.steps == 3 and extra.task is None


def test_an_offer_that_is_refused_leaves_the_trial_alone(
    firmware: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = offer_module(firmware, monkeypatch, lambda *_: None)
    extra.task = trial = Task()
    extra.on_event(handset(), OFFERED, 0)
    assert extra.task is trial


@pytest.mark.parametrize(
    ("event", "is_quiet"), [((events.UPDATE, 2), False), ((events.UPDATE + 1, 2), True)]
)
def test_nothing_is_loaded_for_another_event_or_while_somebody_talks(
    firmware: Load, event: tuple[int, int], is_quiet: bool
) -> None:
    firmware("app.extras.updates").Updates().on_event(handset(is_quiet=is_quiet), event, 0)
    assert not set(LOADED) & set(sys.modules)


def test_without_memory_the_next_offer_finds_nothing_half_loaded(
    firmware: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MicroPython keeps a module that memory ran out in, but not in its package."""

    def answer(*_: Any) -> None:
        for name in LOADED[1:]:
            sys.modules.setdefault(name, types.ModuleType(name))
        raise MemoryError

    extra = offer_module(firmware, monkeypatch, answer)
    extra.on_event(handset(), OFFERED, 0)
    assert extra.task is None
    assert not set(LOADED) & set(sys.modules)


def test_a_module_is_forgotten_in_its_package_too(firmware: Load) -> None:
    package = firmware("app")
    firmware("app.tones")
    forget = firmware("app.modules").forget
    forget("app.tones", "app.never")
    assert "app.tones" not in sys.modules and not hasattr(package, "tones")
    anew = firmware("app.tones")
    forget("app")
    forget("app.tones")
    assert "app.tones" not in sys.modules and anew is not None


@pytest.mark.parametrize(("free", "goes_on"), [(7000, False), (8000, True)])
def test_an_update_gives_its_room_to_speech(
    firmware: Load, monkeypatch: pytest.MonkeyPatch, free: int, goes_on: bool
) -> None:
    """Else a badge with hardly any would run out of it amid a burst. It is offered again."""
    made = firmware("app.extras.update").Update((2,), "a", b"", b"", 1, b"", 0)
    offers = SimpleNamespace(updater=None)
    receiver = SimpleNamespace(step=lambda now_ms: None, is_quiet=False, wants_apply=False)
    receiver.is_verifying = receiver.is_over = lambda: False
    made._receiver = offers.updater = receiver
    one = handset()
    one.participant.offers = offers
    assert not made.step(one, 10_000)
    monkeypatch.setattr("gc.mem_free", lambda: free, raising=False)
    one.is_quiet = lambda: False
    assert made.step(one, 10_010) is not goes_on
    assert offers.updater is (receiver if goes_on else None)
    if goes_on:
        monkeypatch.setattr("gc.mem_free", lambda: 0, raising=False)
        assert not made.step(one, 10_020)  # asked once, when it begins
