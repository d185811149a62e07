"""What a host does when the list of hosts in its registry changes."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pressel.node.admission import Admission
from pressel.node.channel.channel import host_of
from pressel.registry.store import Registry

A, B = bytes([1] * 32), bytes([2] * 32)


class Stage:
    """A leader with hosts `known`, whose registry now has `listed`."""

    def __init__(self, known: tuple[bytes, ...], listed: tuple[bytes, ...]) -> None:
        self.changed = 0
        directory = SimpleNamespace(refresh=lambda: False)
        watch: Any = SimpleNamespace(
            is_new=lambda: True, others=lambda: dict.fromkeys(listed, "x"), directory=directory
        )
        leader = SimpleNamespace(change_keys=self._change)
        election = SimpleNamespace(voters=SimpleNamespace(hosts=()))
        host: Any = SimpleNamespace(leader=leader, election=election, configure=lambda *_: None)
        names = {host_of(key): "x" for key in known}
        others: Any = SimpleNamespace(names=names, own=b"o" * 8, allow=lambda *_: None)
        self.admission = Admission(watch, host, others, lambda *_: None, lambda *_: None)  # pyright: ignore[reportArgumentType]

    def _change(self, now_ms: int) -> None:
        self.changed += 1


def test_a_removed_host_does_not_keep_the_groups_keys() -> None:
    for known, listed, changes in (((A, B), (A,), 1), ((A, B), (), 1), ((A,), (B,), 1)):
        stage = Stage(known, listed)
        stage.admission.obey()
        assert stage.changed == changes


def test_a_host_that_is_allowed_changes_no_keys() -> None:
    for known, listed in (((A,), (A, B)), ((A,), (A,)), ((), (A,))):
        stage = Stage(known, listed)
        stage.admission.obey()
        assert stage.changed == 0


def test_what_was_changed_behind_the_log_s_back_is_told_at_the_start(tmp_path: Path) -> None:
    told: list[str] = []

    async def in_thread(call: Any, act: Any) -> Any:
        return call(act)

    def with_registry(act: Any) -> Any:
        with Registry(tmp_path) as registry:
            return act(registry)

    nothing: Any = None
    watch: Any = SimpleNamespace(with_registry=with_registry)
    admission = Admission(
        watch, nothing, nothing, in_thread, lambda event, fields: told.append(fields["advice"])
    )
    with Registry(tmp_path) as registry:
        registry.enrol("00000000000000a1", "Ann")
        file = registry.file
    asyncio.run(admission.check())
    assert told == []
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE device SET emergency = 1")
    asyncio.run(admission.check())
    (advice,) = told
    assert "device 00000000000000a1 is not what the log says" in advice and "restore" in advice
