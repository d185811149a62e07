"""What a host does when the list of hosts in its registry changes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pressel.node.admission import Admission
from pressel.node.channel.channel import host_of

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
