"""The venue as its leader sees it now, asked for by commands that show it."""

from __future__ import annotations

from pathlib import Path

from pressel.node import control as sockets
from pressel.node.leader_state import LeaderState

from .told import read_answer


def venue_now(control: Path | None, port: int | None) -> tuple[LeaderState, str]:
    """The leader's state, and the host that told it where another one was asked, else "".
    PresselError when nobody answers, or in another version's words."""
    reply = sockets.request(sockets.find(control, port), "status")
    return read_answer(LeaderState, reply.answer), reply.by
