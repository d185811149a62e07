"""What several files of these tests begin with: a host's folder, or three hosts and their logs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.host.log_venue import Venue


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    made = Venue(tmp_path, "abc")
    yield made
    for registry in made.at.values():
        registry.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "leader"
