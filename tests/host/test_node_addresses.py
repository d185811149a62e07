"""Hosts know where badges reach the others, and so can tell badges where to look for a leader."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.command import until
from tests.e2e.test_nodes import Cluster

from pressel.node import host
from pressel.node.host import HostNode
from pressel.node.options import HostOptions


@contextlib.asynccontextmanager
async def serving(cluster: Cluster, name: str) -> AsyncIterator[HostNode]:
    """Host `name` in this process, on the state folder that it has."""
    loopback = "127.0.0.1"
    options = HostOptions(
        (loopback, 0), cluster.state(name), hosts=(loopback, cluster.ports[name]),
        control=cluster.folder / f"{name}.sock", discovery=False,
        peers=tuple((loopback, cluster.ports[each]) for each in cluster.names if each != name),
    )  # fmt: skip
    node = HostNode(options, lambda event, fields: None)
    running = asyncio.ensure_future(node.run())
    try:
        yield node
    finally:
        node._stopping.set()
        await running


def knows(node: HostNode, other: HostNode) -> bool:
    """Whether `node` could tell badges of `other`."""
    known = node._host.addresses.get(other._host.own)
    return known == (socket.inet_aton("127.0.0.1"), other._badges_at()[1])


def test_a_host_that_was_started_again_learns_where_the_others_serve_badges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one has never missed it, so for that one nothing is new."""
    monkeypatch.setattr(host, "serve_first", lambda: None)
    monkeypatch.setattr(host, "ADDRESS_S", 0.05)

    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        async with serving(cluster, "a") as a:
            async with serving(cluster, "b") as b:
                await until(lambda: knows(a, b) and knows(b, a), "both to know each other")
            async with serving(cluster, "b") as again:
                await until(lambda: knows(a, again) and knows(again, a), "both to know it again")

    asyncio.run(scenario())
