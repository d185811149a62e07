"""What all tests have: their costs are summed, long sweeps wait for `make proof`, a late machine is
not a fault, and the coder that simulated worlds replace is there again for the next test."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.costs import CostsPlugin
from tests.garbage import GarbagePlugin
from tests.late import LatePlugin
from tests.proof import ProofPlugin
from tests.sharing import SharingPlugin

from ptt.media import dsp, voice_dsp, voice_period

# No deadlines: the machine may be busy with something else.
settings.register_profile(
    "pressel", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("pressel")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(CostsPlugin(), "pressel-costs")
    config.pluginmanager.register(ProofPlugin(config), "pressel-proof")
    config.pluginmanager.register(LatePlugin(), "pressel-late")
    config.pluginmanager.register(GarbagePlugin(), "pressel-garbage")
    config.pluginmanager.register(SharingPlugin(), "pressel-sharing")
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        # Under nohup. What is started inherits that, and a host would not end when told to; a
        # function that does nothing is not inherited.
        signal.signal(signal.SIGHUP, lambda number, frame: None)


def pytest_unconfigure(config: pytest.Config) -> None:
    _OWN_CONFIG.cleanup()


# What this user has configured, and where they are logged in, is not the tests'.
_OWN_CONFIG = tempfile.TemporaryDirectory(prefix="config-")
os.environ["XDG_CONFIG_HOME"] = _OWN_CONFIG.name

# Kept before any fixture of a wider scope can have put another one in its place.
_CODER = {name: getattr(dsp, name) for name in dsp.NAMES}


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of its own for a command. A host's socket lies in it, whose path may not be long, as
    those that pytest makes are."""
    with tempfile.TemporaryDirectory(prefix="home-") as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def coder() -> Iterator[None]:
    yield
    for name, value in _CODER.items():
        setattr(dsp, name, value)
    voice_dsp.use(voice_period)
