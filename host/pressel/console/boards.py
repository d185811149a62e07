"""What boards there are and what board each badge is, as pages show it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from pressel.boards.board import board_ids
from pressel.errors import PresselError

from .host_reader import HostReader


async def boards_of(host: HostReader) -> dict[str, str]:
    """By device, as far as anybody has told it; none where the host that leads is too old to."""
    with contextlib.suppress(PresselError):
        return dict(await host.ask("device boards"))
    return {}


def all_boards(of_badges: Mapping[str, str]) -> list[str]:
    """Those that are known here, and those that a badge is."""
    return sorted({*board_ids(), *of_badges.values()})
