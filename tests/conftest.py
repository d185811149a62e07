"""Simulated worlds put a stand-in in the coder's place; other tests want the coder back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ptt.media import dsp


@pytest.fixture(autouse=True)
def coder() -> Iterator[None]:
    kept = {name: value for name, value in vars(dsp).items() if callable(value)}
    yield
    for name, value in kept.items():
        setattr(dsp, name, value)
