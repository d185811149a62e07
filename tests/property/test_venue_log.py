"""Hosts of a venue that change devices, hear of each other and are apart, in any order: at the end
all say the same, whoever led, and what anybody has revoked is revoked.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.host.test_registry_copies import Venue

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
    ),
    max_size=14,
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


@settings(max_examples=12, deadline=None)
@given(STEPS)
def test_all_hosts_come_to_say_the_same(steps: list[tuple[str, str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        venue = Venue(Path(folder), HOSTS)
        revoked = set()
        for number, (kind, host, other, what) in enumerate(steps):
            if kind == "hear":
                if host != other:
                    assert not venue.hear(host, other).refused
            elif write(venue.lead(host, 100 + 7 * number), other, what, number):
                revoked |= {other} if what == "revoke" else set()
        venue.meet()
        venue.agree()
        for registry in venue.at.values():
            assert revoked == {each.id for each in registry.devices(REVOKED)}
            registry.close()
