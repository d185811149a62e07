"""What all tests have: their costs are summed, long sweeps wait for `make proof`, and the coder
that simulated worlds replace is there again for the next test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.costs import CostsPlugin
from tests.proof import ProofPlugin

from ptt.media import dsp


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(CostsPlugin(), "pressel-costs")
    config.pluginmanager.register(ProofPlugin(config), "pressel-proof")


@pytest.fixture(autouse=True)
def coder() -> Iterator[None]:
    kept = {name: value for name, value in vars(dsp).items() if callable(value)}
    yield
    for name, value in kept.items():
        setattr(dsp, name, value)
