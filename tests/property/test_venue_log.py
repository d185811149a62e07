"""Hosts of a venue that change devices, hear of each other, are apart and compact their logs, in
any order: at the end all say the same, whoever led, and what anybody has revoked is revoked. A
venue in which nobody compacts says it, too.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.host.log_venue import Venue, compact, facts

from pressel.errors import UsageError
from pressel.registry.device import REVOKED
from pressel.registry.store import Registry

HOSTS = "abc"
DEVICES = [f"{number:016x}" for number in range(3)]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(HOSTS), st.sampled_from(DEVICES),
                  st.sampled_from(("add", "group", "rotate", "revoke", "rename"))),
        st.tuples(st.just("hear"), st.sampled_from(HOSTS), st.sampled_from(HOSTS), st.just("")),
        st.tuples(st.just("compact"), st.sampled_from(HOSTS), st.just(""), st.sampled_from("02")),
    ),
    max_size=16,
)  # fmt: skip


def write(registry: Registry, device: str, what: str, number: int) -> bool:
    """False when it could not be done, as the operator would be told."""
    try:
        if what == "add":
            registry.adopt(device, f"n{number}", bytes([number]) * 32)
        elif what == "group":
            registry.set_groups(device, (number + 1,))
        elif what == "rotate":
            registry.rotate(device)
        elif what == "rename":
            registry.rename(device, f"n{number}")
        else:
            registry.revoke(device)
    except UsageError:
        return False
    return True


def play(steps: list[tuple[str, str, str, str]], folder: Path, *, compacts: bool) -> list[tuple]:
    """What all hosts say at the end, but for keys."""
    venue = Venue(folder, HOSTS)
    revoked = set()
    for number, (kind, host, other, what) in enumerate(steps):
        if kind == "hear":
            if host != other:
                assert not venue.hear(host, other).refused
        elif kind == "compact":
            if compacts:
                compact(venue.at[host], int(what))
        elif write(venue.lead(host, 100 + 7 * number), other, what, number):
            revoked |= {other} if what == "revoke" else set()
    venue.meet()
    venue.agree()
    for registry in venue.at.values():
        assert revoked == {each.id for each in registry.devices(REVOKED)}
    said = [each[:-1] for each in facts(venue.at["a"])]
    for registry in venue.at.values():
        registry.close()
    return said


@settings(max_examples=12, deadline=None)
@given(STEPS)
def test_all_hosts_come_to_say_the_same(steps: list[tuple[str, str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = play(steps, Path(folder) / "whole", compacts=False)
        if any(kind == "compact" for kind, *_ in steps):
            assert play(steps, Path(folder) / "compacted", compacts=True) == whole
