"""The extra that takes releases: what it loads, and that it lets all of it go again."""

from __future__ import annotations

import sys
import types
from types import SimpleNamespace
from typing import Any

import pytest
from tests.firmware.conftest import Load

from ptt.base import events
from ptt.wire import refusal

OFFERED = (events.UPDATE, 2)
LOADED = ("app.extras.offer", "app.extras.update", "hal.board", "hal.nvs")


def handset(*, is_quiet: bool = True) -> Any:
    participant = SimpleNamespace(offers=SimpleNamespace(offered=(2,)))
    radio = SimpleNamespace(starved=0)
    return SimpleNamespace(participant=participant, is_quiet=lambda: is_quiet, radio=radio)


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


def fetching(firmware: Load) -> tuple[Any, Any, Any]:
    """An update amid its files, the handset, and the stand-in for its receiver."""
    made = firmware("app.extras.update").Update((2, 5, 0, b""), "a", b"", b"", 1, b"", 0)
    receiver = SimpleNamespace(step=lambda now_ms: None, is_quiet=False, wants_apply=False)
    receiver.is_verifying = receiver.is_over = lambda: False
    one = handset()
    one.participant.offers = SimpleNamespace(updater=receiver)
    made._receiver = receiver
    return made, one, receiver


@pytest.mark.parametrize(("free", "goes_on"), [(7000, False), (8000, True)])
def test_an_update_gives_its_room_to_speech(
    firmware: Load, monkeypatch: pytest.MonkeyPatch, free: int, goes_on: bool
) -> None:
    """Else a badge with hardly any would run out of it amid a burst. It is offered again."""
    made, one, receiver = fetching(firmware)
    assert not made.step(one, 10_000)
    monkeypatch.setattr("gc.mem_free", lambda: free, raising=False)
    one.is_quiet = lambda: False
    assert not made.step(one, 10_010)
    assert one.participant.offers.updater is (receiver if goes_on else None)
    monkeypatch.setattr("gc.mem_free", lambda: 0, raising=False)
    assert made.step(one, 10_020) is not goes_on  # asked once, when it begins


@pytest.mark.parametrize("is_quiet", [True, False])
def test_an_update_gives_its_room_to_a_datagram_that_finds_none(
    firmware: Load, is_quiet: bool
) -> None:
    made, one, _ = fetching(firmware)
    assert not made.step(one, 10_000)
    one.is_quiet = lambda: is_quiet
    one.radio.starved = 1
    assert not made.step(one, 10_010)
    assert one.participant.offers.updater is None
    one.radio.starved = 0
    assert made.step(one, 10_020)  # told when there is memory for it


def test_a_signature_is_looked_at_in_the_room_that_fetching_leaves(firmware: Load) -> None:
    """Both at once would be more than a badge with hardly any has."""
    made, one, receiver = fetching(firmware)
    fetched = ("ptt.badge.update_receiver", "ptt.link.update_manifest", "app.extras.slot_files")
    for name in fetched:
        firmware(name)
    receiver.is_verifying = lambda: True
    assert not made.step(one, 10_000)
    assert not set(fetched) & set(sys.modules)
    assert made._receiver is None and one.participant.offers.updater is made
    assert made.on_message(0, [2], b"", 10_000) == refusal.STALE
