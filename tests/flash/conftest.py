"""Flashing tests run one after the other: the system gives a terminal's number to the next one as
soon as it is free, and a flashing that looks whether its badge is back would find another test's.
"""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("ports"))
