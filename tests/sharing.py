"""Which tests share a worker: a file's, so that what they have in common is made once, and all of
flashing, whose tests hold one lock in turn and would keep a second worker waiting for it."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

_IN_TURN = "tests/flash/"


class Sharing(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return _IN_TURN if nodeid.startswith(_IN_TURN) else super()._split_scope(nodeid)


class SharingPlugin:
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> Sharing:
        return Sharing(config, log)
